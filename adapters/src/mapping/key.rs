//! The identifiers by which a subject can be asked for.

/// Longest identifier that is passed on to a registry, in bytes.
const LONGEST: usize = 128;

/// One identifier of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// Number of the record's field that carries it.
    pub(crate) number: u32,
    /// Exact number of digits, when it is made of digits alone.
    pub(crate) digits: Option<usize>,
}

impl Key {
    /// Whether a text has the form of this identifier. The registry isn't asked by what doesn't.
    pub(crate) fn fits(&self, text: &str) -> bool {
        match self.digits {
            Some(digits) => text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit()),
            None => !text.is_empty() && text.len() <= LONGEST && !text.chars().any(char::is_control),
        }
    }
}

/// Place and identifier of the first of `keys` whose form the text has.
pub(crate) fn fitting<'a>(keys: &'a [Key], text: &str) -> Option<(usize, &'a Key)> {
    keys.iter().enumerate().find(|(_, key)| key.fits(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_the_text_chooses_the_identifier() {
        let keys = [
            Key {
                number: 1,
                digits: Some(12),
            },
            Key {
                number: 2,
                digits: Some(9),
            },
        ];
        let number = |text| fitting(&keys, text).map(|(_, key)| key.number);
        assert_eq!(number("079090123456"), Some(1));
        assert_eq!(number("012345678"), Some(2));
        for text in [
            "",
            "0123456789",
            "01234567x",
            "０１２３４５６７８",
            "012345678\0",
            "' OR 1=1 --",
        ] {
            assert_eq!(number(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_free_identifier_is_bounded_and_printable() {
        let key = Key {
            number: 1,
            digits: None,
        };
        assert!(key.fits("0991000007-001") && key.fits("12/2026/PLLTP") && key.fits("Số 7"));
        for text in ["", "a\0b", "a\nb", &"9".repeat(LONGEST + 1)] {
            assert!(!key.fits(text), "{text:?}");
        }
    }
}
