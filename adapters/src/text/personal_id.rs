//! The 12-digit personal id and the 9-digit number of the old identity card.

mod cross;
mod refusal;

use std::fmt;

pub use cross::{CrossCheck, Sex, cross_check};
pub use refusal::PersonalIdError;

use super::digits::{has_exponent, is_digits};

/// A number of the right form. Neither kind has a check digit: the form proves nothing, only the
/// registry knows whether the number was given out.
///
/// `Debug` hides the digits and there is no `Display`, so that no number slips into a log line.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonalId {
    digits: String,
}

/// Which of the two numbers it is. Only the registry links one to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The personal id (số định danh, CCCD): 12 digits.
    Twelve,
    /// The number of the old card (CMND): 9 digits, a key to old papers only since the card lost
    /// its validity on 31 December 2024 (Luật Căn cước 26/2023, Art 46).
    Cmnd9,
}

/// What the first six digits of a 12-digit id say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Encoded<'a> {
    /// Three digits of the place of birth registration: 001 to 096 for the provinces before
    /// July 2025, other codes for foreign states. Never changed by mergers.
    pub place: &'a str,
    /// The sex at the time the number was given.
    pub sex: Sex,
    /// The year of birth, 1900 to 2399.
    pub birth_year: i16,
}

impl PersonalId {
    /// The digits, and nothing else.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.digits
    }

    /// Which of the two numbers it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        if self.digits.len() == 12 {
            Kind::Twelve
        } else {
            Kind::Cmnd9
        }
    }

    /// What a 12-digit id says of its holder; a 9-digit number says nothing.
    ///
    /// Source: NĐ 137/2015, through domain section 2.5.
    #[must_use]
    pub fn encoded(&self) -> Option<Encoded<'_>> {
        if self.kind() == Kind::Cmnd9 {
            return None;
        }
        let digit = |at: usize| self.digits.as_bytes().get(at).map(|b| i16::from(b - b'0'));
        let (century_and_sex, tens, ones) = (digit(3)?, digit(4)?, digit(5)?);
        Some(Encoded {
            place: self.digits.get(..3)?,
            sex: if century_and_sex % 2 == 0 {
                Sex::Male
            } else {
                Sex::Female
            },
            birth_year: 1900 + century_and_sex / 2 * 100 + tens * 10 + ones,
        })
    }

    /// `digits` of either length, refused when they cannot be anybody's number.
    fn of_digits(digits: String) -> Result<Self, PersonalIdError> {
        if is_placeholder(&digits) {
            return Err(PersonalIdError::Placeholder);
        }
        if digits.len() == 12 && digits.starts_with("000") {
            return Err(PersonalIdError::UnknownPlace);
        }
        Ok(Self { digits })
    }
}

impl fmt::Debug for PersonalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonalId({:?}, hidden)", self.kind())
    }
}

/// Reads a personal id. Blanks and dots are stripped, nothing else is changed, and no zero is ever
/// added: what may have lost one is refused with the candidate beside it.
///
/// Source: domain section 2.5 and rule 4.4 (6).
///
/// # Errors
/// A [`PersonalIdError`] that names what is wrong.
pub fn parse(text: &str) -> Result<PersonalId, PersonalIdError> {
    if has_exponent(text.trim()) || ends_in_decimals(text.trim()) {
        return Err(PersonalIdError::SpreadsheetNumber);
    }
    let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '.').collect();
    if digits.is_empty() {
        return Err(PersonalIdError::Empty);
    }
    if !is_digits(&digits) {
        return Err(PersonalIdError::NotDigits);
    }
    match digits.len() {
        9 | 12 => PersonalId::of_digits(digits),
        8 => Err(lost_zeros("0", &digits)),
        10 => Err(lost_zeros("00", &digits)),
        11 => Err(lost_zeros("0", &digits)),
        _ => Err(PersonalIdError::BadLength),
    }
}

/// A number that a spreadsheet or a program took for an amount has no zeros in front: 8 digits of
/// 9, 11 of 12, and 10 of 12 where the place is 001 to 009.
fn lost_zeros(zeros: &str, digits: &str) -> PersonalIdError {
    match PersonalId::of_digits(format!("{zeros}{digits}")) {
        Ok(candidate) => PersonalIdError::MaybeLostZero {
            candidate,
            zeros: zeros.len(),
        },
        Err(_) => PersonalIdError::BadLength,
    }
}

/// Numbers typed to get past a form: 000000001 was seen in a public code base, the others are of
/// its kind.
fn is_placeholder(digits: &str) -> bool {
    const TYPED: [&str; 5] = [
        "000000001",
        "000000000001",
        "123456789",
        "123456789012",
        "012345678901",
    ];
    let first = digits.bytes().next();
    TYPED.contains(&digits) || digits.bytes().all(|b| Some(b) == first)
}

/// `79090123456.0`, whose dot must not be stripped: the zero behind it is no digit of the number.
fn ends_in_decimals(text: &str) -> bool {
    text.split_once(['.', ',']).is_some_and(|(whole, decimals)| {
        let only_zeros = !decimals.is_empty() && decimals.bytes().all(|b| b == b'0');
        whole.len() > 3 && is_digits(whole) && only_zeros
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> &'static str {
        match parse(text) {
            Ok(_) => "ok",
            Err(error) => error.code(),
        }
    }

    #[test]
    fn blanks_and_dots_are_stripped_and_nothing_else() {
        for text in [
            "079090123456",
            " 079 090 123 456 ",
            "079.090.123.456",
            "079090\u{A0}123456",
        ] {
            assert_eq!(
                parse(text).as_ref().map(PersonalId::as_str),
                Ok("079090123456"),
                "{text}"
            );
        }
        for text in [
            "079-090-123-456",
            "'079090123456",
            "079090123456\u{200B}",
            "٠٧٩٠٩٠١٢٣٤٥٦",
        ] {
            assert_eq!(code(text), "not_digits", "{text}");
        }
    }

    #[test]
    fn a_lost_zero_is_suggested_and_never_put_back() {
        for (text, candidate) in [
            ("79090123456", "079090123456"),
            ("12345678", "012345678"),
            ("1185000001", "001185000001"),
        ] {
            let error = parse(text).expect_err("the zero is not put back");
            assert_eq!(error.candidate().map(PersonalId::as_str), Some(candidate));
        }
        assert_eq!(
            code("0991000007"),
            "bad_length",
            "a tax code is no id without its zeros"
        );
        assert_eq!(code("00000000"), "bad_length");
    }

    #[test]
    fn numbers_of_spreadsheets_are_named() {
        for text in [
            "7.9090123456E+10",
            "7,9090123456e10",
            "79090123456.0",
            "12345678,00",
        ] {
            assert_eq!(code(text), "spreadsheet_number", "{text}");
        }
    }

    #[test]
    fn fillers_are_refused() {
        for text in [
            "000000001",
            "000000000",
            "111111111111",
            "123456789",
            "000000000001",
        ] {
            assert_eq!(code(text), "placeholder", "{text}");
        }
        assert_eq!(code("000123456789"), "unknown_place");
        assert_eq!(code(""), "empty");
        assert_eq!(code("..."), "empty");
        assert_eq!(code("1234567"), "bad_length");
    }

    #[test]
    fn the_digits_are_hidden_from_debug_and_from_errors() {
        let error = parse("79090123456").expect_err("eleven digits");
        assert!(!format!("{error:?} {error}").contains("9090123456"));
    }
}
