//! An allow-list of fields, and the cut that it makes: what is not listed is dropped, unknown fields
//! and fields of unknown messages too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::schema::{Content, FieldNode, Node, Schema};
use super::wire::{self, Garbled, Value};

/// A set of leaves of one record type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Leaves {
    words: Vec<u64>,
}

impl Leaves {
    /// Adds a leaf.
    pub fn insert(&mut self, leaf: usize) {
        if self.words.len() <= leaf / 64 {
            self.words.resize(leaf / 64 + 1, 0);
        }
        if let Some(word) = self.words.get_mut(leaf / 64) {
            *word |= 1 << (leaf % 64);
        }
    }

    /// Whether a leaf is in the set.
    pub fn contains(&self, leaf: usize) -> bool {
        self.words
            .get(leaf / 64)
            .is_some_and(|word| word & 1 << (leaf % 64) != 0)
    }

    /// The first leaf of this set that is not in `other`.
    pub fn first_outside(&self, other: &Self) -> Option<usize> {
        self.words.iter().enumerate().find_map(|(at, word)| {
            let outside = word & !other.words.get(at).copied().unwrap_or(0);
            (outside != 0).then(|| at * 64 + outside.trailing_zeros() as usize)
        })
    }
}

/// Names of fields, shared by all who tell of them.
pub type Names = Arc<[Arc<str>]>;

/// The fields that may leave, of one record type.
#[derive(Debug)]
pub struct View {
    /// Different for every view ever made in this process: what cut bytes are kept under.
    pub id: u64,
    /// The allowed leaves.
    pub leaves: Leaves,
    /// The fields as they were listed; a wildcard stands as the fields that it covers.
    listed: Names,
    /// The leaves of each listed field.
    ranges: Vec<std::ops::Range<usize>>,
}

/// A path that names no field of the record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{record} has no field {path}")]
pub struct UnknownPath {
    /// The record type.
    pub record: Arc<str>,
    /// The path as received.
    pub path: String,
}

/// A record cut down to a view.
#[derive(Clone, Debug)]
pub struct Cut {
    /// The encoded message.
    pub bytes: Bytes,
    /// The listed fields that it holds.
    pub given: Names,
}

impl View {
    /// Compiles a list of paths. `*` stands for every field that is not sensitive; a path to a message
    /// stands for all in it but fields that are sensitive on their own.
    pub fn compile<'a>(
        schema: &Schema,
        paths: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, UnknownPath> {
        let mut leaves = Leaves::default();
        let mut listed = Vec::new();
        for path in paths {
            if path == "*" {
                for field in schema.root.fields().iter().filter(|field| !field.sensitive) {
                    allow(field, &mut leaves);
                    listed.push((field.path.clone(), field.leaves.clone()));
                }
            } else {
                let field = schema.field(path).ok_or_else(|| UnknownPath {
                    record: schema.name.clone(),
                    path: path.to_owned(),
                })?;
                allow(field, &mut leaves);
                listed.push((field.path.clone(), field.leaves.clone()));
            }
        }
        listed.sort_by_key(|(_, range)| (range.start, range.end));
        listed.dedup();
        let (listed, ranges): (Vec<_>, _) = listed.into_iter().unzip();
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Ok(Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            leaves,
            listed: listed.into(),
            ranges,
        })
    }

    /// The listed paths.
    pub fn listed(&self) -> &Names {
        &self.listed
    }

    /// Cuts a record down to this view.
    pub fn cut(&self, schema: &Schema, record: &[u8]) -> Result<Cut, Garbled> {
        let mut out = Vec::with_capacity(record.len());
        let mut kept = Leaves::default();
        self.cut_message(&schema.root, record, &mut out, &mut kept)?;
        let given = self
            .listed
            .iter()
            .zip(&self.ranges)
            .filter(|(_, range)| (*range).clone().any(|leaf| kept.contains(leaf)))
            .map(|(path, _)| path.clone())
            .collect();
        Ok(Cut {
            bytes: out.into(),
            given,
        })
    }

    fn cut_message(
        &self,
        node: &Node,
        message: &[u8],
        out: &mut Vec<u8>,
        kept: &mut Leaves,
    ) -> Result<(), Garbled> {
        for occurrence in wire::fields(message) {
            let occurrence = occurrence?;
            let Some(field) = node.field(occurrence.number) else {
                continue;
            };
            if !field.leaves.clone().any(|leaf| self.leaves.contains(leaf)) {
                continue;
            }
            match &field.content {
                Content::Leaf { inside: None, .. } => out.extend_from_slice(occurrence.raw),
                Content::Leaf {
                    inside: Some(numbers),
                    ..
                } => {
                    put_known(out, field.number, numbers, occurrence.value)?;
                }
                Content::Message(below) => {
                    let mut nested = Vec::new();
                    self.cut_message(below, occurrence.value.bytes()?, &mut nested, kept)?;
                    wire::put_bytes(out, field.number, &nested);
                    continue;
                }
            }
            kept.insert(field.leaves.start);
        }
        Ok(())
    }
}

