//! Schemas that are not built in: .proto files and descriptor sets, compiled and checked while the
//! program runs, so that a registry of one's own needs no Rust.
//!
//! | file | idea |
//! |---|---|
//! | `brackets` | how deep a text nests, before anything recursive reads it |
//! | `parse` | one file to descriptors, with every mistake in it |
//! | `link` | the files in the order of their imports, added to the built-in ones |
//! | `place` | where in its file something is described |
//! | `check` | the rules that the built-in schemas keep, demanded of these too |

mod brackets;
mod check;
mod link;
mod parse;
mod place;

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::thread;

use prost_reflect::DescriptorPool;

/// The compiler recurses into what it reads; what it may nest is bounded, and this is room enough for it.
const STACK: usize = 16 << 20;

/// One file of schemas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The name by which others import it, such as `vn/forest/v1/plot.proto`; of a set, any name.
    pub name: String,
    /// What stands in it.
    pub content: Content,
}

/// What stands in a file of schemas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The text of a .proto file.
    Text(String),
    /// An encoded `google.protobuf.FileDescriptorSet`.
    Set(Vec<u8>),
}

/// One thing that is wrong in a file of schemas.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file's name.
    pub file: String,
    /// Where, in bytes of its text: the start and the end. None for a set, or for the file as a whole.
    pub span: Option<(usize, usize)>,
    /// What is wrong, and what was wanted.
    pub message: String,
}

/// The built-in schemas together with others.
#[derive(Clone, Debug)]
pub struct Schemas {
    /// All descriptors.
    pub pool: DescriptorPool,
    /// The encoded `FileDescriptorSet` of those that are not built in, options included.
    pub added: Vec<u8>,
}

impl Default for Schemas {
    /// The built-in ones alone.
    fn default() -> Self {
        Self {
            pool: crate::descriptors(),
            added: Vec::new(),
        }
    }
}

/// Compiles files on top of the built-in schemas and checks them. With problems, what comes out is good
/// for finding further mistakes and for nothing else.
///
/// A file that makes the compiler panic is a problem like any other.
#[must_use]
pub fn compile(files: Vec<File>) -> (Schemas, Vec<Problem>) {
    if files.is_empty() {
        return (Schemas::default(), Vec::new());
    }
    let names: Vec<_> = files.iter().map(|file| file.name.clone()).collect();
    let compiling = thread::Builder::new()
        .name("schemas".to_owned())
        .stack_size(STACK)
        .spawn(move || compiled(&files));
    let outcome = compiling.map(thread::JoinHandle::join);
    let Ok(Ok((schemas, mut problems))) = outcome else {
        let told = |file: String| Problem {
            file,
            span: None,
            message: "the schemas can't be compiled: the compiler failed over them".to_owned(),
        };
        return (Schemas::default(), names.into_iter().map(told).collect());
    };
    problems.sort();
    problems.dedup();
    (schemas, problems)
}

fn compiled(files: &[File]) -> (Schemas, Vec<Problem>) {
    let mut problems = Vec::new();
    let parsed = parse::parse(files, &mut problems);
    let built_in = crate::descriptors();
    let (mut pool, linked) = link::link(parsed, &mut problems);
    if !check::check(&pool, &linked, &mut problems) {
        pool = built_in.clone();
    }
    let mut added = Vec::new();
    for file in pool.files() {
        if built_in.get_file_by_name(file.name()).is_none() {
            // Field 1 of a set, a file each.
            prost::encoding::bytes::encode(1, &file.encode_to_vec(), &mut added);
        }
    }
    (Schemas { pool, added }, problems)
}

impl Problem {
    fn at(file: &str, span: Option<Range<usize>>, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            span: span.map(|span| (span.start, span.end)),
            message: message.into(),
        }
    }
}
