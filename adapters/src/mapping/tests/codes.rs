//! Codes and names of the example tree's tables, through mappings; and numbers of persons against their records.

use prost::Message as _;
use proto::lookup::v1::CodedValue;
use proto::population::v1::Citizen;
use serde_json::{Value, json};

use super::tree::{json as tree, mapper};
use crate::error::Error;
use crate::trace::Trace;

const FIXTURE: &str = include_str!("../../../fixtures/cases.json");
const CITIZEN: &str = "lienthong.population.v1.Citizen";
/// The day of the fixture's "today".
const TODAY: &str = "2026-11-24T09:00:00+07:00";

/// A citizen whose home is mapped by this entry from `x`, `on` and `edition`, as of a moment; and what a probe is told.
fn home(field: &str, entry: &str, answer: &Value) -> (Result<Citizen, Error>, Vec<String>) {
    let mapper = mapper(&format!(
        "[records.\"{CITIZEN}\"]\nfrom = \".\"\nkeys = [{{ from = \"id\", field = \"personal_id\" }}]\n\
         fields.personal_id = {{ from = \"id\" }}\nfields.as_of = {{ from = \"as_of\" }}\n\
         fields.\"home_place.{field}\" = {{ from = \"x\", {entry} }}"
    ));
    let mut answer = answer.clone();
    answer["id"] = "079090123456".into();
    let trace = Trace::probing();
    let found = mapper.map_traced(CITIZEN, tree(&answer.to_string()), &trace);
    let told = trace.probe().remarks;
    (
        found.map(|found| Citizen::decode(found.record).expect("it decodes")),
        told.iter()
            .map(ToString::to_string)
            .filter(|told| !told.contains("nothing at"))
            .collect(),
    )
}

fn province(entry: &str, answer: &Value) -> (CodedValue, Vec<String>) {
    let (citizen, told) = home("province", entry, answer);
    let home = citizen.expect("it can be read").home_place.unwrap_or_default();
    (home.province.unwrap_or_default(), told)
}

fn text(entry: &str, answer: &Value) -> (Result<String, Error>, Vec<String>) {
    let (citizen, told) = home("detail", entry, answer);
    (
        citizen.map(|citizen| citizen.home_place.unwrap_or_default().detail),
        told,
    )
}

fn cases(family: &str) -> Vec<(Value, Value)> {
    let fixture: Value = serde_json::from_str(FIXTURE).expect("the fixture is JSON");
    let cases = fixture["cases"].as_array().expect("cases").iter();
    let of_family = cases.filter(|case| case["family"] == family);
    let cases: Vec<_> = of_family
        .map(|case| (case["input"].clone(), case["expected"].clone()))
        .collect();
    assert!(!cases.is_empty(), "{family}");
    cases
}

#[test]
fn a_province_is_what_its_code_meant_on_the_day_and_becomes_what_it_is_today() {
    for (input, expected) in cases("province_on_date") {
        let expected = expected.as_str().expect("a word");
        let answer = json!({ "x": input["code"], "on": input["on"], "as_of": TODAY });
        let (recorded, _) = province("table = \"province\", on = \"on\"", &answer);
        match expected.split_once("closed_to:") {
            None if expected == "reject" => assert_eq!(recorded.label, "", "{input}"),
            None => assert_eq!(recorded.label, expected, "{input}"),
            Some((_, successor)) => {
                let (current, _) = province(
                    "as = \"current_code\", table = \"province\", on = \"on\"",
                    &answer,
                );
                assert_eq!(current.code, successor, "{input}");
                assert_eq!(current.list_version, "QD19/2025");
            }
        }
    }
    // Bình Dương, as the population service tells it: its edition said, and what it is part of today.
    let answer = json!({ "x": 74, "edition": "QD124/2004", "as_of": TODAY });
    let (current, told) = province(
        "as = \"current_code\", table = \"province\", edition = \"edition\"",
        &answer,
    );
    assert_eq!(
        (current.code.as_str(), current.label.as_str()),
        ("79", "Hồ Chí Minh")
    );
    assert_eq!(told, [""; 0]);
}

#[test]
fn a_code_that_may_mean_two_things_or_has_no_day_to_be_read_on_stays_as_recorded() {
    let entry = "as = \"current_code\", table = \"province\"";
    // 15 was Yên Bái and is Lào Cai; on the record's day it is the latter, and without a day it is neither.
    let (dated, _) = province(entry, &json!({ "x": "15", "as_of": TODAY }));
    assert_eq!((dated.code.as_str(), dated.label.as_str()), ("15", "Lào Cai"));
    let (undated, told) = province(entry, &json!({ "x": "15" }));
    assert_eq!((undated.code.as_str(), undated.label.as_str()), ("15", ""));
    assert!(
        told.iter().any(|told| told.contains("meant several things")),
        "{told:?}"
    );
    let (unknown, told) = province(entry, &json!({ "x": "98", "as_of": TODAY }));
    assert_eq!((unknown.code.as_str(), unknown.label.as_str()), ("98", ""));
    assert!(
        told.iter().any(|told| told.contains("nobody knows here")),
        "{told:?}"
    );
}