fn allow(field: &FieldNode, leaves: &mut Leaves) {
    match &field.content {
        Content::Leaf { .. } => leaves.insert(field.leaves.start),
        Content::Message(node) => {
            for below in node.fields() {
                // Inside a sensitive message everything is sensitive, and the message was named.
                if field.sensitive || !below.sensitive {
                    allow(below, leaves);
                }
            }
        }
    }
}

fn put_known(out: &mut Vec<u8>, number: u32, known: &[u32], value: Value<'_>) -> Result<(), Garbled> {
    let mut inside = Vec::new();
    for field in wire::fields(value.bytes()?) {
        let field = field?;
        if known.contains(&field.number) {
            inside.extend_from_slice(field.raw);
        }
    }
    wire::put_bytes(out, number, &inside);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message as _;
    use proto::lookup::v1::{Address, CodedValue, PartialDate};
    use proto::population::v1::Citizen;

    use super::*;

    fn schema() -> Schema {
        let message = proto::descriptors()
            .get_message_by_name("lienthong.population.v1.Citizen")
            .expect("the record exists");
        Schema::compile(&message).expect("compiles")
    }

    fn citizen() -> Citizen {
        Citizen {
            personal_id: "079090123456".into(),
            full_name: "Nguyễn Thị Hòa".into(),
            birth_date: Some(PartialDate {
                year: 1990,
                month: 7,
                day: 5,
            }),
            religion: Some(CodedValue {
                code: "01".into(),
                ..Default::default()
            }),
            permanent_residence: Some(Address {
                text: "12 đường số 3".into(),
                province: Some(CodedValue {
                    code: "79".into(),
                    ..Default::default()
                }),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    fn cut(paths: &[&str], record: &[u8]) -> (Citizen, Vec<String>) {
        let view = View::compile(&schema(), paths.iter().copied()).expect("the paths exist");
        let cut = view.cut(&schema(), record).expect("well formed");
        let given = cut.given.iter().map(ToString::to_string).collect();
        (Citizen::decode(cut.bytes).expect("decodes"), given)
    }

    #[test]
    fn only_listed_fields_leave() {
        let (seen, given) = cut(
            &["full_name", "permanent_residence.province", "phone"],
            &citizen().encode_to_vec(),
        );
        assert_eq!(seen.full_name, "Nguyễn Thị Hòa");
        assert_eq!(seen.personal_id, "");
        assert_eq!(seen.permanent_residence.as_ref().expect("given").text, "");
        assert_eq!(
            seen.permanent_residence
                .expect("given")
                .province
                .expect("given")
                .code,
            "79"
        );
        assert_eq!(given, ["full_name", "permanent_residence.province"]);
    }

    #[test]
    fn a_wildcard_never_covers_a_sensitive_field() {
        let (seen, _) = cut(&["*"], &citizen().encode_to_vec());
        assert!(seen.religion.is_none());
        assert_eq!(seen.birth_date, citizen().birth_date);
        let (seen, _) = cut(&["*", "religion"], &citizen().encode_to_vec());
        assert_eq!(seen.religion.expect("named").code, "01");
    }

    #[test]
    fn unknown_fields_are_dropped_at_every_depth() {
        let mut record = Vec::new();
        let mut date = Vec::new();
        wire::put_varint(&mut date, 1, 1990);
        wire::put_bytes(&mut date, 9, b"hidden");
        wire::put_bytes(&mut record, 5, &date);
        wire::put_bytes(&mut record, 900, b"hidden");
        let view = View::compile(&schema(), ["*"]).expect("compiles");
        let bytes = view.cut(&schema(), &record).expect("well formed").bytes;
        assert!(!bytes.windows(6).any(|window| window == b"hidden"));
    }

    #[test]
    fn a_path_that_names_nothing_does_not_compile() {
        let error = View::compile(&schema(), ["full_name", "adress"]).expect_err("no such field");
        assert_eq!(error.path, "adress");
    }

    proptest! {
        /// A deliberately naive oracle: decode, drop by name, compare.
        #[test]
        fn the_cut_equals_dropping_fields_by_name(
            names in proptest::sample::subsequence(
                vec!["personal_id", "full_name", "birth_date", "religion", "permanent_residence"], 0..=5),
        ) {
            let whole = citizen();
            let mut expected = Citizen::default();
            for name in &names {
                match *name {
                    "personal_id" => expected.personal_id = whole.personal_id.clone(),
                    "full_name" => expected.full_name = whole.full_name.clone(),
                    "birth_date" => expected.birth_date = whole.birth_date,
                    "religion" => expected.religion = whole.religion.clone(),
                    _ => expected.permanent_residence = whole.permanent_residence.clone(),
                }
            }
            prop_assert_eq!(cut(&names, &whole.encode_to_vec()).0, expected);
        }

        #[test]
        fn garbage_is_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let view = View::compile(&schema(), ["*"]).expect("compiles");
            let _ = view.cut(&schema(), &bytes);
        }
    }
}
