//! The place of the tone mark in open syllables ending in -oa, -oe and -uy.

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;

/// A vowel without a tone and the same vowel with each of the five tones, in one order everywhere.
type Row = (char, [char; 5]);

const FIRST: [Row; 4] = [
    ('o', ['ò', 'ó', 'ỏ', 'õ', 'ọ']),
    ('O', ['Ò', 'Ó', 'Ỏ', 'Õ', 'Ọ']),
    ('u', ['ù', 'ú', 'ủ', 'ũ', 'ụ']),
    ('U', ['Ù', 'Ú', 'Ủ', 'Ũ', 'Ụ']),
];

const SECOND: [Row; 6] = [
    ('a', ['à', 'á', 'ả', 'ã', 'ạ']),
    ('A', ['À', 'Á', 'Ả', 'Ã', 'Ạ']),
    ('e', ['è', 'é', 'ẻ', 'ẽ', 'ẹ']),
    ('E', ['È', 'É', 'Ẻ', 'Ẽ', 'Ẹ']),
    ('y', ['ỳ', 'ý', 'ỷ', 'ỹ', 'ỵ']),
    ('Y', ['Ỳ', 'Ý', 'Ỷ', 'Ỹ', 'Ỵ']),
];

/// Moves the tone mark of every open syllable -oa, -oe, -uy from the second vowel to the first.
///
/// `text` is in NFC, and so is the result: a vowel is only touched when no further mark follows.
pub(super) fn moved_to_old_place(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.is_ascii() || !text.chars().any(|c| toned_second(c).is_some()) {
        return text;
    }
    let mut letters: Vec<char> = text.chars().collect();
    for at in 1..letters.len() {
        if let Some((first, second)) = moved(&letters, at) {
            letters[at - 1] = first;
            letters[at] = second;
        }
    }
    Cow::Owned(letters.into_iter().collect())
}

/// The two vowels ending at `at` with the mark on the first, when that is where it belongs.
fn moved(letters: &[char], at: usize) -> Option<(char, char)> {
    let (second, tone) = toned_second(letters[at])?;
    let (first, toned) = FIRST.iter().find(|(plain, _)| *plain == letters[at - 1])?;
    let pair = (first.to_ascii_lowercase(), second.to_ascii_lowercase());
    let known = matches!(pair, ('o', 'a' | 'e') | ('u', 'y'));
    // In quý the u belongs to the consonant.
    let after_q = at >= 2 && letters[at - 2].eq_ignore_ascii_case(&'q');
    let open = letters.get(at + 1).is_none_or(|&next| !continues_syllable(next));
    (known && open && !after_q).then(|| (toned[tone], second))
}

/// The vowel of a toned a, e or y, and which tone it bears.
fn toned_second(letter: char) -> Option<(char, usize)> {
    SECOND.iter().find_map(|(plain, toned)| {
        let tone = toned.iter().position(|&t| t == letter)?;
        Some((*plain, tone))
    })
}

fn continues_syllable(next: char) -> bool {
    next.is_alphabetic() || is_combining_mark(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(text: &str) -> String {
        moved_to_old_place(text.into()).into_owned()
    }

    #[test]
    fn every_tone_moves_in_every_open_pair() {
        assert_eq!(moved("hoà hoá hoả hoã hoạ"), "hòa hóa hỏa hõa họa");
        assert_eq!(moved("khoè khoé khoẻ khoẽ khoẹ"), "khòe khóe khỏe khõe khọe");
        assert_eq!(moved("THUỲ THUÝ THUỶ THUỸ THUỴ"), "THÙY THÚY THỦY THŨY THỤY");
    }

    #[test]
    fn nothing_moves_after_q_or_before_a_final() {
        for word in [
            "quý", "Quỳ", "toàn", "khuỷu", "ngoài", "xoáy", "huệ", "của", "chùa", "quá",
        ] {
            assert_eq!(moved(word), word);
        }
    }

    #[test]
    fn a_syllable_ends_at_an_apostrophe_a_hyphen_or_a_blank() {
        assert_eq!(moved("Hoà-Bình"), "Hòa-Bình");
        assert_eq!(moved("H'Hoà Niê"), "H'Hòa Niê");
    }

    #[test]
    fn a_vowel_with_a_further_mark_is_left_alone() {
        assert_eq!(moved("hoạ\u{300}"), "hoạ\u{300}");
        assert_eq!(moved("hoầ"), "hoầ");
    }
}
