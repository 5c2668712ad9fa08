use std::collections::BTreeMap;

use adapters::settings::{Interval, Size};
use proptest::prelude::*;
use serde::Deserialize;
use toml::Spanned;

use super::*;
use crate::settings::{AgencySettings, AgreementSettings, Day, GatewaySettings, ProcedureSettings};

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct House {
    name: Spanned<String>,
    kind: Kind,
    size: Size,
    rest: Interval,
    built: Day,
    rooms: Spanned<Vec<Room>>,
    address: Address,
    #[serde(default)]
    floors: u8,
    #[serde(default)]
    notes: BTreeMap<Spanned<String>, u8>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Room {
    name: String,
    doors: u8,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Address {
    street: String,
    number: u16,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    TownHouse,
    Farm,
}

const WHOLE: &str = r#"name = "Nhà"
kind = "farm"
size = "1 KiB"
rest = "2s"
built = 2026-01-31
address = { street = "Đường số 3", number = 12 }

[[rooms]]
name = "a"
doors = 1
"#;

fn mistakes(text: &str) -> Vec<String> {
    problems::<House>(text)
}

fn problems<T: DeserializeOwned>(text: &str) -> Vec<String> {
    let source = Source {
        path: "h.toml".into(),
        text: text.to_owned(),
    };
    let (_, mut problems) = read::<T>(&source);
    problems.sort();
    let line = |problem: &Problem| {
        let position = problem.position.expect("every mistake has a place");
        format!("{}:{} {}", position.line, position.column, problem.message)
    };
    problems.iter().map(line).collect()
}

#[test]
fn a_file_without_mistakes_is_read_as_it_stands() {
    let source = Source {
        path: "h.toml".into(),
        text: WHOLE.to_owned(),
    };
    let (house, problems) = read::<House>(&source);
    assert_eq!(problems, []);
    let house = house.expect("it is whole");
    assert_eq!(house.name.span(), 7..13);
    assert_eq!(house.rooms.get_ref().len(), 1);
}

#[test]
fn every_mistake_of_a_file_is_told_with_its_place_and_the_nearest_name() {
    let text = r#"nam = "Nhà"
kind = "form"
size = "1 KB"
rest = 2
built = "2026-01-31"
floors = 1000
address = { street = 3, number = "12", town = "x" }

[[rooms]]
name = "a"
dors = 1

[[rooms]]
name = []
doors = -1
"#;
    assert_eq!(
        mistakes(text),
        [
            "1:1 missing key \"name\"",
            "1:1 unknown key: found \"nam\", wanted one of \"address\", \"built\", \"floors\", \"kind\", \"name\", \"notes\", \"rest\", \"rooms\", \"size\"; the nearest is \"name\"",
            "2:8 found \"form\", wanted one of \"farm\", \"town-house\"; the nearest is \"farm\"",
            "3:8 found \"1 KB\", wanted a size with its unit, such as \"512 B\", \"64 KiB\", \"8 MiB\" or \"1 GiB\"",
            "4:8 found 2, wanted a length of time with its unit, such as \"250ms\", \"30s\", \"5m\", \"2h\" or \"1d\"",
            "5:9 found \"2026-01-31\", wanted a day without quotation marks, such as 2026-01-31",
            "6:10 found 1000, wanted a whole number, 0 or more and not too large",
            "7:22 found 3, wanted a text in quotation marks",
            "7:34 found \"12\", wanted a whole number, 0 or more and not too large",
            "7:40 unknown key: found \"town\", wanted one of \"number\", \"street\"",
            "9:1 missing key \"doors\"",
            "11:1 unknown key: found \"dors\", wanted one of \"doors\", \"name\"; the nearest is \"doors\"",
            "14:8 found an array, wanted a text in quotation marks",
            "15:9 found -1, wanted a whole number, 0 or more and not too large",
        ]
    );
}

#[test]
fn a_file_with_nothing_in_it_lacks_each_needed_key_and_nothing_more() {
    assert_eq!(
        mistakes(""),
        ["address", "built", "kind", "name", "rest", "rooms", "size"]
            .map(|key| format!("1:1 missing key {key:?}"))
    );
}

#[test]
fn a_value_of_the_wrong_type_is_one_mistake_and_not_also_a_missing_key() {
    let text = WHOLE.replace("\"farm\"", "7").replace("[[rooms]]", "[rooms]");
    assert_eq!(
        mistakes(&text),
        [
            "2:8 wanted a word in quotation marks",
            "8:1 found a table, wanted an array",
        ]
    );
}

#[test]
fn every_mistake_in_the_form_is_told_before_any_in_the_meaning() {
    let text = "a = \nb = 1\nb = 2\n[c\n";
    let mistakes = mistakes(text);
    assert!(mistakes.len() == 3, "{mistakes:#?}");
    assert!(
        mistakes.iter().any(|mistake| mistake == "3:1 duplicate key"),
        "{mistakes:#?}"
    );
    assert!(
        !mistakes.iter().any(|mistake| mistake.contains("missing key")),
        "{mistakes:#?}"
    );
}

#[test]
fn a_file_full_of_mistakes_is_given_up_after_a_hundred() {
    let text: String = (0..500).map(|number| format!("k{number} = 1\n")).collect();
    assert_eq!(mistakes(&text).len(), MOST_MISTAKES);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_text_makes_reading_panic(text in "\\PC*") {
        problems::<House>(&text);
        problems::<GatewaySettings>(&text);
    }

    #[test]
    fn no_change_of_a_good_file_makes_reading_panic_or_is_told_without_a_place(
        start in 0usize..400,
        length in 0usize..40,
        put in "[\\[\\]{}='\"a-z0-9.\n# ]{0,12}",
    ) {
        let text = include_str!("../../../../config/agencies/H29.12.toml");
        let at = text.floor_char_boundary(start.min(text.len()));
        let end = text.floor_char_boundary((start + length).min(text.len()));
        let changed = format!("{}{put}{}", &text[..at], &text[end.max(at)..]);
        problems::<AgencySettings>(&changed);
        problems::<AgreementSettings>(&changed);
        problems::<ProcedureSettings>(&changed);
        problems::<adapters::RegistrySettings>(&changed);
    }
}
