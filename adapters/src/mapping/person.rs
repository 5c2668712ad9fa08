//! Whether a person's number fits the sex and the year of birth recorded beside it. It decides nothing: sex and year
//! can be corrected, and only the registry knows.

use prost::bytes::Buf as _;
use prost::encoding::{WireType, decode_key, decode_varint};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use proto::lookup::v1::{MatchRule, PartialDate, Sex};

use crate::guarded::wire;
use crate::text::personal_id::{self, CrossCheck, cross_check};
use crate::trace::{Remark, Remarked};

/// Where number, sex and birth date of the subject stand in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Person {
    id: u32,
    sex: Option<u32>,
    birth: Option<u32>,
}

impl Person {
    /// The subject of a record; none when it is no person with a number.
    pub(super) fn of(record: &MessageDescriptor) -> Option<Self> {
        let field = |name: &str, fits: fn(&FieldDescriptor) -> bool| {
            let field = record.get_field_by_name(name)?;
            (!field.is_list() && fits(&field)).then(|| field.number())
        };
        let id = field("personal_id", |field| {
            field.kind() == Kind::String && proto::rules::field_rule(field).r#match() == MatchRule::PersonalId
        })?;
        let sex = field(
            "sex",
            |field| matches!(field.kind(), Kind::Enum(values) if values.full_name() == "lienthong.lookup.v1.Sex"),
        );
        let birth = field(
            "birth_date",
            |field| matches!(field.kind(), Kind::Message(date) if date.full_name() == "lienthong.lookup.v1.PartialDate"),
        );
        Some(Self { id, sex, birth })
    }

    /// What is to be said of a record. It quotes nothing of it.
    pub(super) fn remark(self, record: &[u8]) -> Option<Remark> {
        let (mut id, mut sex, mut year) = (None, None, None);
        let mut rest = record;
        while rest.has_remaining() {
            let (number, wire) = decode_key(&mut rest).ok()?;
            if Some(number) == self.sex && wire == WireType::Varint {
                let value = i32::try_from(decode_varint(&mut rest).ok()?).ok()?;
                sex = match Sex::try_from(value) {
                    Ok(Sex::Male) => Some(personal_id::Sex::Male),
                    Ok(Sex::Female) => Some(personal_id::Sex::Female),
                    _ => None,
                };
                continue;
            }
            let content = wire::content(&mut rest, wire).ok()?;
            if number == self.id {
                id = personal_id::parse(std::str::from_utf8(content).ok()?).ok();
            } else if Some(number) == self.birth {
                let date: PartialDate = prost::Message::decode(content).ok()?;
                year = i16::try_from(date.year).ok().filter(|year| *year != 0);
            }
        }
        let against = match cross_check(&id?, sex, year) {
            CrossCheck::ConflictSex => "sex",
            CrossCheck::ConflictYear => "birth_date",
            CrossCheck::ConflictSexAndYear => "sex and birth_date",
            CrossCheck::Agrees | CrossCheck::NothingToSay => return None,
        };
        Some(Remark {
            what: Remarked::Contradiction,
            field: "personal_id".to_owned(),
            from: against.to_owned(),
            found: None,
        })
    }
}
