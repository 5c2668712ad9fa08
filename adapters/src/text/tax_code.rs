//! Tax codes: 10 digits of an enterprise, 13 of a unit of it, 12 of a person.

use super::personal_id::{self, Kind, PersonalId};

/// A tax code of the right form, its check digit right where it has one.
///
/// `Debug` shows no digits of a person's code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaxCode {
    /// An enterprise or another organisation: 10 digits.
    Main(String),
    /// A unit of an organisation, branch or office.
    Unit {
        /// The 10 digits of the organisation.
        main: String,
        /// The number of the unit, 1 to 999.
        unit: u16,
    },
    /// A person, household or household business: since 1 July 2025 the tax code is the 12-digit
    /// personal id.
    Person(PersonalId),
}

/// Why a text is not a tax code. The text itself is never repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TaxCodeError {
    /// Not 10, 12 or 13 digits.
    #[error("tax code does not have 10, 12 or 13 digits")]
    BadForm,
    /// The tenth digit is not the one that follows from the first nine.
    #[error("check digit of the tax code is wrong")]
    BadCheck,
    /// The number of the unit is 000.
    #[error("unit number of the tax code is not 001 to 999")]
    BadBranch,
    /// 12 digits that cannot be a personal id.
    #[error("tax code of 12 digits is not a personal id")]
    BadPerson,
}

impl TaxCodeError {
    /// The stable word used in answers and records.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::BadForm => "bad_form",
            Self::BadCheck => "bad_check",
            Self::BadBranch => "bad_branch",
            Self::BadPerson => "bad_person",
        }
    }
}

impl TaxCode {
    /// The canonical text: `0991000007`, `0991000007-001`, or the 12 digits of a person.
    #[must_use]
    pub fn canonical(&self) -> String {
        match self {
            Self::Main(main) => main.clone(),
            Self::Unit { main, unit } => format!("{main}-{unit:03}"),
            Self::Person(id) => id.as_str().to_owned(),
        }
    }

    /// The 10 digits of the organisation; a person has none.
    #[must_use]
    pub fn main(&self) -> Option<&str> {
        match self {
            Self::Main(main) | Self::Unit { main, .. } => Some(main),
            Self::Person(_) => None,
        }
    }
}

/// Reads a tax code. Blanks and hyphens are stripped. To be called before any call to a registry:
/// a wrong check digit must not cost quota.
///
/// Source: TT 105/2020, annex, through domain section 2.5; domain rule 4.4 (8).
///
/// # Errors
/// A [`TaxCodeError`] that names what is wrong.
pub fn parse(text: &str) -> Result<TaxCode, TaxCodeError> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(TaxCodeError::BadForm);
    }
    match digits.len() {
        10 => Ok(TaxCode::Main(checked(&digits)?)),
        12 => match personal_id::parse(&digits) {
            Ok(id) if id.kind() == Kind::Twelve => Ok(TaxCode::Person(id)),
            Ok(_) | Err(_) => Err(TaxCodeError::BadPerson),
        },
        13 => {
            let (main, unit) = digits.split_at(10);
            let main = checked(main)?;
            match unit.parse() {
                Ok(unit @ 1..=999) => Ok(TaxCode::Unit { main, unit }),
                Ok(_) | Err(_) => Err(TaxCodeError::BadBranch),
            }
        }
        _ => Err(TaxCodeError::BadForm),
    }
}

/// The tenth digit that follows from the first nine: 10 minus the weighted sum modulo 11. `None`
/// when there is no such digit: a remainder of 0 would ask for the digit 10, so that prefix was
/// never given out. A careless `10 mod 10` accepts it with 0.
#[must_use]
pub fn check_digit(first_nine: [u8; 9]) -> Option<u8> {
    const WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];
    let sum: u32 = WEIGHTS
        .iter()
        .zip(first_nine)
        .map(|(w, digit)| w * u32::from(digit))
        .sum();
    match sum % 11 {
        0 => None,
        remainder => u8::try_from(10 - remainder).ok(),
    }
}

/// The ten digits, if the last is right.
fn checked(ten: &str) -> Result<String, TaxCodeError> {
    let (first_nine, last) = ten
        .as_bytes()
        .split_first_chunk::<9>()
        .ok_or(TaxCodeError::BadForm)?;
    let expected = check_digit(first_nine.map(|b| b.wrapping_sub(b'0')));
    match (expected, last) {
        (Some(expected), [last]) if expected == last.wrapping_sub(b'0') => Ok(ten.to_owned()),
        _ => Err(TaxCodeError::BadCheck),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match parse(text) {
            Ok(code) => code.canonical(),
            Err(error) => error.code().to_owned(),
        }
    }

    #[test]
    fn the_worked_example_gives_seven() {
        assert_eq!(check_digit([0, 9, 9, 1, 0, 0, 0, 0, 0]), Some(7));
    }

    #[test]
    fn the_examples_of_the_domain_page_hold() {
        assert_eq!(read("0991000007"), "0991000007");
        assert_eq!(read("0991000060"), "0991000060");
        assert_eq!(read("0991000007-000"), "bad_branch");
        assert_eq!(read("0100233488"), "0100233488");
        assert_eq!(read("0100233480"), "bad_check");
    }

    #[test]
    fn a_prefix_with_remainder_nought_has_no_right_digit() {
        for last in 0..=9 {
            assert_eq!(read(&format!("099100011{last}")), "bad_check", "{last}");
        }
        assert_eq!(read("0000000000"), "bad_check");
    }

    #[test]
    fn a_unit_is_written_ten_hyphen_three() {
        for text in ["0991000007001", "0991000007 001", " 0991000007-001"] {
            assert_eq!(read(text), "0991000007-001");
        }
        assert_eq!(read("0991000008-001"), "bad_check");
    }

    #[test]
    fn twelve_digits_are_a_person() {
        assert!(matches!(parse("079090123456"), Ok(TaxCode::Person(_))));
        assert_eq!(read("079090123456"), "079090123456");
        assert_eq!(read("111111111111"), "bad_person");
        let shown = format!("{:?}", parse("079090123456"));
        assert!(!shown.contains("079090123456"), "{shown}");
    }

    #[test]
    fn other_lengths_and_characters_are_bad_form() {
        for text in [
            "",
            "-",
            "099100000",
            "09910000078",
            "9.91E+08",
            "0991.000.007",
            "٠٩٩١٠٠٠٠٠٧",
        ] {
            assert_eq!(read(text), "bad_form", "{text}");
        }
    }
}
