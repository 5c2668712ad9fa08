//! Texts of digits, and the numbers that spreadsheets make of them.

/// One digit at least, and nothing but the digits 0 to 9.
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// A number with an exponent, its decimals after a dot or a comma: `7.9090123456E+10`.
pub(super) fn has_exponent(text: &str) -> bool {
    let Some((number, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let (whole, decimals) = number.split_once(['.', ',']).unwrap_or((number, "0"));
    is_digits(whole) && is_digits(decimals) && is_digits(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exponent_needs_a_number_on_both_sides() {
        for text in ["7.9090123456E+10", "7,9e10", "1E-3", "33055e0"] {
            assert!(has_exponent(text), "{text}");
        }
        for text in ["", "E", "E5", "5E", "1.E5", "1E+", "1.2.3E4", "12", "Lê"] {
            assert!(!has_exponent(text), "{text}");
        }
    }
}