#[test]
fn an_old_ward_becomes_the_one_of_today_only_where_it_is_one() {
    for (input, expected) in cases("ward_today_from_old") {
        let answer = json!({ "x": input, "edition": "QD124/2004", "as_of": TODAY });
        let entry = "as = \"current_code\", table = \"commune\", edition = \"edition\"";
        let (code, told) = text(entry, &answer);
        match expected.as_array().map(Vec::as_slice) {
            Some([one]) => assert_eq!(code.as_deref(), Ok(one.as_str().expect("a code")), "{input}"),
            _ => {
                assert_eq!(
                    code.as_deref(),
                    Ok(input.as_str().expect("a code")),
                    "candidates: {input}"
                );
                assert!(
                    told.iter().any(|told| told.contains("meant several things")),
                    "{told:?}"
                );
            }
        }
    }
}

#[test]
fn an_agency_that_was_closed_becomes_its_successor() {
    for (input, expected) in cases("agency_code_today") {
        let answer = json!({ "x": input, "as_of": TODAY });
        let (code, _) = text("as = \"current_code\", table = \"agency\"", &answer);
        let code = code.expect("it can be read");
        match expected.as_str().expect("a word").split_once("closed_to:") {
            Some((_, successor)) => assert_eq!(code, successor),
            None => assert_eq!(code, input.as_str().expect("a code")),
        }
    }
}

#[test]
fn the_name_of_a_province_old_or_new_becomes_its_code_and_another_name_stays_a_name() {
    for (input, expected) in cases("province_name_today") {
        let answer = json!({ "x": input, "as_of": TODAY });
        let entry = "as = \"code_of_name\", table = \"province\"";
        let (coded, told) = province(entry, &answer);
        let (code, _) = text(entry, &answer);
        match expected.as_str() {
            Some(expected) => {
                assert_eq!(coded.code, expected, "{input}");
                assert_eq!(coded.list_version, "QD19/2025");
                assert_eq!(code.as_deref(), Ok(expected));
                assert_eq!(told, [""; 0], "{input}");
            }
            None => {
                assert_eq!(
                    (coded.code.as_str(), coded.label.is_empty()),
                    ("", false),
                    "{input}"
                );
                assert_eq!(
                    code,
                    Err(Error::Incomplete {
                        field: "home_place.detail".into()
                    }),
                    "a name is no code"
                );
            }
        }
    }
    let answer = json!({ "x": "Tỉnh  Bình Dương", "edition": "QD124/2004", "as_of": TODAY });
    let entry = "as = \"code_of_name\", table = \"province\", edition = \"edition\"";
    let (then, _) = province(entry, &answer);
    assert_eq!(
        (then.code.as_str(), then.list_version.as_str()),
        ("74", "QD124/2004")
    );
    let (nobody, told) = province(
        "as = \"code_of_name\", table = \"province\"",
        &json!({ "x": "Nam  Kỳ", "as_of": TODAY }),
    );
    assert_eq!((nobody.code.as_str(), nobody.label.as_str()), ("", "Nam Kỳ"));
    assert!(
        told.iter().any(|told| told.contains("nobody knows here")),
        "{told:?}"
    );
}

#[test]
fn what_reads_by_a_table_wants_one_when_the_file_is_read() {
    for conversion in ["current_code", "code_of_name"] {
        let told = super::citizen(&format!(
            "fields.\"home_place.detail\" = {{ from = \"x\", as = \"{conversion}\" }}"
        ));
        assert!(
            told.iter().any(|(_, message)| message.contains("wants table")),
            "{told:?}"
        );
        let told = super::citizen(&format!(
            "fields.as_of = {{ from = \"x\", as = \"{conversion}\" }}"
        ));
        assert!(
            told.iter()
                .any(|(_, message)| message.contains("doesn't give what as_of holds")),
            "{told:?}"
        );
    }
}

#[test]
fn a_probe_is_told_where_a_number_and_its_record_say_different_things() {
    let mapper = mapper(&format!(
        "[records.\"{CITIZEN}\"]\nfrom = \".\"\nkeys = [{{ from = \"id\", field = \"personal_id\" }}]\n[records.\"{CITIZEN}\".fields]\n\
         personal_id = {{ from = \"id\" }}\nsex = {{ from = \"sex\", table = \"sex\" }}\nbirth_date = {{ from = \"year\" }}"
    ));
    for (input, expected) in cases("personal_id_cross") {
        let answer = json!({ "id": input["id"], "sex": input["sex"], "year": input["year"] });
        let trace = Trace::probing();
        let found = mapper.map_traced(CITIZEN, tree(&answer.to_string()), &trace);
        if crate::text::personal_id::parse(input["id"].as_str().expect("a number")).is_err() {
            continue;
        }
        found.expect("a conflict decides nothing");
        let told: Vec<_> = trace.probe().remarks.iter().map(ToString::to_string).collect();
        let about: Vec<_> = told
            .iter()
            .filter(|told| told.contains("the registry decides"))
            .collect();
        let another = match expected.as_str().expect("a word") {
            "conflict_sex" => "another sex than",
            "conflict_year" => "another birth_date than",
            "conflict_sex_and_year" => "another sex and birth_date than",
            _ => {
                assert_eq!(about, [""; 0], "{input}");
                continue;
            }
        };
        assert!(
            about.len() == 1 && about[0].contains(another),
            "{input}: {told:?}"
        );
        assert!(!about[0].contains(input["id"].as_str().expect("a number")));
    }
}
