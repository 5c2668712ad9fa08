//! The schemas of a registry's methods, from the operator's files.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use prost_reflect::DescriptorPool;
use protox::Compiler;
use protox::file::{ChainFileResolver, GoogleFileResolver, IncludeFileResolver};
use toml::Spanned;

use crate::check::Problem;

/// Largest file of schemas. Against a wrong file that fills the memory.
const LARGEST: u64 = 4 << 20;
/// Most imports that are followed. Against files that import each other by ever longer ways.
const MOST_IMPORTS: usize = 1_000;

/// The schemas of all files, imports included; `None` when a problem was told. A `.proto` file finds
/// its imports in its own folder, and Google's well-known ones anywhere.
pub(super) fn read(
    files: &[Spanned<String>],
    base: &Path,
    problems: &mut Vec<Problem>,
) -> Option<DescriptorPool> {
    let mut pool = DescriptorPool::new();
    let before = problems.len();
    for file in files {
        let path = base.join(file.get_ref());
        let added = match file.get_ref().ends_with(".proto") {
            true => compiled(&path),
            false => encoded(&path),
        };
        let added = added.and_then(|set| {
            pool.decode_file_descriptor_set(set.as_slice())
                .map_err(|error| format!("wanted a descriptor set with all that it imports: {error}"))
        });
        if let Err(flaw) = added {
            problems.push(Problem::at(file.span(), format!("{}: {flaw}", file.get_ref())));
        }
    }
    (problems.len() == before).then_some(pool)
}

/// The files of the folder that `.proto` files import, by whatever way: their content decides too. Relative as `files`.
pub(crate) fn imports<'a>(files: impl IntoIterator<Item = &'a str>, base: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let protos = files.into_iter().filter(|file| file.ends_with(".proto"));
    let mut open: Vec<String> = protos.map(str::to_owned).collect();
    let folders: BTreeSet<_> = open.iter().map(|file| folder(file).to_owned()).collect();
    while let Some(file) = open.pop() {
        let Ok(bytes) = encoded(&base.join(&file)) else {
            continue;
        };
        for import in imported(&String::from_utf8_lossy(&bytes)) {
            // An import is named from the folder of the file that the operator named.
            for folder in &folders {
                let path = match folder.as_str() {
                    "" => import.clone(),
                    folder => format!("{folder}/{import}"),
                };
                if found.len() < MOST_IMPORTS && base.join(&path).is_file() && found.insert(path.clone()) {
                    open.push(path);
                }
            }
        }
    }
    found
}

fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// What the text of a `.proto` file imports. A line in a comment may look like an import: a file more is watched.
fn imported(text: &str) -> Vec<String> {
    let lines = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("import"));
    let quoted = lines.filter_map(|rest| {
        let quote = rest.find(['"', '\''])?;
        let (_, rest) = rest.split_at(quote);
        let mark = rest.chars().next()?;
        rest.get(1..)?.split_once(mark).map(|(name, _)| name.to_owned())
    });
    quoted.collect()
}

fn encoded(path: &Path) -> Result<Vec<u8>, String> {
    let bounded = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = bounded().map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("larger than {} MiB", LARGEST >> 20));
    }
    Ok(bytes)
}

/// The set of a `.proto` file. An error says the place in it.
fn compiled(path: &Path) -> Result<Vec<u8>, String> {
    let length = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > LARGEST {
        return Err(format!("larger than {} MiB", LARGEST >> 20));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut resolver = ChainFileResolver::new();
    resolver.add(IncludeFileResolver::new(folder.to_owned()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(true);
    compiler.open_file(path).map_err(|error| format!("{error:?}"))?;
    Ok(compiler.encode_file_descriptor_set())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_followed_through_files_and_the_well_known_ones_are_not_looked_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        write(
            "schemas/a.proto",
            "syntax = \"proto3\";\nimport \"common/b.proto\";\nimport \"google/protobuf/timestamp.proto\";\n",
        );
        write(
            "schemas/common/b.proto",
            "import public 'common/c.proto';\nimport \"a.proto\";\n",
        );
        write("schemas/common/c.proto", "import \"common/gone.proto\";\n");
        let found = imports(["schemas/a.proto", "schemas/set.binpb"], folder.path());
        let found: Vec<_> = found.iter().map(String::as_str).collect();
        assert_eq!(
            found,
            [
                "schemas/a.proto",
                "schemas/common/b.proto",
                "schemas/common/c.proto"
            ]
        );
    }
}
