//! Codes of agencies: `H48.53.01`, and the older `000.01.53.H48` with the same meaning.

use std::fmt;

use super::digits::is_digits;

/// An agency code in the form of QĐ 20/2020: the top level first, at most 35 characters. Whether
/// the agency exists, or still exists on some day, is not for the form to say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgencyCode(String);

/// The top-level codes that are taken as known: each series runs from 01 to the number given here.
/// A later decision adds numbers, so this is a value to be set and not a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopLevels {
    /// G: ministries and central bodies.
    pub ministries: u8,
    /// H: provinces, those closed on 1 July 2025 included.
    pub provinces: u8,
    /// K: people's councils of the provinces.
    pub councils: u8,
}

/// H01 to H63 and K01 to K63 are the 63 provinces of before July 2025 in alphabetical order
/// (domain section 2.6). G01 to G40 is our own bound: the ministries of QĐ 20/2020 with room for
/// bodies added since; no list of them was at hand.
pub const KNOWN: TopLevels = TopLevels {
    ministries: 40,
    provinces: 63,
    councils: 63,
};

/// The longest code, in characters (QĐ 20/2020).
pub const LONGEST: usize = 35;

/// Why a text is not an agency code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum AgencyCodeError {
    /// Neither the new form nor the old.
    #[error("agency code is in neither the new form nor the old")]
    BadForm,
    /// The form is right, but its first level is not in the table.
    #[error("top level of the agency code is not known")]
    UnknownTopLevel,
}

impl AgencyCodeError {
    /// The stable word used in answers and records.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::BadForm => "bad_form",
            Self::UnknownTopLevel => "unknown_top_level",
        }
    }
}

impl AgencyCode {
    /// The canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first level, three characters: `H48`.
    #[must_use]
    pub fn top_level(&self) -> &str {
        self.0.split_once('.').map_or(self.as_str(), |(top, _)| top)
    }

    /// Whether `other` is this agency or stands below it: level by level, so that H29.1 does not
    /// hold H29.12.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        other
            .0
            .strip_prefix(&self.0)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

impl fmt::Display for AgencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads an agency code whose top level is within [`KNOWN`].
///
/// # Errors
/// As [`parse_within`].
pub fn parse(text: &str) -> Result<AgencyCode, AgencyCodeError> {
    parse_within(text, KNOWN)
}

/// Reads an agency code in the form of QĐ 20/2020 (`M1.M2.M3…`) or of QCVN 102:2016
/// (`V4.V3.V2.M1`, three, two and two digits, zeros for a level that is not used) and gives the
/// former. Blanks at the ends and small letters are put right.
///
/// # Errors
/// [`AgencyCodeError::BadForm`], or [`AgencyCodeError::UnknownTopLevel`] outside `known`.
pub fn parse_within(text: &str, known: TopLevels) -> Result<AgencyCode, AgencyCodeError> {
    let text = text.trim();
    if text.len() > LONGEST {
        return Err(AgencyCodeError::BadForm);
    }
    let text = text.to_ascii_uppercase();
    let levels: Vec<&str> = text.split('.').collect();
    let canonical = match *levels.as_slice() {
        [v4, v3, v2, top] if is_top_level(top) => from_old_form(top, [v2, v3, v4])?,
        [top, ref below @ ..] if is_top_level(top) && below.iter().all(|l| is_level(l)) => text,
        _ => return Err(AgencyCodeError::BadForm),
    };
    if is_known(&canonical, known) {
        Ok(AgencyCode(canonical))
    } else {
        Err(AgencyCodeError::UnknownTopLevel)
    }
}

/// `below` from the second level to the fourth. Zeros mean that the level is not used, and no
/// level can be used below one that is not.
fn from_old_form(top: &str, below: [&str; 3]) -> Result<String, AgencyCodeError> {
    if below.map(str::len) != [2, 2, 3] || !below.iter().all(|level| is_digits(level)) {
        return Err(AgencyCodeError::BadForm);
    }
    let used = below.iter().take_while(|level| !is_zeros(level)).count();
    if below.iter().skip(used).any(|level| !is_zeros(level)) {
        return Err(AgencyCodeError::BadForm);
    }
    let mut canonical = top.to_owned();
    for level in &below[..used] {
        canonical.push('.');
        canonical.push_str(level);
    }
    Ok(canonical)
}

fn is_top_level(level: &str) -> bool {
    matches!(level.as_bytes(), [b'G' | b'H' | b'K', b'0'..=b'9', b'0'..=b'9'])
}

/// Levels below the first are numbers of at most three digits, as in the old form, so that no person's
/// number fits in one; zeros are no agency in the new form.
fn is_level(level: &str) -> bool {
    is_digits(level) && level.len() <= 3 && !is_zeros(level)
}

fn is_known(canonical: &str, known: TopLevels) -> bool {
    let number = canonical.get(1..3).and_then(|digits| digits.parse::<u8>().ok());
    let last = match canonical.as_bytes().first() {
        Some(b'G') => known.ministries,
        Some(b'H') => known.provinces,
        Some(b'K') => known.councils,
        _ => 0,
    };
    number.is_some_and(|number| (1..=last).contains(&number))
}

fn is_zeros(text: &str) -> bool {
    text.bytes().all(|b| b == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        parse(text).map_or_else(|error| error.code().to_owned(), |code| code.to_string())
    }

    #[test]
    fn the_old_form_is_turned_round() {
        assert_eq!(read("000.00.00.H48"), "H48");
        assert_eq!(read("000.00.53.H48"), "H48.53");
        assert_eq!(read("000.01.53.H48"), "H48.53.01");
        assert_eq!(read("002.01.53.H48"), "H48.53.01.002");
        assert_eq!(
            read("000.01.00.H48"),
            "bad_form",
            "a level below one that is not used"
        );
        assert_eq!(read("00.00.53.H48"), "bad_form");
    }

    #[test]
    fn the_new_form_stays_as_it_is() {
        for text in ["H48", "H29.12", "G09.20.3.104", "K57"] {
            assert_eq!(read(text), text);
        }
        assert_eq!(read(" h29.12 "), "H29.12");
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in [
            "",
            "H",
            "H4",
            "H481",
            "X48",
            "H48.",
            "H48..1",
            "H48.00",
            "H48.a",
            "H48-53",
            "H48.079090123456",
        ] {
            assert_eq!(read(text), "bad_form", "{text}");
        }
        assert_eq!(read(&format!("H48.{}", "1".repeat(32))), "bad_form");
        for text in ["H64", "H00", "K64", "G00", "G41", "000.00.00.H64"] {
            assert_eq!(read(text), "unknown_top_level", "{text}");
        }
    }

    #[test]
    fn an_agency_holds_itself_and_what_is_below_it() {
        let code = |text| parse(text).expect("an agency code");
        assert!(code("H29").holds(&code("H29.12")));
        assert!(code("H29.12").holds(&code("H29.12")));
        assert!(!code("H29.1").holds(&code("H29.12")));
        assert!(!code("H29.12").holds(&code("H29")));
        assert_eq!(code("H29.12").top_level(), "H29");
    }
}
