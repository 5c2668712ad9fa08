//! One file to descriptors, with every mistake in it.

use miette::Diagnostic;
use prost::Message as _;
use prost::bytes::{Buf as _, Bytes};
use prost::encoding::{WireType, decode_key, decode_varint};
use prost_types::FileDescriptorProto;
use protox::file::File as Parsed;

use super::{Content, File, Problem, brackets, place};

/// One file that could be read.
pub(super) struct Draft {
    /// What it describes.
    pub(super) proto: FileDescriptorProto,
    /// Its bytes in the set that it came in: they hold its options.
    pub(super) encoded: Option<Bytes>,
    /// The text that it was read from.
    pub(super) text: Option<String>,
    /// The file of schemas that it stands in.
    pub(super) found_in: String,
}

impl Draft {
    /// A problem with what is described at `path`; with the file as a whole when it is empty.
    pub(super) fn problem(&self, path: &[i32], message: impl Into<String>) -> Problem {
        let text = self.text.as_deref().filter(|_| !path.is_empty());
        let span = text.and_then(|text| place::of(&self.proto, text, path));
        Problem::at(&self.found_in, span, message)
    }
}

/// Reads files. What can't be read is told and left out.
pub(super) fn parse(files: &[File], problems: &mut Vec<Problem>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for file in files {
        match &file.content {
            Content::Text(text) => drafts.extend(text_file(&file.name, text, problems)),
            Content::Set(bytes) => match set(&file.name, bytes) {
                Some(found) => drafts.extend(found),
                None => problems.push(Problem::at(
                    &file.name,
                    None,
                    "found bytes that are no google.protobuf.FileDescriptorSet, wanted what \
                     `buf build -o NAME.binpb` or `protoc --descriptor_set_out=NAME.binpb --include_imports` writes",
                )),
            },
        }
    }
    drafts
}

fn text_file(name: &str, text: &str, problems: &mut Vec<Problem>) -> Option<Draft> {
    if let Some(at) = brackets::too_deep(text) {
        let message = format!("brackets nest deeper than {}", brackets::DEEPEST);
        problems.push(Problem::at(name, Some(at..at + 1), message));
        return None;
    }
    match Parsed::from_source(name, text) {
        Ok(parsed) => Some(Draft {
            proto: parsed.file_descriptor_proto().clone(),
            encoded: None,
            text: Some(text.to_owned()),
            found_in: name.to_owned(),
        }),
        Err(error) => {
            told(name, &error, problems);
            None
        }
    }
}

/// The files of a set; none when it is no set.
fn set(name: &str, bytes: &[u8]) -> Option<Vec<Draft>> {
    let mut drafts = Vec::new();
    let mut rest = Bytes::copy_from_slice(bytes);
    while rest.has_remaining() {
        let (1, WireType::LengthDelimited) = decode_key(&mut rest).ok()? else {
            return None;
        };
        let length = usize::try_from(decode_varint(&mut rest).ok()?).ok()?;
        if length > rest.remaining() {
            return None;
        }
        let encoded = rest.split_to(length);
        drafts.push(Draft {
            proto: FileDescriptorProto::decode(encoded.clone()).ok()?,
            encoded: Some(encoded),
            text: None,
            found_in: name.to_owned(),
        });
    }
    (!drafts.is_empty()).then_some(drafts)
}

/// Every mistake that an error tells of.
pub(super) fn told(file: &str, error: &dyn Diagnostic, problems: &mut Vec<Problem>) {
    let related = error.related().into_iter().flatten();
    for one in std::iter::once(error).chain(related) {
        let labels = one.labels().into_iter().flatten();
        // Of two places that contradict each other the later one is wrong.
        let span = labels
            .map(|label| label.offset()..label.offset() + label.len().max(1))
            .max_by_key(|span| span.start);
        let mut message = one.to_string();
        if let Some(inner) = one.diagnostic_source() {
            message = format!("{message}: {inner}");
        }
        if let Some(help) = one.help() {
            message = format!("{message}; {help}");
        }
        problems.push(Problem::at(file, span, message.replace(char::is_control, " ")));
    }
}
