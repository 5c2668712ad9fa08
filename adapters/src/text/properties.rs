//! What holds for every input, tried on many.

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::{agency_code, date, dossier_code, name, personal_id, plain, procedure_code, tax_code};

/// Letters, marks, twins, blanks and invisible characters that meet in names, in any order.
fn name_like() -> impl Strategy<Value = String> {
    "[aeoiuyqhAEOUYQHđĐðÐàáạòóụỳỷÀẠÒỤỶêÊưƀ\u{300}\u{301}\u{302}\u{303}\u{31B}\u{323}\u{200B}\u{FEFF} \u{A0}'’-]{0,24}"
}

/// Letters whose small and capital forms are pairs.
fn paired_letters() -> impl Strategy<Value = String> {
    "[a-zA-ZđĐàáạảãòóọỏõụủúùũỳýỵỷỹÀÁẠÒÓỤỲÝÊêƯưƠơễỄộỘ ' \u{300}\u{301}\u{303}\u{309}\u{323}]{0,24}"
}

/// Texts near the forms that are read, where mistakes of slicing would show.
fn code_like() -> impl Strategy<Value = String> {
    "[0-9GHKTZE/.,: +é\u{A0}-]{0,40}"
}

proptest! {
    #[test]
    fn the_normal_form_of_a_normal_form_is_itself(
        text in prop_oneof![any::<String>(), name_like()],
    ) {
        let once = name::normal_form(&text);
        prop_assert_eq!(name::normal_form(&once), once.clone());
        prop_assert_eq!(name::key(&once), name::key(&text));
        prop_assert!(unicode_normalization::is_nfc(&once));
    }

    #[test]
    fn the_key_does_not_depend_on_composition(
        text in prop_oneof![any::<String>(), name_like()],
    ) {
        let (composed, parted): (String, String) = (text.nfc().collect(), text.nfd().collect());
        prop_assert_eq!(name::key(&composed), name::key(&parted));
        prop_assert_eq!(plain::text_key(&composed), plain::text_key(&parted));
    }

    #[test]
    fn the_key_does_not_depend_on_case(text in paired_letters()) {
        prop_assert_eq!(name::key(&text.to_uppercase()), name::key(&text));
        prop_assert_eq!(name::key(&text.to_lowercase()), name::key(&text));
    }

    #[test]
    fn comparing_names_is_symmetric_and_a_name_is_the_same_as_its_spellings(
        left in name_like(), right in name_like(),
    ) {
        prop_assert_eq!(name::compare(&left, &right), name::compare(&right, &left));
        let with_letter = format!("A {left}");
        let other = with_letter.to_uppercase().nfd().collect::<String>();
        prop_assert_eq!(name::compare(&with_letter, &other), name::NameComparison::Same);
    }

    #[test]
    fn the_short_way_for_ascii_gives_the_answer_of_the_long_way(
        left in "[ab' ]{0,5}", right in "[abAB' ]{0,5}",
    ) {
        // A letter outside ASCII on both sides leads the comparison the long way round.
        let long = name::compare(&format!("é {left}"), &format!("é {right}"));
        let short = name::compare(&format!("e {left}"), &format!("e {right}"));
        prop_assert_eq!(short, long);
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in prop_oneof![any::<String>(), code_like()]) {
        let _ = date::parse(&text);
        let _ = personal_id::parse(&text);
        let _ = personal_id::Sex::parse(&text);
        let _ = tax_code::parse(&text);
        let _ = agency_code::parse(&text);
        let _ = procedure_code::parse(&text);
        let _ = dossier_code::parse(&text);
        let _ = name::tone_placement(&text);
    }

    #[test]
    fn a_date_read_from_its_own_text_is_itself(
        year in date::YEARS, month in proptest::option::of(0..14_u8), day in proptest::option::of(0..33_u8),
    ) {
        if let Ok(date) = date::PartialDate::new(year, month, day) {
            let parsed = date::parse(&date.to_string());
            prop_assert_eq!(parsed, Ok(Some(date::Parsed { date, time: None })));
        }
    }

    #[test]
    fn comparing_dates_is_symmetric(left in "[01][0-9]/0[1-4]/1990|1990", right in "[01][0-9]/0[1-4]/1990|0[1-4]/1990") {
        let read = |text: &str| date::parse(text).ok().flatten().map(|parsed| parsed.date);
        if let (Some(left), Some(right)) = (read(&left), read(&right)) {
            prop_assert_eq!(date::compare(left, right), date::compare(right, left));
        }
    }

    #[test]
    fn exactly_the_check_digit_makes_a_tax_code(first_nine in proptest::array::uniform9(0..10_u8)) {
        let prefix: String = first_nine.iter().map(ToString::to_string).collect();
        let right = tax_code::check_digit(first_nine);
        for last in 0..10_u8 {
            let text = format!("{prefix}{last}");
            let read = tax_code::parse(&text);
            prop_assert_eq!(read.is_ok(), right == Some(last));
            if let Ok(code) = read {
                prop_assert_eq!(code.canonical(), text);
            }
        }
    }

    #[test]
    fn what_was_read_is_read_again_from_its_canonical_text(text in code_like()) {
        if let Ok(code) = agency_code::parse(&text) {
            prop_assert_eq!(agency_code::parse(code.as_str()), Ok(code));
        }
        if let Ok(code) = tax_code::parse(&text) {
            prop_assert_eq!(tax_code::parse(&code.canonical()), Ok(code));
        }
        if let Ok(id) = personal_id::parse(&text) {
            prop_assert_eq!(personal_id::parse(id.as_str()), Ok(id));
        }
    }
}
