use std::path::Path;
use std::time::Instant;

use prost_reflect::{DynamicMessage, Value};

use super::*;

const DOSSIER: &str = "lienthong/dossier/v1/dossier.proto";

/// The record of the shipped schema.
fn dossier() -> MessageDescriptor {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../config/schemas")
        .join(DOSSIER);
    let file = proto::schemas::File {
        name: DOSSIER.to_owned(),
        content: proto::schemas::Content::Text(std::fs::read_to_string(path).expect("it is there")),
    };
    let (schemas, problems) = proto::schemas::compile(vec![file]);
    assert_eq!(problems, []);
    let record = schemas.pool.get_message_by_name("lienthong.dossier.v1.Dossier");
    record.expect("it is there")
}

fn with(descriptor: &MessageDescriptor, states: &[i32]) -> Vec<u8> {
    use prost::Message as _;
    let step = descriptor.get_field_by_name("history").expect("a list");
    let step = step.kind().as_message().expect("of messages").clone();
    let item = |state: &i32| {
        let mut item = DynamicMessage::new(step.clone());
        item.set_field_by_name("state", Value::EnumNumber(*state));
        item.set_field_by_name("phrase", Value::String("x".to_owned()));
        Value::Message(item)
    };
    let mut record = DynamicMessage::new(descriptor.clone());
    record.set_field_by_name("dossier_code", Value::String("H29.12-261124-0001".to_owned()));
    record.set_field_by_name("history", Value::List(states.iter().map(item).collect()));
    record.encode_to_vec()
}

/// The moves of the national portal, written once more by hand.
const MOVES: [(i32, &[i32]); 10] = [
    (1, &[2, 3, 7]),
    (2, &[4, 5, 6, 7, 8, 9]),
    (3, &[]),
    (4, &[5, 6, 7, 8, 9]),
    (5, &[4, 7, 8]),
    (6, &[4, 7, 8]),
    (7, &[]),
    (8, &[]),
    (9, &[6, 10]),
    (10, &[]),
];

#[test]
fn every_move_between_the_ten_states_is_judged_as_the_rules_say() {
    let descriptor = dossier();
    let judge = &judges(&descriptor)[0];
    for (from, next) in MOVES {
        for to in 1..=10 {
            let wanted = match from == to || next.contains(&to) {
                true => Course::InOrder,
                false => Course::Impossible,
            };
            let states = judge.states(&with(&descriptor, &[from, to]));
            assert_eq!(states, [from, to]);
            assert_eq!(judge.course(&states), Some(wanted), "{from} to {to}");
        }
    }
}

#[test]
fn an_unknown_state_is_neither_in_order_nor_impossible_and_hides_no_impossible_move() {
    let descriptor = dossier();
    let judge = &judges(&descriptor)[0];
    for (states, wanted) in [
        (&[][..], None),
        (&[1], Some(Course::InOrder)),
        (&[1, 2, 4, 5, 4, 9, 10], Some(Course::InOrder)),
        (&[1, 2, 11], Some(Course::CannotSay)),
        (&[1, 11, 2], Some(Course::CannotSay)),
        (&[0, 2], Some(Course::CannotSay)),
        (&[11, 10, 4], Some(Course::Impossible)),
        (&[1, 2, 10, 4, 11], Some(Course::Impossible)),
    ] {
        assert_eq!(
            judge.course(&judge.states(&with(&descriptor, states))),
            wanted,
            "{states:?}"
        );
    }
}

#[test]
fn the_present_state_is_the_last_of_the_history_or_one_that_may_follow_it() {
    use prost::Message as _;
    let descriptor = dossier();
    let judge = &judges(&descriptor)[0];
    for (states, present, wanted) in [
        (&[1, 2, 9][..], 9, Some(Course::InOrder)),
        (&[1, 2, 9], 10, Some(Course::InOrder)),
        (&[1, 2, 9, 10], 2, Some(Course::Impossible)),
        (&[1, 2], 11, Some(Course::CannotSay)),
        (&[], 10, None),
    ] {
        let record = with(&descriptor, states);
        let mut record = DynamicMessage::decode(descriptor.clone(), record.as_slice()).expect("it decodes");
        record.set_field_by_name("state", Value::EnumNumber(present));
        let given = judge.course(&judge.states(&record.encode_to_vec()));
        assert_eq!(given, wanted, "{states:?}, then {present}");
    }
}

struct Fixed(Vec<u8>);

#[async_trait::async_trait]
impl Registry for Fixed {
    async fn look_up(&self, _: Question) -> Result<Found, Error> {
        Ok(Found {
            record: self.0.clone().into(),
            as_of: None,
            transaction: None,
            route: None,
            retrieved: None,
        })
    }

    async fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

#[tokio::test]
async fn the_outcome_stands_in_the_record_and_the_states_stay() {
    let descriptor = dossier();
    let name: Arc<str> = descriptor.full_name().into();
    let judged = Judged {
        inner: Fixed(with(&descriptor, &[1, 2, 10])),
        judges: HashMap::from([(Arc::clone(&name), judges(&descriptor))]),
    };
    let question = Question {
        record: name,
        key: "H29.12-261124-0001".into(),
        deadline: Instant::now(),
        call: None,
        trace: crate::Trace::default(),
    };
    let found = judged.look_up(question).await.expect("a record");
    let record = DynamicMessage::decode(descriptor, found.record).expect("it decodes");
    let course = record.get_field_by_name("course").expect("a field");
    assert_eq!(course.as_enum_number(), Some(Course::Impossible.into()));
    let history = record.get_field_by_name("history").expect("a field");
    assert_eq!(history.as_list().map(<[_]>::len), Some(3));
}
