use proptest::prelude::*;
use prost::Message;

use super::{Entry, EntryError, EntryKind, MAX_ENTRY_BYTES, check_canonical};

/// An entry with something in fields of every shape.
fn arbitrary_entry() -> impl Strategy<Value = Entry> {
    (
        any::<(u32, i64, i32, u64, u32)>(),
        "\\PC{0,20}",
        "[a-z.]{0,12}",
        prop::collection::vec("[a-z]{0,6}", 0..4),
        any::<[u8; 3]>(),
    )
        .prop_map(
            |((version, time, kind, latency, item), officer, registry, fields, hash)| Entry {
                version,
                time_unix_micros: time,
                kind,
                officer,
                registry,
                fields_asked: fields.clone(),
                fields_given: fields,
                answer_hmac: hash.to_vec(),
                latency_micros: latency,
                item,
                ..Entry::default()
            },
        )
}

/// The definition of canonical, said with prost alone.
fn re_encodes_to_itself(bytes: &[u8]) -> bool {
    Entry::decode(bytes).is_ok_and(|entry| entry.encode_to_vec() == bytes)
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_to_the_same_entry(entry in arbitrary_entry()) {
        prop_assert_eq!(Entry::decode_canonical(&entry.encode_canonical()), Ok(entry));
    }

    #[test]
    fn the_one_pass_check_agrees_with_encoding_again(entry in arbitrary_entry(), at in any::<prop::sample::Index>(), byte: u8, cut: bool) {
        let mut bytes = entry.encode_canonical();
        if !bytes.is_empty() {
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
        }
        prop_assert_eq!(check_canonical(&bytes).is_ok(), re_encodes_to_itself(&bytes));
    }

    #[test]
    fn arbitrary_bytes_are_judged_as_prost_judges_them(bytes in prop::collection::vec(any::<u8>(), 0..24)) {
        prop_assert_eq!(check_canonical(&bytes).is_ok(), re_encodes_to_itself(&bytes));
    }
}

#[test]
fn an_unknown_field_is_refused() {
    let mut bytes = Entry::new(EntryKind::Outcome, 1).encode_canonical();
    bytes.extend([0xf8, 0x3e, 0x01]); // field 1007, varint 1
    assert!(matches!(
        Entry::decode_canonical(&bytes),
        Err(EntryError::NotCanonical(_))
    ));
}

#[test]
fn fields_out_of_order_or_twice_are_refused() {
    for bytes in [&[0x10_u8, 2, 0x08, 1][..], &[0x08, 1, 0x08, 1]] {
        assert!(Entry::decode(bytes).is_ok(), "protobuf itself takes it");
        assert!(Entry::decode_canonical(bytes).is_err());
    }
}

#[test]
fn a_default_value_written_out_and_a_long_number_are_refused() {
    for bytes in [&[0x08_u8, 0][..], &[0x08, 0x81, 0x00], &[0x1a, 0x00]] {
        assert!(Entry::decode(bytes).is_ok(), "protobuf itself takes it");
        assert!(Entry::decode_canonical(bytes).is_err());
    }
}

#[test]
fn an_entry_over_the_limit_is_refused() {
    let entry = Entry {
        detail: "x".repeat(MAX_ENTRY_BYTES),
        ..Entry::default()
    };
    assert!(matches!(
        Entry::decode_canonical(&entry.encode_canonical()),
        Err(EntryError::TooLarge(_))
    ));
}
