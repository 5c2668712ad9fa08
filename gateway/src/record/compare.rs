//! One claimed value against one recorded value, by the field's match rule. No rule is fuzzy.

use adapters::text;
use adapters::text::date::{DateComparison, PartialDate};
use adapters::text::name::NameComparison;
use proto::lookup::v1::{MatchRule, Verdict};

use super::wire::{self, Garbled, Value};

/// Compares two values that are both there.
///
/// # Errors
/// [`Garbled`] when a value is not of the kind that the rule is about.
pub fn compare(rule: MatchRule, claimed: Value<'_>, recorded: Value<'_>) -> Result<Verdict, Garbled> {
    Ok(match rule {
        // The same bytes have the same normal form, which is dear to make.
        MatchRule::Name if claimed == recorded => Verdict::Agree,
        MatchRule::Name => match text::name::compare(claimed.text()?, recorded.text()?) {
            NameComparison::Same => Verdict::Agree,
            NameComparison::SameWithoutMarks => Verdict::SameWithoutMarks,
            NameComparison::SameWordsOtherOrder | NameComparison::Different => Verdict::Disagree,
        },
        MatchRule::Date => match text::date::compare(date(claimed)?, date(recorded)?) {
            DateComparison::Same => Verdict::Agree,
            DateComparison::AgreesYearOnly | DateComparison::AgreesYearMonth => Verdict::Partial,
            DateComparison::DifferentMaybeSwapped | DateComparison::Different => Verdict::Disagree,
        },
        MatchRule::PersonalId => agree_if(
            text::personal_id::parse(claimed.text()?).ok() == text::personal_id::parse(recorded.text()?).ok(),
        ),
        MatchRule::TaxCode => agree_if(
            text::tax_code::parse(claimed.text()?).ok() == text::tax_code::parse(recorded.text()?).ok(),
        ),
        MatchRule::Code => agree_if(same_code(claimed, recorded)),
        MatchRule::Text => agree_if(text::plain::same_text(claimed.text()?, recorded.text()?)),
        MatchRule::Unspecified => return Err(Garbled),
    })
}

/// Whether a claimed value has the form that its rule can compare.
pub fn well_formed(rule: MatchRule, claimed: Value<'_>) -> bool {
    match rule {
        MatchRule::Unspecified => false,
        MatchRule::Name | MatchRule::Text => claimed.text().is_ok_and(|text| text.len() <= 1024),
        MatchRule::Date => date(claimed).is_ok(),
        MatchRule::PersonalId => claimed
            .text()
            .is_ok_and(|text| text::personal_id::parse(text).is_ok()),
        MatchRule::TaxCode => claimed
            .text()
            .is_ok_and(|text| text::tax_code::parse(text).is_ok()),
        MatchRule::Code => match claimed {
            Value::Bytes(bytes) => bytes.len() <= 1024 && std::str::from_utf8(bytes).is_ok(),
            _ => true,
        },
    }
}

/// The date in an encoded `lienthong.lookup.v1.PartialDate`.
pub fn date(value: Value<'_>) -> Result<PartialDate, Garbled> {
    let (mut year, mut month, mut day) = (0, 0, 0);
    for field in wire::fields(value.bytes()?) {
        let field = field?;
        match field.number {
            1 => year = field.value.varint()?,
            2 => month = field.value.varint()?,
            3 => day = field.value.varint()?,
            _ => return Err(Garbled),
        }
    }
    let part = |number: u64| u8::try_from(number).map(|number| (number != 0).then_some(number));
    let year = i16::try_from(year).map_err(|_| Garbled)?;
    PartialDate::new(
        year,
        part(month).map_err(|_| Garbled)?,
        part(day).map_err(|_| Garbled)?,
    )
    .map_err(|_| Garbled)
}

fn same_code(claimed: Value<'_>, recorded: Value<'_>) -> bool {
    match (claimed, recorded) {
        (Value::Bytes(claimed), Value::Bytes(recorded)) => claimed.trim_ascii() == recorded.trim_ascii(),
        (claimed, recorded) => claimed == recorded,
    }
}

fn agree_if(same: bool) -> Verdict {
    if same { Verdict::Agree } else { Verdict::Disagree }
}
