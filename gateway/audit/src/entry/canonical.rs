//! Whether bytes are the canonical form of an entry, in one pass and without allocating.
//!
//! Canonical: fields in ascending order (only the repeated ones more than once), known numbers and wire types, shortest
//! varints, no default value written, valid UTF-8. Exactly the bytes that encoding the decoded entry would give.

/// The first thing at which bytes differ from the canonical form, with its byte offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("entry is not canonical at byte {at}: {what}")]
pub struct NotCanonical {
    /// Byte offset inside the entry.
    pub at: usize,
    /// What is wrong there.
    pub what: &'static str,
}

/// The shape of a field, by its number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Uint32,
    Int32,
    Any64,
    Text,
    Texts,
    Bytes,
}

const WIRE_VARINT: u64 = 0;
const WIRE_LENGTH: u64 = 2;

const fn shape(number: u64) -> Option<Shape> {
    Some(match number {
        1 | 35 => Shape::Uint32,
        4 => Shape::Int32,
        2 | 27 | 30 => Shape::Any64,
        9 | 10 | 28 | 31 | 32 => Shape::Bytes,
        23 | 24 => Shape::Texts,
        3 | 5..=8 | 11..=22 | 25 | 26 | 29 | 33 | 34 | 36..=38 => Shape::Text,
        _ => return None,
    })
}

/// Checks that `bytes` are the canonical form of some entry.
///
/// # Errors
/// Names the first offset at which they are not.
pub fn check_canonical(bytes: &[u8]) -> Result<(), NotCanonical> {
    let mut at = 0;
    let mut last = 0;
    while at < bytes.len() {
        let start = at;
        let refuse = |what| Err(NotCanonical { at: start, what });
        let tag = varint(bytes, &mut at)?;
        let (number, wire) = (tag >> 3, tag & 7);
        let Some(shape) = shape(number) else {
            return refuse("unknown field");
        };
        if number < last || (number == last && shape != Shape::Texts) {
            return refuse("field out of order");
        }
        last = number;
        let wanted = match shape {
            Shape::Uint32 | Shape::Int32 | Shape::Any64 => WIRE_VARINT,
            Shape::Text | Shape::Texts | Shape::Bytes => WIRE_LENGTH,
        };
        if wire != wanted {
            return refuse("wrong wire type");
        }
        let value = varint(bytes, &mut at)?;
        if value == 0 && shape != Shape::Texts {
            return refuse("default value written");
        }
        match shape {
            Shape::Uint32 if value > u64::from(u32::MAX) => return refuse("number out of range"),
            Shape::Int32 if i32::try_from(value.cast_signed()).is_err() => {
                return refuse("number out of range");
            }
            Shape::Uint32 | Shape::Int32 | Shape::Any64 => {}
            Shape::Text | Shape::Texts | Shape::Bytes => {
                let end = usize::try_from(value)
                    .ok()
                    .and_then(|length| at.checked_add(length));
                let Some(content) = end.and_then(|end| bytes.get(at..end)) else {
                    return refuse("cut short");
                };
                if shape != Shape::Bytes && std::str::from_utf8(content).is_err() {
                    return refuse("text is not UTF-8");
                }
                at += content.len();
            }
        }
    }
    Ok(())
}

/// A varint in its shortest form.
fn varint(bytes: &[u8], at: &mut usize) -> Result<u64, NotCanonical> {
    let start = *at;
    let refuse = |what| Err(NotCanonical { at: start, what });
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let Some(&byte) = bytes.get(*at) else {
            return refuse("cut short");
        };
        *at += 1;
        let low = u64::from(byte & 0x7f);
        if shift == 63 && low > 1 {
            return refuse("number out of range");
        }
        value |= low << shift;
        if byte & 0x80 == 0 {
            if byte == 0 && shift > 0 {
                return refuse("number is not in its shortest form");
            }
            return Ok(value);
        }
    }
    refuse("number out of range")
}
