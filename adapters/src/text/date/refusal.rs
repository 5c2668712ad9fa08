//! Why a text is not a date.

/// Why a text is not a date. The text itself is never repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DateError {
    /// Five digits, or a number with decimals or an exponent: the day count of a spreadsheet.
    #[error("date is a spreadsheet serial number")]
    SpreadsheetSerial,
    /// The year has two digits, or there is none.
    #[error("year of the date has two digits")]
    TwoDigitYear,
    /// Six digits: several readings are possible.
    #[error("date of six digits can be read in several ways")]
    AmbiguousDigits,
    /// No such day in the calendar, or a day without its month.
    #[error("date does not exist in the calendar")]
    ImpossibleDate,
    /// No such time of day or offset.
    #[error("time of day does not exist")]
    ImpossibleTime,
    /// The year is outside [`YEARS`](super::YEARS).
    #[error("year of the date is not plausible")]
    ImplausibleYear,
    /// None of the accepted forms.
    #[error("date is in no accepted form")]
    UnknownForm,
}

impl DateError {
    /// The stable word used in answers and records.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::SpreadsheetSerial => "reject_spreadsheet_serial",
            Self::TwoDigitYear => "reject_two_digit_year",
            Self::AmbiguousDigits => "reject_ambiguous_digits",
            Self::ImpossibleDate => "reject_impossible_date",
            Self::ImpossibleTime => "reject_impossible_time",
            Self::ImplausibleYear => "reject_implausible_year",
            Self::UnknownForm => "reject_unknown_form",
        }
    }
}
