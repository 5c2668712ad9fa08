//! The files that `docs/adapters.md` shows whole are files that load.

use std::path::Path;

use crate::RegistrySettings;
use crate::codes::tests::tables;

const PAGE: &str = include_str!("../../docs/adapters.md");

/// The blocks of a language, in their order.
fn blocks(language: &str) -> Vec<&'static str> {
    let begin = format!("```{language}\n");
    let blocks = PAGE.split(begin.as_str()).skip(1);
    blocks
        .map(|rest| rest.split("```").next().unwrap_or_default())
        .collect()
}

#[test]
fn every_file_of_the_page_is_right() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("registries")).expect("a folder");
    let schema = blocks("proto");
    let schema = schema.first().expect("the schema of the land owners");
    std::fs::write(folder.path().join("registries/land-owners.proto"), schema).expect("a file");
    let files = blocks("toml")
        .into_iter()
        .filter(|block| block.starts_with("title_vi"));
    let mut kinds = Vec::new();
    for file in files.filter(|block| block.contains("\nkind = ")) {
        let settings: RegistrySettings =
            toml::from_str(file).unwrap_or_else(|error| panic!("{error}\n{file}"));
        let problems = crate::check(&settings, folder.path(), &proto::descriptors(), &tables());
        assert_eq!(problems, [], "{file}");
        kinds.push(format!("{:?}", settings.kind.get_ref()));
    }
    assert_eq!(kinds, ["Postgres", "Rest", "Soap", "Grpc", "Grpc"]);
}

#[test]
fn every_shipped_file_is_right_with_the_shipped_tables() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let pool = proto::descriptors();
    for (folder, names) in [
        ("config", &["business", "criminal-record", "population"][..]),
        ("config-adapters", &["business", "criminal-record", "population"]),
    ] {
        for name in names {
            let path = root.join(folder).join(format!("registries/{name}.toml"));
            let text = std::fs::read_to_string(&path).expect("a file");
            let settings: RegistrySettings = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
            let problems = crate::check(&settings, &root.join(folder), &pool, &tables());
            assert_eq!(problems, [], "{}", path.display());
        }
    }
}
