//! Codes of administrative procedures: `1.001612`.

use std::fmt;

use super::agency_code;

/// The national code of a procedure. A locality writes its own agency behind it
/// (`1.001612.000.00.00.H48`); that suffix is no part of the code. Whoever shows the code keeps
/// the text as received.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcedureCode(String);

/// The text is not one digit, a dot and six digits, alone or with the code of an agency behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("procedure code is not of the form d.dddddd")]
pub struct ProcedureCodeError;

impl ProcedureCodeError {
    /// The stable word used in answers and records.
    #[must_use]
    pub fn code(self) -> &'static str {
        "bad_form"
    }
}

impl ProcedureCode {
    /// The eight characters of the code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProcedureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads a procedure code and strips the suffix of a locality.
///
/// Source: domain section 2.5.
///
/// # Errors
/// [`ProcedureCodeError`] for any other form, a suffix that is no agency code included.
pub fn parse(text: &str) -> Result<ProcedureCode, ProcedureCodeError> {
    let text = text.trim();
    let (code, suffix) = text.split_at_checked(8).ok_or(ProcedureCodeError)?;
    let form = code.bytes().enumerate().all(|(at, byte)| match at {
        1 => byte == b'.',
        _ => byte.is_ascii_digit(),
    });
    let suffix_fits = suffix.is_empty()
        || suffix
            .strip_prefix('.')
            .is_some_and(|agency| agency_code::parse(agency).is_ok());
    if form && suffix_fits {
        Ok(ProcedureCode(code.to_owned()))
    } else {
        Err(ProcedureCodeError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suffix_of_a_locality_is_stripped() {
        for text in ["1.001612", " 1.001612 ", "1.001612.000.00.00.H48", "1.001612.H48"] {
            assert_eq!(
                parse(text).as_ref().map(ProcedureCode::as_str),
                Ok("1.001612"),
                "{text}"
            );
        }
    }

    #[test]
    fn any_other_form_is_refused() {
        let wrong = [
            "",
            "1001612",
            "1.00161",
            "1.0016123",
            "1.001612.",
            "1.001612.000.00.00",
            "1,001612",
            "1.001612.000.00.00.H64",
            "11.01612",
            "1.00161é",
            "1.001612H48",
        ];
        for text in wrong {
            assert_eq!(parse(text), Err(ProcedureCodeError), "{text}");
        }
    }
}
