//! Where in its file something is described.

use std::ops::Range;

use prost_types::FileDescriptorProto;

/// The bytes of `text` in which the descriptor at `path` stands, by the file's source information. Paths are
/// those of `google.protobuf.SourceCodeInfo.Location`.
pub(super) fn of(proto: &FileDescriptorProto, text: &str, path: &[i32]) -> Option<Range<usize>> {
    let locations = &proto.source_code_info.as_ref()?.location;
    let location = locations.iter().find(|location| location.path == path)?;
    let at = |line: i32, column: i32| {
        let line = usize::try_from(line).ok()?;
        let start = match line {
            0 => 0,
            _ => text.match_indices('\n').nth(line - 1)?.0 + 1,
        };
        Some(start + usize::try_from(column).ok()?)
    };
    match location.span[..] {
        [line, from, to] => Some(at(line, from)?..at(line, to)?),
        [line, from, last, to] => Some(at(line, from)?..at(last, to)?),
        _ => None,
    }
}
