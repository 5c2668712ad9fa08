use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::*;

const FIXTURE: &str = include_str!("../../fixtures/cases.json");

/// The tables of the example tree, and a few communes, whose whole table every operator takes from
/// QĐ 19/2025.
pub(crate) fn tables() -> CodeTables {
    let texts = [
        ("province", include_str!("../../../config/codes/province.toml")),
        ("agency", include_str!("../../../config/codes/agency.toml")),
        ("sex", include_str!("../../../config/codes/sex.toml")),
        (
            "marital-status",
            include_str!("../../../config/codes/marital-status.toml"),
        ),
        (
            "enterprise-state",
            include_str!("../../../config/codes/enterprise-state.toml"),
        ),
        (
            "dossier-state",
            include_str!("../../../config/codes/dossier-state.toml"),
        ),
        ("vsic", include_str!("../../../config/codes/vsic.toml")),
        ("commune", include_str!("../../fixtures/commune.toml")),
    ];
    let table = |(name, text): (&str, &str)| {
        let settings: CodeTableSettings =
            toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let table =
            CodeTable::compile(name, &settings).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        (name.to_owned(), Arc::new(table))
    };
    texts.into_iter().map(table).collect()
}

const TODAY: Date = date(2026, 11, 24);

fn read(table: &CodeTable, code: &str, day: Date) -> String {
    match table.read(code, When::Day(day)) {
        Reading::Valid(code) => code.label.clone(),
        Reading::Closed(code) => format!("closed_to:{}", code.becomes.join(",")),
        Reading::Unsure => "unsure".to_owned(),
        Reading::Unknown => "reject".to_owned(),
    }
}

/// The word of the value that a code means, such as `active`.
fn word(table: &CodeTable, code: &str, prefix: &str) -> String {
    match table.read(code, When::Unsaid) {
        Reading::Valid(code) => code.value.as_ref().map_or(String::new(), |value| {
            value.get_ref().trim_start_matches(prefix).to_lowercase()
        }),
        _ => "reject".to_owned(),
    }
}

fn answer(tables: &CodeTables, family: &str, input: &Value) -> Option<Value> {
    let text = input.as_str().unwrap_or("");
    let table = |name: &str| tables.get(name).expect("the table is there");
    Some(match family {
        "province_on_date" => {
            let day = input["on"]
                .as_str()
                .and_then(|day| day.parse().ok())
                .expect("a day");
            json!(read(
                table("province"),
                input["code"].as_str().expect("a code"),
                day
            ))
        }
        "province_name_today" => json!(table("province").by_name(text, TODAY).map(|code| &code.code)),
        "ward_today_from_old" => {
            let commune = table("commune");
            let (Reading::Valid(old) | Reading::Closed(old)) =
                commune.read(text, When::Edition("QD124/2004"))
            else {
                return Some(Value::Null);
            };
            json!(
                commune
                    .on_day(old, TODAY)
                    .iter()
                    .map(|code| &code.code)
                    .collect::<Vec<_>>()
            )
        }
        "agency_code_today" => {
            let read = read(table("agency"), text, TODAY);
            json!(if read.starts_with("closed") {
                read
            } else {
                format!("{text} {read}")
            })
        }
        "enterprise_status" => json!(word(table("enterprise-state"), text, "LEGAL_STATE_")),
        "dossier_status" => json!(word(table("dossier-state"), text, "DOSSIER_STATE_")),
        _ => return None,
    })
}

#[test]
fn every_case_of_the_families_about_codes_has_the_expected_answer() {
    let fixture: Value = serde_json::from_str(FIXTURE).expect("the fixture is JSON");
    let tables = tables();
    let mut answered = BTreeMap::new();
    for case in fixture["cases"].as_array().expect("cases") {
        let family = case["family"].as_str().expect("a family");
        if let Some(got) = answer(&tables, family, &case["input"]) {
            assert_eq!(got, case["expected"], "{family} {}", case["input"]);
            *answered.entry(family).or_insert(0) += 1;
        }
    }
    assert_eq!(
        answered.into_iter().collect::<Vec<_>>(),
        [
            ("agency_code_today", 3),
            ("dossier_status", 8),
            ("enterprise_status", 5),
            ("province_name_today", 11),
            ("province_on_date", 10),
            ("ward_today_from_old", 3),
        ]
    );
}

