//! Periods: the stretches of time that have subject keys of their own.
//!
//! A period is a day, a month or a year of Viet Nam (UTC+7 the whole year, as in every other date of the product), and
//! its name is the date as far as it goes: `2026-11-24`, `2026-11`, `2026`.
//!
//! | file | idea |
//! |---|---|
//! | `folder` | the key files, made and destroyed |
//! | `turning` | the keys in use, which turn over with the clock |

mod folder;
mod turning;

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, tz};

pub use folder::{BEFORE_PERIODS, KeyFolderError, SubjectKeyFolder};
pub use turning::{Looked, SubjectKeys};

/// How long a period is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PeriodLength {
    /// A calendar day.
    Day,
    /// A calendar month.
    #[default]
    Month,
    /// A calendar year.
    Year,
}

/// One period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Period {
    first: Date,
    length: PeriodLength,
}

/// Why a text is not the name of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a period, such as 2026-11")]
pub struct NotAPeriod;

impl Period {
    /// The period in which a moment lies, in microseconds since 1970 UTC.
    #[must_use]
    pub fn of(time_unix_micros: i64, length: PeriodLength) -> Self {
        let day = Timestamp::from_microsecond(time_unix_micros)
            .map(|moment| tz::offset(7).to_datetime(moment).date())
            .unwrap_or_default();
        let first = match length {
            PeriodLength::Day => day,
            PeriodLength::Month => day.first_of_month(),
            PeriodLength::Year => day.first_of_year(),
        };
        Self { first, length }
    }

    /// The period after this one; itself at the end of all time.
    #[must_use]
    pub fn next(&self) -> Self {
        let span = match self.length {
            PeriodLength::Day => 1.day(),
            PeriodLength::Month => 1.month(),
            PeriodLength::Year => 1.year(),
        };
        Self {
            first: self.first.checked_add(span).unwrap_or(self.first),
            length: self.length,
        }
    }

    /// Its first moment, in microseconds since 1970 UTC.
    #[must_use]
    pub fn start_unix_micros(&self) -> i64 {
        tz::offset(7)
            .to_timestamp(self.first.at(0, 0, 0, 0))
            .map_or(i64::MAX, |start| start.as_microsecond())
    }

    /// The first moment after it, in microseconds since 1970 UTC.
    #[must_use]
    pub fn end_unix_micros(&self) -> i64 {
        self.next().start_unix_micros()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = (self.first.year(), self.first.month(), self.first.day());
        match self.length {
            PeriodLength::Day => write!(formatter, "{year:04}-{month:02}-{day:02}"),
            PeriodLength::Month => write!(formatter, "{year:04}-{month:02}"),
            PeriodLength::Year => write!(formatter, "{year:04}"),
        }
    }
}

impl FromStr for Period {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        let number = |part: Option<&str>| part.map_or(Ok(1), |part| part.parse().map_err(|_| NotAPeriod));
        let mut parts = text.splitn(3, '-');
        let (year, month, day) = (parts.next(), parts.next(), parts.next());
        let length = match (month, day) {
            (None, _) => PeriodLength::Year,
            (Some(_), None) => PeriodLength::Month,
            (Some(_), Some(_)) => PeriodLength::Day,
        };
        let year = year.ok_or(NotAPeriod)?.parse().map_err(|_| NotAPeriod)?;
        let first = Date::new(year, number(month)?, number(day)?).map_err(|_| NotAPeriod)?;
        let period = Self { first, length };
        // One spelling alone: the name is a file's name.
        if period.to_string() == text {
            Ok(period)
        } else {
            Err(NotAPeriod)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{NotAPeriod, Period, PeriodLength};

    /// 2026-11-30 23:59:59.999999 in Viet Nam.
    const LAST_OF_NOVEMBER: i64 = 1_796_057_999_999_999;

    #[test]
    fn a_period_ends_at_midnight_in_viet_nam() {
        let names = |at| {
            [PeriodLength::Day, PeriodLength::Month, PeriodLength::Year]
                .map(|length| Period::of(at, length).to_string())
        };
        assert_eq!(names(LAST_OF_NOVEMBER), ["2026-11-30", "2026-11", "2026"]);
        assert_eq!(names(LAST_OF_NOVEMBER + 1), ["2026-12-01", "2026-12", "2026"]);
        let november = Period::of(LAST_OF_NOVEMBER, PeriodLength::Month);
        assert_eq!(november.end_unix_micros(), LAST_OF_NOVEMBER + 1);
        assert_eq!(november.next().start_unix_micros(), LAST_OF_NOVEMBER + 1);
    }

    #[test]
    fn a_name_is_read_back_and_anything_else_is_none() {
        for name in ["2026-11-24", "2026-11", "2026", "2028-02-29"] {
            assert_eq!(
                name.parse::<Period>().map(|period| period.to_string()),
                Ok(name.to_owned())
            );
        }
        for name in [
            "",
            "26-11",
            "2026-1",
            "2026-13",
            "2026-02-30",
            "2026-11-24-1",
            "../2026",
            "2026-11/",
            "+2026",
        ] {
            assert_eq!(name.parse::<Period>(), Err(NotAPeriod), "{name}");
        }
    }
}
