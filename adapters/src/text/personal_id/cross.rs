//! Whether a personal id fits the sex and the year of birth recorded beside it.

use super::PersonalId;
use crate::text::plain::text_key;

/// The sex that a record or an id states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sex {
    /// Nam.
    Male,
    /// Nữ.
    Female,
}

impl Sex {
    /// Reads `Nam` or `1`, `Nữ` or `2`. Every other word, 0 (unknown) and 3 (other) among them, is
    /// no statement to check an id against.
    ///
    /// Source: domain section 2.1, GioiTinh.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match text_key(word).as_str() {
            "NAM" | "1" => Some(Self::Male),
            "NỮ" | "2" => Some(Self::Female),
            _ => None,
        }
    }
}

/// The result of a cross-check. A conflict is a warning: sex and year of birth can be corrected
/// and the number replaced later; the registry decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CrossCheck {
    /// What is known fits.
    Agrees,
    /// The sex does not fit; the year does, or is not known.
    ConflictSex,
    /// The year of birth does not fit; the sex does, or is not known.
    ConflictYear,
    /// Neither fits.
    ConflictSexAndYear,
    /// A 9-digit number, or neither sex nor year is known.
    NothingToSay,
}

impl CrossCheck {
    /// The stable word used in answers and records.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::ConflictSex => "conflict_sex",
            Self::ConflictYear => "conflict_year",
            Self::ConflictSexAndYear => "conflict_sex_and_year",
            Self::NothingToSay => "nothing_to_say",
        }
    }
}

/// Checks an id against the sex and the year of birth, as far as they are known. The place is not
/// checked: it is where the birth was registered, which no other field states.
///
/// Source: domain section 2.5, "use".
#[must_use]
pub fn cross_check(id: &PersonalId, sex: Option<Sex>, birth_year: Option<i16>) -> CrossCheck {
    let Some(encoded) = id.encoded() else {
        return CrossCheck::NothingToSay;
    };
    let sex_fits = sex.map(|sex| sex == encoded.sex);
    let year_fits = birth_year.map(|year| year == encoded.birth_year);
    match (sex_fits, year_fits) {
        (None, None) => CrossCheck::NothingToSay,
        (Some(false), Some(false)) => CrossCheck::ConflictSexAndYear,
        (Some(false), _) => CrossCheck::ConflictSex,
        (_, Some(false)) => CrossCheck::ConflictYear,
        (Some(true), _) | (_, Some(true)) => CrossCheck::Agrees,
    }
}

#[cfg(test)]
mod tests {
    use super::CrossCheck::{Agrees, ConflictSex, ConflictSexAndYear, ConflictYear, NothingToSay};
    use super::Sex::{Female, Male};
    use super::*;
    use crate::text::personal_id::parse;

    #[test]
    fn a_man_of_1990_is_checked_as_far_as_he_is_known() {
        let id = parse("079090123456").expect("a personal id");
        assert_eq!(cross_check(&id, Some(Male), Some(1990)), Agrees);
        assert_eq!(cross_check(&id, Some(Male), None), Agrees);
        assert_eq!(cross_check(&id, None, Some(1990)), Agrees);
        assert_eq!(cross_check(&id, Some(Female), Some(1990)), ConflictSex);
        assert_eq!(cross_check(&id, None, Some(1991)), ConflictYear);
        assert_eq!(cross_check(&id, Some(Female), Some(1991)), ConflictSexAndYear);
        assert_eq!(cross_check(&id, None, None), NothingToSay);
    }

    #[test]
    fn an_old_card_number_says_nothing() {
        let id = parse("012345678").expect("a card number");
        assert_eq!(cross_check(&id, Some(Male), Some(1990)), NothingToSay);
    }

    #[test]
    fn the_words_for_sex_are_read_in_any_case_and_others_are_no_statement() {
        assert_eq!(Sex::parse(" nam "), Some(Male));
        assert_eq!(Sex::parse("Nu\u{31B}\u{303}"), Some(Female));
        assert_eq!(Sex::parse("2"), Some(Female));
        for word in ["", "0", "3", "Nu", "khác"] {
            assert_eq!(Sex::parse(word), None, "{word}");
        }
    }
}
