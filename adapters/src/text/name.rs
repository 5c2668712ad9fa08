//! Names of people: one canonical form, and what a comparison of two may say.

mod compare;
mod tone;

use unicode_normalization::UnicodeNormalization;

use super::clean::{cleaned, upper};

pub use compare::{NameComparison, compare};

/// The name in the one spelling that the product keeps beside the text as received: NFC, Đ typed
/// as eth put right, invisible characters removed, blanks folded, straight apostrophe, tone mark
/// in the old place. Capitals stay as they are. Idempotent.
///
/// Source: domain rules 4.4 (1) and (2).
#[must_use]
pub fn normal_form(name: &str) -> String {
    tone::moved_to_old_place(cleaned(name)).into_owned()
}

/// The key by which names are compared: the upper case of the [`normal_form`].
///
/// Source: domain rule 4.4 (3).
#[must_use]
pub fn key(name: &str) -> String {
    upper(&tone::moved_to_old_place(cleaned(name)))
}

/// The word with its tone mark in the old place: `hoà` → `hòa`, `khoẻ` → `khỏe`, `thuỷ` → `thủy`;
/// unchanged after q (`quý`) and before a final (`toàn`, `khuỷu`). The result is in NFC.
///
/// Source: domain rule 4.4 (2).
#[must_use]
pub fn tone_placement(word: &str) -> String {
    tone::moved_to_old_place(word.nfc().collect::<String>().into()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_hoa_have_one_key() {
        let spellings = [
            "Nguyễn Thị Hoà",
            "Nguyễn Thị Hòa",
            "Nguye\u{302}\u{303}n Thi\u{323} Hoa\u{300}",
            " nguyễn  thị\u{A0}hoà ",
            "NGUYỄN THỊ HOÀ",
            "nguyễn thị\u{200B} hòa",
        ];
        for spelling in spellings {
            assert_eq!(key(spelling), "NGUYỄN THỊ HÒA", "{spelling:?}");
        }
    }

    #[test]
    fn the_normal_form_keeps_capitals_as_received() {
        assert_eq!(normal_form(" Trần  thuỲ "), "Trần thùY");
        assert_eq!(normal_form("H’Hen  Niê"), "H'Hen Niê");
    }

    #[test]
    fn a_name_of_nothing_has_an_empty_key() {
        assert_eq!(key(""), "");
        assert_eq!(key(" \u{200B}\u{A0}"), "");
    }
}
