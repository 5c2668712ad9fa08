//! Personal identifiers and tax codes by their official rules.

/// A 12-digit personal identifier: place of birth registration, century and sex, year, six digits
/// (Decree 137/2015, article 13). There is no check digit.
pub(crate) fn personal_id(id_prefix: &str, year: i32, female: bool, serial: u64) -> String {
    let century = (year.clamp(1900, 2399) - 1900) / 100;
    let digit = century * 2 + i32::from(female);
    format!(
        "{id_prefix}{digit}{:02}{:06}",
        year.rem_euclid(100),
        serial % 1_000_000
    )
}

/// Six digits for person `index`: no two of a million persons share them.
pub(crate) fn serial(index: u64) -> u64 {
    (index % 1_000_000 * 618_033 + 271_828) % 1_000_000
}

/// A nine-digit number of the former identity card: no two persons of 900 million share one.
pub(crate) fn old_id9(index: u64) -> String {
    format!("{}", 100_000_000 + index % 900_000_000 * 7_654_321 % 900_000_000)
}

/// The tax code of enterprise `index` in a two-digit place of the tax register. Of two neighbouring
/// numbers at most one can't be issued, so each enterprise has two to choose from.
pub(crate) fn tax_code(place: &str, index: u64) -> String {
    let pair = (index % 4_999_999 * 1_234_577 + 31_337) % 4_999_999 * 2;
    for number in [pair, pair + 1] {
        let first_nine = format!("{place}{number:07}");
        if let Some(digit) = check_digit(&first_nine) {
            return format!("{first_nine}{digit}");
        }
    }
    unreachable!("two neighbouring numbers differ by 3 modulo 11")
}

fn check_digit(first_nine: &str) -> Option<u8> {
    let digits: Vec<u8> = first_nine.bytes().map(|byte| byte.wrapping_sub(b'0')).collect();
    adapters::text::tax_code::check_digit(digits.try_into().ok()?)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_worked_examples_of_the_tax_rule_come_out() {
        assert_eq!(check_digit("099100000"), Some(7));
        assert_eq!(check_digit("099100006"), Some(0));
        assert_eq!(check_digit("099100011"), None);
        assert_eq!(check_digit("010023348"), Some(8));
    }

    #[test]
    fn a_personal_id_tells_place_sex_and_year() {
        assert_eq!(personal_id("001", 1985, true, 1), "001185000001");
        assert_eq!(personal_id("079", 2005, false, 1), "079205000001");
        assert_eq!(personal_id("079", 2010, true, 1), "079310000001");
    }

    #[test]
    fn no_two_persons_and_no_two_enterprises_share_a_number() {
        let serials: HashSet<u64> = (0..1_000_000).map(serial).collect();
        assert_eq!(serials.len(), 1_000_000);
        let cards: HashSet<String> = (0..100_000).map(old_id9).collect();
        assert_eq!(cards.len(), 100_000);
        let codes: HashSet<String> = (0..100_000).map(|index| tax_code("01", index)).collect();
        assert_eq!(codes.len(), 100_000);
    }
}
