//! What two names have in common, by rule and never by distance.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::key;

/// The four things that may be said of two names. Only [`Same`](Self::Same) is agreement; the two
/// middle ones are shown to the officer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameComparison {
    /// The keys are equal.
    Same,
    /// The keys are equal once all marks are taken off, the stroke of Đ among them.
    SameWithoutMarks,
    /// The same words, marks included, stand in another order.
    SameWordsOtherOrder,
    /// None of these. A name without a single letter is different from every name.
    Different,
}

impl NameComparison {
    /// The stable word used in answers, records and settings.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::SameWithoutMarks => "same_without_marks",
            Self::SameWordsOtherOrder => "same_words_other_order",
            Self::Different => "different",
        }
    }
}

/// Compares two names by their keys. Symmetric. `i` and `y` differ, and two wrong letters are as
/// different as twenty: a one-stop system was seen to accept names at half an edit distance.
///
/// Source: domain rule 4.4 (3); pains 4.2.
#[must_use]
pub fn compare(left: &str, right: &str) -> NameComparison {
    if !has_letter(left) || !has_letter(right) {
        return NameComparison::Different;
    }
    if left == right {
        return NameComparison::Same;
    }
    if left.is_ascii() && right.is_ascii() {
        return compare_ascii(left, right);
    }
    let (left, right) = (key(left), key(right));
    if left == right {
        NameComparison::Same
    } else if without_marks(&left).eq(without_marks(&right)) {
        NameComparison::SameWithoutMarks
    } else {
        other_order(&left, &right)
    }
}

/// Without marks on either side there is nothing to normalise and nothing to allocate.
fn compare_ascii(left: &str, right: &str) -> NameComparison {
    let mut left_words = left.split_whitespace();
    let mut right_words = right.split_whitespace();
    loop {
        match (left_words.next(), right_words.next()) {
            (None, None) => return NameComparison::Same,
            (Some(l), Some(r)) if l.eq_ignore_ascii_case(r) => {}
            _ => return other_order(&left.to_ascii_uppercase(), &right.to_ascii_uppercase()),
        }
    }
}

fn other_order(left_key: &str, right_key: &str) -> NameComparison {
    if sorted_words(left_key) == sorted_words(right_key) {
        NameComparison::SameWordsOtherOrder
    } else {
        NameComparison::Different
    }
}

fn sorted_words(key: &str) -> Vec<&str> {
    let mut words: Vec<&str> = key.split_whitespace().collect();
    words.sort_unstable();
    words
}

/// The letters of a key without marks. The strokes of Đ and of Ƀ (Ê Đê, Gia Rai) do not decompose
/// and are taken off by name.
fn without_marks(key: &str) -> impl Iterator<Item = char> + '_ {
    key.nfd().filter(|&c| !is_combining_mark(c)).map(|c| match c {
        'Đ' => 'D',
        'Ƀ' => 'B',
        other => other,
    })
}

fn has_letter(name: &str) -> bool {
    name.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::NameComparison::{Different, Same, SameWithoutMarks, SameWordsOtherOrder};
    use super::*;

    #[test]
    fn the_examples_of_the_domain_page_hold() {
        assert_eq!(compare("Nguyễn Văn Ðức", "Nguyễn Văn Đức"), Same);
        assert_eq!(compare("Nguyễn Văn Đức", "NGUYEN VAN DUC"), SameWithoutMarks);
        assert_eq!(compare("Hương", "Hường"), SameWithoutMarks);
        assert_eq!(compare("Lê Thị Mỹ", "Lê Thị Mĩ"), Different);
        assert_eq!(compare("Nguyễn Văn An", "An Văn Nguyễn"), SameWordsOtherOrder);
    }

    #[test]
    fn plain_ascii_takes_the_same_four_answers() {
        assert_eq!(compare("Nguyen  Van An", " NGUYEN VAN AN"), Same);
        assert_eq!(compare("Nguyen Van An", "an van nguyen"), SameWordsOtherOrder);
        assert_eq!(compare("Nguyen Van An", "Nguyen Van"), Different);
    }

    #[test]
    fn one_wrong_letter_is_different() {
        assert_eq!(compare("Nguyễn Văn An", "Nguyễn Văn Am"), Different);
        assert_eq!(compare("Nguyễn Văn An", "Nguyễn Vănan"), Different);
    }

    #[test]
    fn other_order_counts_words_and_marks() {
        assert_eq!(compare("An An Lê", "An Lê Lê"), Different);
        assert_eq!(compare("Nguyễn Văn An", "An Van Nguyen"), Different);
    }

    #[test]
    fn a_name_without_a_letter_agrees_with_nothing_not_even_itself() {
        for nothing in ["", " ", "\u{200B}", ".", "-", "000"] {
            assert_eq!(compare(nothing, nothing), Different, "{nothing:?}");
        }
    }

    #[test]
    fn a_cyrillic_letter_is_not_the_latin_one_it_looks_like() {
        assert_eq!(compare("Nguyễn Văn \u{410}n", "Nguyễn Văn An"), Different);
    }
}
