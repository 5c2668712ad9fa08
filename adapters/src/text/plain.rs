//! Free text other than names: addresses, titles, remarks.

use super::clean::{cleaned, upper};

/// The key under which two free texts are the same: NFC, look-alike letters and invisible
/// characters dealt with, blanks folded, upper case. Marks count, and so does their place.
///
/// Source: domain rules 4.4 (1) and (3).
#[must_use]
pub fn text_key(text: &str) -> String {
    upper(&cleaned(text))
}

/// Whether two free texts have the same [`text_key`]. Two empty texts are the same.
#[must_use]
pub fn same_text(left: &str, right: &str) -> bool {
    left == right || text_key(left) == text_key(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_blanks_and_composition_do_not_matter() {
        assert_eq!(text_key(" 12  đường\u{A0}số 3 "), "12 ĐƯỜNG SỐ 3");
        assert!(same_text("Phường Di\u{303} An", "PHƯỜNG DĨ AN"));
    }

    #[test]
    fn marks_and_their_place_do_matter() {
        assert!(!same_text("Dĩ An", "Di An"));
        assert!(!same_text("Khánh Hoà", "Khánh Hòa"));
    }
}
