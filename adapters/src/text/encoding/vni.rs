//! VNI for Windows: a plain letter, then one character for its marks; a few letters have a place
//! of their own.

use unicode_normalization::UnicodeNormalization as _;

use super::NotInEncoding;

const GRAVE: char = '\u{300}';
const ACUTE: char = '\u{301}';
const CIRCUMFLEX: char = '\u{302}';
const TILDE: char = '\u{303}';
const BREVE: char = '\u{306}';
const HOOK: char = '\u{309}';
const DOT: char = '\u{323}';

/// The small letters with a place of their own. Their capitals stand 0x20 lower.
const LETTERS: [(u8, char); 9] = [
    (0xe6, 'ỉ'),
    (0xec, 'ì'),
    (0xed, 'í'),
    (0xee, 'ỵ'),
    (0xf1, 'đ'),
    (0xf2, 'ị'),
    (0xf3, 'ĩ'),
    (0xf4, 'ơ'),
    (0xf6, 'ư'),
];

/// The marks that follow a small letter: those of the letter, and the tone. 0x20 lower for a
/// capital; in practice either follows either.
const MARKS: [(u8, Option<char>, Option<char>); 17] = [
    (0xf9, None, Some(ACUTE)),
    (0xf8, None, Some(GRAVE)),
    (0xfb, None, Some(HOOK)),
    (0xf5, None, Some(TILDE)),
    (0xef, None, Some(DOT)),
    (0xe2, Some(CIRCUMFLEX), None),
    (0xe1, Some(CIRCUMFLEX), Some(ACUTE)),
    (0xe0, Some(CIRCUMFLEX), Some(GRAVE)),
    (0xe5, Some(CIRCUMFLEX), Some(HOOK)),
    (0xe3, Some(CIRCUMFLEX), Some(TILDE)),
    (0xe4, Some(CIRCUMFLEX), Some(DOT)),
    (0xea, Some(BREVE), None),
    (0xe9, Some(BREVE), Some(ACUTE)),
    (0xe8, Some(BREVE), Some(GRAVE)),
    (0xfa, Some(BREVE), Some(HOOK)),
    (0xfc, Some(BREVE), Some(TILDE)),
    (0xeb, Some(BREVE), Some(DOT)),
];

pub(super) fn decode(bytes: &[u8]) -> Result<String, NotInEncoding> {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let letter = letter(byte)?;
        match rest
            .split_first()
            .and_then(|(&next, after)| Some((marked(letter, next)?, after)))
        {
            Some((marked, after)) => {
                text.push(marked);
                rest = after;
            }
            None => text.push(letter),
        }
    }
    Ok(text)
}

/// The letter that stands at one place. A mark without a letter is no text in this encoding.
fn letter(byte: u8) -> Result<char, NotInEncoding> {
    if matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0xa0) {
        return Ok(char::from(byte));
    }
    let small = byte | 0x20;
    let (_, letter) = LETTERS
        .iter()
        .find(|(place, _)| *place == small)
        .ok_or(NotInEncoding)?;
    if byte == small {
        return Ok(*letter);
    }
    letter.to_uppercase().next().ok_or(NotInEncoding)
}

/// The letter with the marks that the next place adds. `None` when that adds nothing to this letter.
fn marked(letter: char, next: u8) -> Option<char> {
    if !(0xc0..=0xff).contains(&next) {
        return None;
    }
    let (_, of_letter, tone) = MARKS.iter().find(|(place, ..)| *place == next | 0x20)?;
    // Marks compose with foreign letters too: only Vietnamese vowels take them here.
    let vowels = match of_letter {
        Some(CIRCUMFLEX) => "aeoAEO",
        Some(_) => "aA",
        None => "aeiouyơưAEIOUYƠƯ",
    };
    if !vowels.contains(letter) {
        return None;
    }
    let marks = of_letter.iter().chain(tone).copied();
    let mut composed = std::iter::once(letter).chain(marks).nfc();
    composed.next().filter(|_| composed.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vowel_takes_its_marks_in_either_case() {
        for (bytes, wanted) in [
            (&b"a\xf9a\xf8a\xfba\xf5a\xef"[..], "áàảãạ"),
            (b"a\xe2a\xe1a\xe0a\xe5a\xe3a\xe4", "âấầẩẫậ"),
            (b"a\xeaa\xe9a\xe8a\xfaa\xfca\xeb", "ăắằẳẵặ"),
            (b"e\xe2e\xe1e\xe0e\xe5e\xe3e\xe4", "êếềểễệ"),
            (b"o\xe2o\xe1o\xe0o\xe5o\xe3o\xe4", "ôốồổỗộ"),
            (b"\xf4\xf4\xf9\xf4\xf8\xf4\xfb\xf4\xf5\xf4\xef", "ơớờởỡợ"),
            (b"\xf6\xf6\xf9\xf6\xf8\xf6\xfb\xf6\xf5\xf6\xef", "ưứừửữự"),
            (b"\xed\xec\xe6\xf3\xf2y\xf9y\xf8y\xfby\xf5\xee\xf1", "íìỉĩịýỳỷỹỵđ"),
            (b"A\xd9\xd6\xd9\xd4\xcfE\xc3\xd1\xcdU\xcf", "ÁỨỢỄĐÍỤ"),
            (b"E\xe3", "Ễ"),
        ] {
            assert_eq!(decode(bytes).as_deref(), Ok(wanted));
        }
    }

    #[test]
    fn marks_without_a_letter_that_takes_them_are_refused() {
        for bytes in [
            &b"\xf9"[..],
            b"b\xf9",
            b"e\xea",
            b"i\xe2",
            b"\xf4\xe2",
            b"a\xf9\xf9",
            b"\xff",
            b"\x81",
        ] {
            assert_eq!(decode(bytes), Err(NotInEncoding), "{bytes:?}");
        }
    }
}
