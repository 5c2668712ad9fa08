//! Values that are known nowhere else, to be sent in through every input and looked for afterwards, in every form in
//! which a program could have left them.

use std::collections::HashMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

/// A value shorter than this could stand somewhere by chance.
const SHORTEST: usize = 8;

/// What a value is; each kind has values of its own form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Twelve digits of a citizen.
    PersonalId,
    /// Nine digits of an old card.
    OldId,
    /// Ten digits of an enterprise.
    TaxCode,
    /// A name with diacritics.
    Name,
    /// A birth date, `1907-02-11`.
    Date,
    /// A telephone number.
    Phone,
    /// Words without blanks, as in headers, claims and codes.
    Word,
}

/// The values that were given out so far.
#[derive(Default)]
pub struct Canaries {
    given: Vec<(Kind, String)>,
}

impl Canaries {
    /// A value that was not given out before.
    pub fn next(&mut self, kind: Kind) -> String {
        const FAMILIES: [&str; 5] = ["NGUYỄN", "TRẦN", "PHẠM", "VƯƠNG", "ĐẶNG"];
        let number = self.given.len();
        let value = match kind {
            // Born between 2000 and 2099 as a man in the province 079, which the other people of the tests are not.
            Kind::PersonalId => format!(
                "0792{:02}{:06}",
                number % 100,
                (700_001 + number * 271) % 1_000_000
            ),
            Kind::OldId => format!("{:09}", 281_000_003 + number * 7_919),
            Kind::TaxCode => tax_code(number),
            Kind::Name => format!(
                "{} KIM TƯỚC {}",
                FAMILIES[number % 5],
                syllables(number).to_uppercase()
            ),
            Kind::Date => format!(
                "19{:02}-{:02}-{:02}",
                number % 30,
                number % 12 + 1,
                number % 28 + 1
            ),
            Kind::Phone => format!("0987{:06}", (100_003 + number * 613) % 1_000_000),
            Kind::Word => format!("hoangyen-{}-{number:04}", syllables(number)),
        };
        self.given.push((kind, value.clone()));
        value
    }

    /// A value made elsewhere, such as a token.
    pub fn add(&mut self, value: impl Into<String>) {
        self.given.push((Kind::Word, value.into()));
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.given.len()
    }

    /// The values that stand in `left`, each with the form in which it was found and what stands around it.
    #[must_use]
    pub fn found_in(&self, left: &[u8]) -> Vec<String> {
        // By their first bytes, so that what is left is gone through once: a value's bytes, their form, the value.
        let mut patterns: HashMap<_, Vec<_>> = HashMap::new();
        for (kind, value) in &self.given {
            for (form, bytes) in forms(*kind, value) {
                if let Some(first) = bytes.first_chunk() {
                    patterns.entry(*first).or_default().push((bytes, form, value));
                }
            }
        }
        let mut found = Vec::new();
        for at in 0..left.len() {
            let Some(first) = left[at..].first_chunk::<SHORTEST>() else {
                break;
            };
            for (bytes, form, value) in patterns.get(first).into_iter().flatten() {
                if left[at..].starts_with(bytes) {
                    let around = &left[at.saturating_sub(60)..left.len().min(at + 80)];
                    found.push(format!("{value} {form}: {}", String::from_utf8_lossy(around)));
                }
            }
        }
        found
    }
}

