//! The schemas of a registry's methods, from the operator's files.

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
