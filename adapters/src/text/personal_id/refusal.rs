//! Why a text is not a personal id.

use super::PersonalId;

/// Why a text is not a personal id. The text is never repeated, and `Debug` hides the candidate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PersonalIdError {
    /// Nothing but blanks and dots.
    #[error("personal id is empty")]
    Empty,
    /// A number with an exponent or decimals.
    #[error("personal id was turned into a number by a spreadsheet")]
    SpreadsheetNumber,
    /// A character other than the digits 0 to 9, a blank or a dot.
    #[error("personal id has a character that is not a digit")]
    NotDigits,
    /// Neither 9 nor 12 digits, and no zero in front would help.
    #[error("personal id has neither 9 nor 12 digits")]
    BadLength,
    /// With zeros in front it would be a number. To be shown to the officer, never to be used in
    /// silence.
    #[error("personal id may have lost {zeros} zero(s) in front")]
    MaybeLostZero {
        /// The number with its zeros.
        candidate: PersonalId,
        /// How many zeros were put in front: 1 or 2.
        zeros: usize,
    },
    /// A number that is typed to get past a form.
    #[error("personal id is a placeholder")]
    Placeholder,
    /// 12 digits that begin with 000, the code of no place.
    #[error("personal id begins with the code of no place")]
    UnknownPlace,
}

impl PersonalIdError {
    /// The stable word used in answers and records.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::SpreadsheetNumber => "spreadsheet_number",
            Self::NotDigits => "not_digits",
            Self::BadLength => "bad_length",
            Self::MaybeLostZero { candidate, zeros } => {
                match candidate.as_str().len().saturating_sub(*zeros) {
                    8 => "length_8_maybe_lost_zero",
                    10 => "length_10_maybe_lost_zeros",
                    _ => "length_11_maybe_lost_zero",
                }
            }
            Self::Placeholder => "placeholder",
            Self::UnknownPlace => "unknown_place",
        }
    }

    /// The number that was perhaps meant.
    #[must_use]
    pub fn candidate(&self) -> Option<&PersonalId> {
        match self {
            Self::MaybeLostZero { candidate, .. } => Some(candidate),
            _ => None,
        }
    }
}
