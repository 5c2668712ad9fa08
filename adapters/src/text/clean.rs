//! The first cleaning of any text: one spelling for what looks the same.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The text in NFC, look-alike letters replaced, invisible characters removed, every run of blanks
/// made one space, no blank at either end. Text that is already clean is borrowed.
pub(super) fn cleaned(text: &str) -> Cow<'_, str> {
    if is_clean(text) {
        return Cow::Borrowed(text);
    }
    if text.is_ascii() {
        return Cow::Owned(blanks_folded(text.chars(), text.len()));
    }
    // Invisible characters go first: one that stands between a letter and its mark would keep
    // NFC from joining the two.
    let visible = text.chars().filter(|&c| !is_invisible(c));
    Cow::Owned(blanks_folded(visible.map(usual_twin).nfc(), text.len()))
}

/// The upper case of text that is clean, again in NFC.
pub(super) fn upper(clean: &str) -> String {
    let upper = clean.to_uppercase();
    match is_nfc_quick(upper.chars()) {
        IsNormalized::Yes => upper,
        IsNormalized::No | IsNormalized::Maybe => upper.nfc().collect(),
    }
}

fn is_clean(text: &str) -> bool {
    let mut after_blank = true;
    for c in text.chars() {
        let blank = c.is_whitespace();
        if (blank && (after_blank || c != ' ')) || is_invisible(c) || usual_twin(c) != c {
            return false;
        }
        after_blank = blank;
    }
    (!after_blank || text.is_empty()) && (text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes)
}

fn blanks_folded(chars: impl Iterator<Item = char>, length: usize) -> String {
    let mut folded = String::with_capacity(length);
    let mut blank_waits = false;
    for c in chars {
        if c.is_whitespace() {
            blank_waits = !folded.is_empty();
            continue;
        }
        if blank_waits {
            folded.push(' ');
            blank_waits = false;
        }
        folded.push(c);
    }
    folded
}

/// Zero-width characters, the soft hyphen and the marks of writing direction.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}'
    )
}

/// Eth and the African D, typed for the Vietnamese Đ that they look like; the curved apostrophes
/// of word processors.
fn usual_twin(c: char) -> char {
    match c {
        '\u{D0}' | '\u{189}' => 'Đ',
        '\u{F0}' | '\u{256}' => 'đ',
        '\u{2018}' | '\u{2019}' | '\u{2BC}' => '\'',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_text_is_borrowed() {
        for text in ["", "NGUYEN VAN DUC", "Nguyễn Văn Đức", "H'Hen Niê"] {
            assert!(
                matches!(cleaned(text), Cow::Borrowed(same) if same == text),
                "{text}"
            );
        }
    }

    #[test]
    fn blanks_of_every_kind_become_one_space_and_none_is_left_at_the_ends() {
        assert_eq!(cleaned("\t A \r\n B\u{A0}\u{3000}C\u{2028}"), "A B C");
        assert_eq!(cleaned(" \u{A0} "), "");
    }

    #[test]
    fn an_invisible_character_does_not_part_a_letter_from_its_mark() {
        assert_eq!(cleaned("Ho\u{200B}a\u{200D}\u{300}"), "Hoà");
        assert_eq!(cleaned("\u{FEFF}An"), "An");
    }

    #[test]
    fn twins_of_d_and_of_the_apostrophe_are_replaced() {
        assert_eq!(cleaned("ÐƉðɖ ’‘ʼ"), "ĐĐđđ '''");
    }
}