/// How a value could be written.
fn forms(kind: Kind, value: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = value.as_bytes();
    let mut forms = vec![("raw", bytes.to_vec())];
    let mut add = |form, text: Vec<u8>| forms.push((form, text));
    let swapped = |character: char| -> String {
        if character.is_lowercase() {
            character.to_uppercase().collect()
        } else {
            character.to_lowercase().collect()
        }
    };
    add("in lower case", value.to_lowercase().into_bytes());
    add("in upper case", value.to_uppercase().into_bytes());
    add(
        "in the other case",
        value.chars().map(swapped).collect::<String>().into_bytes(),
    );
    add("backwards", value.chars().rev().collect::<String>().into_bytes());
    add("in hex", hex::encode(bytes).into_bytes());
    add("in hex, upper case", hex::encode_upper(bytes).into_bytes());
    let utf16: Vec<u16> = value.encode_utf16().collect();
    add(
        "in UTF-16 LE",
        utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
    );
    add(
        "in UTF-16 BE",
        utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
    );
    for (form, all) in [("URL-encoded", false), ("URL-encoded whole", true)] {
        let mut upper = String::new();
        for byte in bytes {
            if !all && (byte.is_ascii_alphanumeric() || b"-._~".contains(byte)) {
                upper.push(char::from(*byte));
            } else {
                write!(upper, "%{byte:02X}").expect("a string takes it");
            }
        }
        add(form, upper.to_lowercase().into_bytes());
        add(form, upper.into_bytes());
    }
    let escaped: String = value
        .escape_unicode()
        .map(|character| character.to_ascii_lowercase())
        .collect();
    add("as escapes", escaped.into_bytes());
    // In the midst of something longer: each way in which the value can begin between two letters of base64.
    for before in 0..3 {
        for (form, encode) in [
            (
                "in base64",
                STANDARD_NO_PAD.encode([&vec![0; before], bytes].concat()),
            ),
            (
                "in base64url",
                URL_SAFE_NO_PAD.encode([&vec![0; before], bytes].concat()),
            ),
        ] {
            let whole = 4 * ((before + bytes.len()) / 3);
            let start = if before == 0 { 0 } else { before + 1 };
            add(form, encode.as_bytes()[start..whole].to_vec());
        }
    }
    // Whoever has a list of all numbers finds such a hash in it.
    if kind != Kind::Word {
        let hash = Sha256::digest(bytes);
        add("as a hash", hash.to_vec());
        add("as a hash in hex", hex::encode(hash).into_bytes());
    }
    if kind == Kind::Date {
        let parts: Vec<_> = value.split('-').collect();
        add(
            "as it is said",
            [parts[2], parts[1], parts[0]].join("/").into_bytes(),
        );
    }
    forms.retain(|(_, bytes)| bytes.len() >= SHORTEST);
    forms
}

fn syllables(number: usize) -> String {
    const BEGIN: [&str; 8] = ["ph", "kh", "ngh", "tr", "qu", "gi", "th", "v"];
    const END: [&str; 8] = ["uyen", "oanh", "ieng", "uoc", "ay", "ung", "ien", "oat"];
    let part = |number: usize| [BEGIN[number % 8], END[number / 8 % 8]].concat();
    format!("{}{}", part(number), part(number / 64 + 3))
}

/// Nine digits and the check digit of a tax code (weights 31, 29, 23, 19, 17, 13, 7, 5, 3; ten less the remainder by 11).
fn tax_code(number: usize) -> String {
    for nine in 310_000_001 + number * 1_009.. {
        let digits = format!("{nine:010}");
        let sum: usize = digits[1..]
            .bytes()
            .zip([31, 29, 23, 19, 17, 13, 7, 5, 3])
            .map(|(digit, weight)| usize::from(digit - b'0') * weight)
            .sum();
        if let check @ 0..=9 = 10 - sum % 11 {
            return format!("{}{check}", &digits[1..]);
        }
    }
    unreachable!("every second number has a check digit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_every_kind_is_found_where_it_stands_and_nowhere_else() {
        let mut canaries = Canaries::default();
        let kinds = [
            Kind::PersonalId,
            Kind::OldId,
            Kind::TaxCode,
            Kind::Name,
            Kind::Date,
            Kind::Phone,
            Kind::Word,
        ];
        for kind in kinds.into_iter().cycle().take(42) {
            canaries.next(kind);
        }
        let values: std::collections::HashSet<_> = canaries.given.iter().map(|(_, value)| value).collect();
        assert_eq!(values.len(), 42, "no value twice");
        for (kind, value) in &canaries.given {
            for (form, bytes) in forms(*kind, value) {
                let left = [b"something before ", &*bytes, b" and after"].concat();
                assert!(!canaries.found_in(&left).is_empty(), "{value} {form}");
            }
            for before in ["", "a", "ab"] {
                let inside = STANDARD_NO_PAD.encode(format!("{before}{value} and more"));
                assert!(
                    !canaries.found_in(inside.as_bytes()).is_empty(),
                    "{value} after {before:?}"
                );
            }
        }
        assert!(
            canaries
                .found_in(b"nothing of the sort stands in this line, 0123456789")
                .is_empty()
        );
    }
}