#[test]
fn there_are_34_provinces_and_seven_codes_that_changed_their_meaning() {
    let tables = tables();
    let province = &tables["province"];
    let (last_day, first_day) = (date(2025, 6, 30), date(2025, 7, 1));
    let alive = |day| {
        let mut codes: Vec<_> = province.codes().map(|code| code.code.clone()).collect();
        codes.sort();
        codes.dedup();
        codes.retain(|code| matches!(province.read(code, When::Day(day)), Reading::Valid(_)));
        codes
    };
    assert_eq!((alive(last_day).len(), alive(first_day).len()), (63, 34));
    let mut changed = alive(first_day);
    changed.retain(|code| read(province, code, last_day) != read(province, code, first_day));
    assert_eq!(changed, ["15", "24", "44", "52", "80", "82", "91"]);
    for code in changed {
        assert_eq!(province.read(&code, When::Unsaid), Reading::Unsure, "{code}");
    }
}

#[test]
fn a_number_gets_its_lost_zeros_back_and_an_edition_chooses() {
    let tables = tables();
    let province = &tables["province"];
    assert_eq!(province.padded("1"), "01");
    assert_eq!(read(province, "1", TODAY), "Hà Nội");
    for code in ["", "001", "x", "1a", "-1"] {
        assert_eq!(
            province.read(code, When::Day(TODAY)),
            Reading::Unknown,
            "{code:?}"
        );
    }
    let label = |when| match province.read("15", when) {
        Reading::Valid(code) => code.label.as_str(),
        _ => "",
    };
    assert_eq!(label(When::Edition("QD124/2004")), "Yên Bái");
    assert_eq!(label(When::Edition("QD19/2025")), "Lào Cai");
    assert_eq!(
        label(When::Edition("QD1/1900")),
        "",
        "an edition that nobody knows chooses nothing"
    );
    let vsic = &tables["vsic"];
    assert_eq!(vsic.edition_on(date(2025, 11, 14)), Some("QD27/2018"));
    assert_eq!(vsic.edition_on(date(2025, 11, 15)), Some("QD36/2025"));
}

#[test]
fn everything_wrong_with_a_table_is_told_at_its_place() {
    let text = r#"
title_vi = "x"
title_en = "x"
source = "x"
digits = 2
editions = [{ version = "a", to = "2025-06-30" }, { version = "b", from = "2025-06-30" }]
codes = [
    { code = "01", to = "2025-06-30", becomes = ["03"] },
    { code = "01", from = "2025-06-01" },
    { code = "2" },
    { code = "04", from = "2025-02-02", to = "2025-02-01" },
    { code = "05", becomes = ["01"] },
]
"#;
    let settings: CodeTableSettings = toml::from_str(text).expect("the form is right");
    let problems = CodeTable::compile("x", &settings).expect_err("much is wrong");
    let told: Vec<_> = problems
        .iter()
        .map(|problem| {
            (
                problem.span.clone().and_then(|span| text.get(span)).unwrap_or(""),
                problem.message.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                "{ version = \"b\", from = \"2025-06-30\" }",
                "edition \"b\" shares its name or a day with another one"
            ),
            (
                "{ code = \"01\", from = \"2025-06-01\" }",
                "code \"01\" means two things on one day"
            ),
            ("{ code = \"2\" }", "found code \"2\", wanted 2 digits"),
            (
                "{ code = \"04\", from = \"2025-02-02\", to = \"2025-02-01\" }",
                "the last day is before the first"
            ),
            (
                "\"03\"",
                "found \"03\", wanted a code that is valid the day after; the nearest is \"01\""
            ),
            ("\"01\"", "a code without a last day becomes nothing"),
        ]
    );
}
