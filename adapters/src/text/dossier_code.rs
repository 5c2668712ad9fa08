//! Codes of dossiers: agency, day of receipt, number of that day.

use jiff::civil::Date;

use super::agency_code::{self, AgencyCode, AgencyCodeError};
use super::digits::is_digits;

/// What the code of a dossier says. Two spellings of one code give equal values; whoever shows the
/// code keeps the text as received.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DossierCode {
    /// The agency that received the dossier.
    pub agency: AgencyCode,
    /// The day of receipt in Viet Nam.
    pub day: Date,
    /// The number within agency and day, from 1.
    pub sequence: u64,
}

/// The most digits of a number within a day: seven were seen (domain section 2.5), and one more. A code
/// is logged in clear, so this stays below the 9 and 12 digits of a person's numbers: neither must be
/// able to stand here.
pub const LONGEST_SEQUENCE: usize = 8;

/// Why a text is not the code of a dossier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DossierCodeError {
    /// Not an agency, a day of 6 or 8 digits and a number with hyphens between.
    #[error("dossier code is not of the form agency-day-number")]
    BadForm,
    /// The agency's top level is not in the table.
    #[error("top level of the dossier code's agency is not known")]
    UnknownTopLevel,
    /// The day does not exist.
    #[error("day of the dossier code does not exist")]
    BadDay,
    /// The number is zero.
    #[error("number of the dossier code is zero")]
    BadSequence,
}

impl DossierCodeError {
    /// The stable word used in answers and records.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::BadForm => "bad_form",
            Self::UnknownTopLevel => "unknown_top_level",
            Self::BadDay => "bad_day",
            Self::BadSequence => "bad_sequence",
        }
    }
}

/// Reads the code of a dossier: `<agency>-<yyMMdd or yyyyMMdd>-<number>`, the agency in either of
/// its forms. Two digits of a year are of this century; no dossier is older than the codes.
///
/// Source: domain section 2.5.
///
/// # Errors
/// A [`DossierCodeError`] that names what is wrong.
pub fn parse(text: &str) -> Result<DossierCode, DossierCodeError> {
    let parts: Vec<&str> = text.trim().splitn(4, '-').collect();
    let [agency, day, sequence] = *parts.as_slice() else {
        return Err(DossierCodeError::BadForm);
    };
    if !is_digits(day) || !is_digits(sequence) || sequence.len() > LONGEST_SEQUENCE {
        return Err(DossierCodeError::BadForm);
    }
    let agency = agency_code::parse(agency).map_err(|error| match error {
        AgencyCodeError::BadForm => DossierCodeError::BadForm,
        AgencyCodeError::UnknownTopLevel => DossierCodeError::UnknownTopLevel,
    })?;
    let day = read_day(day)?;
    match sequence.parse() {
        Ok(0) => Err(DossierCodeError::BadSequence),
        Ok(sequence) => Ok(DossierCode {
            agency,
            day,
            sequence,
        }),
        Err(_) => Err(DossierCodeError::BadForm),
    }
}

fn read_day(digits: &str) -> Result<Date, DossierCodeError> {
    let year_digits = match digits.len() {
        6 => 2,
        8 => 4,
        _ => return Err(DossierCodeError::BadForm),
    };
    let (year, month_and_day) = digits.split_at(year_digits);
    let (month, day) = month_and_day.split_at(2);
    let year: i16 = year.parse().map_err(|_| DossierCodeError::BadForm)?;
    let year = if year_digits == 2 { 2000 + year } else { year };
    match (month.parse(), day.parse()) {
        (Ok(month), Ok(day)) if (2000..=2199).contains(&year) => {
            Date::new(year, month, day).map_err(|_| DossierCodeError::BadDay)
        }
        _ => Err(DossierCodeError::BadDay),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match parse(text) {
            Ok(code) => format!("{} {} {}", code.agency, code.day, code.sequence),
            Err(error) => error.code().to_owned(),
        }
    }

    #[test]
    fn both_lengths_of_the_day_and_both_forms_of_the_agency_are_read() {
        assert_eq!(read("G09.20-20260609-0092637"), "G09.20 2026-06-09 92637");
        assert_eq!(read("000.00.53.H48-220921-0099"), "H48.53 2022-09-21 99");
        assert_eq!(parse("H29.12-251231-00123"), parse(" H29.12-20251231-123 "));
    }

    #[test]
    fn the_number_of_a_person_is_no_number_of_a_dossier() {
        assert_eq!(read("H29.12-251231-079090123456"), "bad_form");
        assert_eq!(read("H29.12-251231-024123456"), "bad_form");
        assert_eq!(read("H29.12-251231-00092637"), "H29.12 2025-12-31 92637");
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(read("H29.12_251231_0001"), "bad_form");
        assert_eq!(read("H29.12-251231"), "bad_form");
        assert_eq!(read("H29.12-251231-1-2"), "bad_form");
        assert_eq!(read("H29.12-2512311-1"), "bad_form");
        assert_eq!(read("H29.12-251231-000000001"), "bad_form");
        assert_eq!(read("H64-251231-1"), "unknown_top_level");
        assert_eq!(read("H29.12-250229-1"), "bad_day");
        assert_eq!(read("H29.12-99991231-1"), "bad_day");
        assert_eq!(read("H29.12-251231-0000"), "bad_sequence");
    }
}
