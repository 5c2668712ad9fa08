//! Days as registries and counters write them. A partial date stays partial.

mod compare;
mod forms;
mod partial;
mod refusal;
mod time;

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::Offset;

pub use compare::{DateComparison, compare};
pub use partial::{PartialDate, YEARS};
pub use refusal::DateError;

/// The clock of Viet Nam, all year and in every record: UTC+07:00.
pub const VIET_NAM: Offset = Offset::constant(7);

/// What a text says about a moment: a date, as far as known, and the time of day if it gives one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Parsed {
    /// The date in Viet Nam.
    pub date: PartialDate,
    /// The time of day in Viet Nam. Only a full date has one.
    pub time: Option<Time>,
}

impl Parsed {
    /// The exact moment, when the text gave a full date and a time.
    #[must_use]
    pub fn instant(self) -> Option<Timestamp> {
        let moment = self.date.full()?.to_datetime(self.time?);
        VIET_NAM.to_timestamp(moment).ok()
    }

    /// The time with its offset, whole seconds: `09:30:00+07:00`.
    #[must_use]
    pub fn time_text(self) -> Option<String> {
        self.time
            .map(|t| format!("{:02}:{:02}:{:02}+07:00", t.hour(), t.minute(), t.second()))
    }

    fn from_moment(moment: DateTime) -> Result<Self, DateError> {
        let date = PartialDate::try_from(moment.date())?;
        Ok(Self {
            date,
            time: Some(moment.time()),
        })
    }
}

/// Reads a date. `Ok(None)` for a text that is empty or blank: the date is absent, not wrong.
///
/// Accepted, with `/`, `-` or `.` between the parts: day-month-year, year-month-day, month-year;
/// `yyyy`, `yyyymmdd`, `yyyymmddHHMMSS`; a full date followed by `T` or a blank and `HH:MM`,
/// seconds, a fraction and an offset being optional. Zero for the day, or for day and month, means
/// unknown. A time without an offset is Viet Nam's; with one, date and time are converted to Viet
/// Nam's. The day always comes before the month: `07/05/1990` is 7 May.
///
/// Source: domain rule 4.4 (5) and examples 4.5.
///
/// # Errors
/// A [`DateError`] that names what is wrong.
pub fn parse(text: &str) -> Result<Option<Parsed>, DateError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    forms::read(text).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match parse(text) {
            Ok(Some(parsed)) => match parsed.time_text() {
                Some(time) => format!("{} {time}", parsed.date),
                None => parsed.date.to_string(),
            },
            Ok(None) => "absent".into(),
            Err(error) => error.code().into(),
        }
    }

    #[test]
    fn the_examples_of_the_domain_page_hold() {
        assert_eq!(read("00/00/1990"), "1990");
        assert_eq!(read("00/07/1990"), "1990-07");
        assert_eq!(read("1990"), "1990");
        assert_eq!(read("31/02/1990"), "reject_impossible_date");
        assert_eq!(read("05/07/90"), "reject_two_digit_year");
        assert_eq!(read("33055"), "reject_spreadsheet_serial");
        assert_eq!(read("1990-07-05T17:00:00Z"), "1990-07-06 00:00:00+07:00");
    }

    #[test]
    fn every_accepted_form_of_one_day_reads_the_same() {
        let forms = [
            "05/07/1990",
            "5/7/1990",
            "05-07-1990",
            "05.07.1990",
            "5.7.1990",
            "1990-07-05",
            "1990/07/05",
            "1990.7.5",
            "19900705",
            " 05/07/1990\u{A0}",
        ];
        for form in forms {
            assert_eq!(read(form), "1990-07-05", "{form}");
        }
        for form in [
            "07/1990",
            "7-1990",
            "07.1990",
            "1990-07",
            "19900700",
            "1990-07-00",
        ] {
            assert_eq!(read(form), "1990-07", "{form}");
        }
        for form in ["19900000", "1990-00-00", "00.00.1990", "0/0/1990", "00/1990"] {
            assert_eq!(read(form), "1990", "{form}");
        }
    }

    #[test]
    fn a_time_is_of_viet_nam_unless_it_says_otherwise() {
        let morning = "2025-07-05 09:30:00+07:00";
        let forms = [
            "20250705093000",
            "2025-07-05T09:30",
            "05/07/2025 09:30:00",
            "2025-07-05 09:30:00.000",
            "2025-07-05T02:30:00Z",
            "2025-07-05T09:30:00+07:00",
            "2025-07-04T22:30:00-0400",
        ];
        for form in forms {
            assert_eq!(read(form), morning, "{form}");
        }
        let instant = parse("20250705093000").ok().flatten().and_then(Parsed::instant);
        assert_eq!(
            instant.map(|i| i.to_string()).as_deref(),
            Some("2025-07-05T02:30:00Z")
        );
    }

    #[test]
    fn numbers_of_spreadsheets_are_named() {
        for serial in ["33055", "45000.5", "33055,0", "3.3055E+4", "33055.0"] {
            assert_eq!(read(serial), "reject_spreadsheet_serial", "{serial}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        assert_eq!(read("05/00/1990"), "reject_impossible_date");
        assert_eq!(read("2023-02-29"), "reject_impossible_date");
        assert_eq!(read("20250705240000"), "reject_impossible_time");
        assert_eq!(read("2025-07-05T09:30:60Z"), "reject_impossible_time");
        assert_eq!(read("2025-07-05T09:30:00+25:00"), "reject_impossible_time");
        assert_eq!(read("01/01/0001"), "reject_implausible_year");
        assert_eq!(read("99991231"), "reject_implausible_year");
        assert_eq!(read("199007"), "reject_ambiguous_digits");
        assert_eq!(read("05/07"), "reject_two_digit_year");
        // Month-first systems write AM and PM; their order of day and month is not to be guessed.
        for text in [
            "7/5/1990 12:00:00 AM",
            "05/07-1990",
            "5 July 1990",
            "٠٥/٠٧/١٩٩٠",
            "1990 09:30",
        ] {
            assert_eq!(read(text), "reject_unknown_form", "{text}");
        }
    }

    #[test]
    fn blank_is_absent() {
        assert_eq!(read(""), "absent");
        assert_eq!(read(" \u{A0}\t"), "absent");
    }
}
