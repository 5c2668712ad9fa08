//! Days of validity, written as TOML local dates.

use std::fmt;

use jiff::civil::Date;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// A calendar day in Viet Nam, written without quotation marks: `2026-01-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub Date);

/// What a day looks like, for messages.
pub(super) const WANTED: &str = "a day without quotation marks, such as 2026-01-31";

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = toml::value::Datetime::deserialize(deserializer)?;
        match (written.date, written.time, written.offset) {
            (Some(day), None, None) => date(day).map(Self),
            _ => None,
        }
        .ok_or_else(|| D::Error::custom(format!("found {written}, wanted {WANTED}")))
    }
}

fn date(day: toml::value::Date) -> Option<Date> {
    let (year, month, date) = (
        i16::try_from(day.year),
        i8::try_from(day.month),
        i8::try_from(day.day),
    );
    Date::new(year.ok()?, month.ok()?, date.ok()?).ok()
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
