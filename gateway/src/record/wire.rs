//! The fields of an encoded protobuf message, one after the other, without decoding into objects.
//!
//! Source: protobuf wire format (protobuf.dev/programming-guides/encoding). Groups (wire types 3 and 4)
//! are refused: proto3 has none.

/// Bytes that are not an encoded message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an encoded message")]
pub struct Garbled;

/// The value of one field occurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Value<'a> {
    /// Integers, enums, booleans.
    Varint(u64),
    /// Eight bytes, little endian.
    Fixed64(u64),
    /// Strings, bytes, messages, packed lists.
    Bytes(&'a [u8]),
    /// Four bytes, little endian.
    Fixed32(u32),
}

impl<'a> Value<'a> {
    /// The bytes of a length-delimited value.
    pub fn bytes(self) -> Result<&'a [u8], Garbled> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(Garbled),
        }
    }

    /// The text of a length-delimited value.
    pub fn text(self) -> Result<&'a str, Garbled> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Garbled)
    }

    /// The number of a varint value.
    pub fn varint(self) -> Result<u64, Garbled> {
        match self {
            Self::Varint(number) => Ok(number),
            _ => Err(Garbled),
        }
    }
}

/// One field occurrence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field<'a> {
    /// Field number.
    pub number: u32,
    /// Its value.
    pub value: Value<'a>,
    /// Tag and value as they stand in the message.
    pub raw: &'a [u8],
}

/// The fields of `message` in the order in which they stand.
pub fn fields(message: &[u8]) -> Fields<'_> {
    Fields { rest: message }
}

/// Iterator over the fields of a message; ends after the first [`Garbled`].
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Garbled>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = next_field(&mut self.rest);
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

fn next_field<'a>(rest: &mut &'a [u8]) -> Result<Field<'a>, Garbled> {
    let start = *rest;
    let tag = u32::try_from(varint(rest)?).map_err(|_| Garbled)?;
    let number = tag >> 3;
    if number == 0 {
        return Err(Garbled);
    }
    let value = match tag & 7 {
        0 => Value::Varint(varint(rest)?),
        1 => Value::Fixed64(u64::from_le_bytes(
            take(rest, 8)?.try_into().map_err(|_| Garbled)?,
        )),
        2 => {
            let length = usize::try_from(varint(rest)?).map_err(|_| Garbled)?;
            Value::Bytes(take(rest, length)?)
        }
        5 => Value::Fixed32(u32::from_le_bytes(
            take(rest, 4)?.try_into().map_err(|_| Garbled)?,
        )),
        _ => return Err(Garbled),
    };
    let raw = start.get(..start.len() - rest.len()).ok_or(Garbled)?;
    Ok(Field { number, value, raw })
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Garbled> {
    let (taken, left) = rest.split_at_checked(length).ok_or(Garbled)?;
    *rest = left;
    Ok(taken)
}

fn varint(rest: &mut &[u8]) -> Result<u64, Garbled> {
    let mut number = 0_u64;
    for shift in 0..10 {
        let (byte, left) = rest.split_first().ok_or(Garbled)?;
        *rest = left;
        if shift == 9 && *byte > 1 {
            return Err(Garbled);
        }
        number |= u64::from(byte & 0x7f) << (7 * shift);
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Garbled)
}

/// Appends a varint field.
pub fn put_varint(out: &mut Vec<u8>, number: u32, value: u64) {
    prost::encoding::encode_varint(u64::from(number) << 3, out);
    prost::encoding::encode_varint(value, out);
}

/// Appends a length-delimited field.
pub fn put_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    prost::encoding::encode_varint(u64::from(number) << 3 | 2, out);
    prost::encoding::encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message as _;

    use super::*;

    #[test]
    fn fields_come_in_order_with_their_raw_bytes() {
        let mut message = Vec::new();
        put_varint(&mut message, 1, 300);
        put_bytes(&mut message, 16, b"abc");
        let found: Vec<_> = fields(&message).collect::<Result<_, _>>().expect("well formed");
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].value, Value::Varint(300));
        assert_eq!(found[1].value, Value::Bytes(b"abc"));
        assert_eq!([found[0].raw, found[1].raw].concat(), message);
    }

    #[test]
    fn groups_and_cut_values_are_garbled() {
        for bytes in [
            &[0x0b_u8][..],
            &[0x0c],
            &[0x0a, 0x05, 0x01],
            &[0x08],
            &[0x09, 0, 0],
            &[0x00, 0x00],
        ] {
            assert_eq!(fields(bytes).last(), Some(Err(Garbled)), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end_without_panic_and_raw_parts_make_the_whole(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut seen = Vec::new();
            let mut good = true;
            for field in fields(&bytes) {
                match field {
                    Ok(field) => seen.extend_from_slice(field.raw),
                    Err(Garbled) => good = false,
                }
            }
            prop_assert!(bytes.starts_with(&seen));
            prop_assert!(!good || seen == bytes);
        }

        #[test]
        fn what_prost_writes_is_read_back(name in ".{0,20}", year in 1900..2100i32) {
            let citizen = proto::population::v1::Citizen {
                full_name: name.clone(),
                birth_date: Some(proto::lookup::v1::PartialDate { year, month: 0, day: 0 }),
                ..Default::default()
            };
            let bytes = citizen.encode_to_vec();
            let found: Vec<_> = fields(&bytes).collect::<Result<_, _>>().expect("well formed");
            prop_assert_eq!(found.len(), usize::from(!name.is_empty()) + 1);
        }
    }
}
