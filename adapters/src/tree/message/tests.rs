use std::sync::LazyLock;

use proptest::prelude::*;
use prost_reflect::{DescriptorPool, MessageDescriptor};

use super::*;

const PROTO: &str = r#"syntax = "proto3";
package t;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
enum State { STATE_UNKNOWN = 0; STATE_OPEN = 1; }
message All {
  string text = 1; bytes raw = 2; bool flag = 3; State state = 4;
  int32 small = 5; sint64 folded = 6; fixed32 fixed = 7; uint64 large = 8; double fraction = 9;
  repeated int32 packed = 10; repeated State states = 11; repeated All inner = 12;
  google.protobuf.Timestamp moment = 13; google.protobuf.Int32Value maybe = 14;
  map<string, int32> counts = 15; optional int32 said = 16; optional State told = 17;
}
"#;

const LIMITS: AnswerLimits = AnswerLimits {
    bytes: 1 << 20,
    depth: 4,
    nodes: 100,
};

fn schema() -> MessageDescriptor {
    static SCHEMA: LazyLock<MessageDescriptor> = LazyLock::new(compiled);
    SCHEMA.clone()
}

fn compiled() -> MessageDescriptor {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.proto");
    std::fs::write(&path, PROTO).expect("a file");
    let set = protox::compile([path], [folder.path()]).expect("a set");
    let pool = DescriptorPool::from_file_descriptor_set(set).expect("a pool");
    pool.get_message_by_name("t.All").expect("a message")
}

fn tree(json: serde_json::Value) -> Node {
    let message = prost_reflect::DynamicMessage::deserialize(schema(), json).expect("a message");
    read(&message.encode_to_vec(), &schema(), LIMITS).expect("within the limits")
}

fn garbled(bytes: &[u8]) -> String {
    match read(bytes, &schema(), LIMITS) {
        Err(Error::Garbled { what }) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_type_has_its_node() {
    let node = tree(serde_json::json!({
        "text": "Á", "raw": "AQ==", "flag": true, "state": "STATE_OPEN", "small": -7, "folded": "-9",
        "fixed": 8, "large": "18446744073709551615", "fraction": 0.5, "packed": [1, 0, -1],
        "states": ["STATE_OPEN", 9], "moment": "2026-11-05T08:30:00Z", "maybe": 0,
        "counts": { "a": 1 }, "said": 0, "told": "STATE_UNKNOWN",
    }));
    for (name, wanted) in [
        ("text", Node::Text("Á".into())),
        ("raw", Node::Bytes(vec![1])),
        ("flag", Node::Boolean(true)),
        ("state", Node::Text("STATE_OPEN".into())),
        ("small", Node::Integer(-7)),
        ("folded", Node::Integer(-9)),
        ("fixed", Node::Integer(8)),
        ("large", Node::Other),
        ("fraction", Node::Other),
        (
            "packed",
            Node::List(vec![Node::Integer(1), Node::Integer(0), Node::Integer(-1)]),
        ),
        (
            "states",
            Node::List(vec![Node::Text("STATE_OPEN".into()), Node::Integer(9)]),
        ),
        ("moment", Node::Text("2026-11-05T08:30:00Z".into())),
        ("maybe", Node::Integer(0)),
        ("counts", Node::Fields(vec![("a".into(), Node::Integer(1))])),
        ("said", Node::Integer(0)),
        ("told", Node::Text("STATE_UNKNOWN".into())),
    ] {
        assert!(
            node.field(name) == Some(&wanted),
            "{name}: {:?}",
            node.field(name)
        );
    }
}

#[test]
fn what_is_not_written_is_the_zero_of_its_type_or_absent() {
    let node = tree(serde_json::json!({ "text": "x" }));
    assert!(node.field("flag") == Some(&Node::Boolean(false)));
    assert!(node.field("state") == Some(&Node::Text("STATE_UNKNOWN".into())));
    for name in ["small", "raw", "said", "told", "maybe", "moment", "packed"] {
        assert!(node.field(name).is_none_or(Node::is_blank), "{name}");
    }
    // Written although it need not be, a zero says no more.
    let node = read(&[0x0a, 1, b'x', 0x28, 0], &schema(), LIMITS).expect("a message");
    assert!(node.field("small") == Some(&Node::Absent));
    assert!(tree(serde_json::json!({})).is_blank());
}

#[test]
fn bombs_are_refused() {
    let mut nested = Vec::new();
    for _level in 0..5 {
        let mut outer = vec![0x62];
        prost::encoding::encode_varint(nested.len() as u64, &mut outer);
        outer.extend(&nested);
        nested = outer;
    }
    assert_eq!(garbled(&nested), TOO_DEEP);
    assert_eq!(garbled(&[0x62, 0].repeat(200)), TOO_MANY);
    assert_eq!(garbled(&[&[0x52, 120][..], &[1; 120]].concat()), TOO_MANY);
}

#[test]
fn what_is_no_such_message_is_refused_without_being_repeated() {
    assert_eq!(garbled(b"\xff"), NO_MESSAGE);
    assert_eq!(garbled(b"\x0a\x05ab"), NO_MESSAGE);
    assert_eq!(garbled(b"\x63\x64"), NO_MESSAGE);
    assert_eq!(garbled(b"\x08\x01"), WRONG_TYPE);
    assert_eq!(garbled(b"\x0a\x02\xff\xfe"), NOT_TEXT);
    assert_eq!(garbled(b"\x0a\x01a\x0a\x01b"), TWICE);
    assert_eq!(garbled(b"\x7a\x03\x0a\x01a\x7a\x03\x0a\x01a"), TWICE);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes, &schema(), LIMITS);
    }
}
