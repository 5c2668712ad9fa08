//! The fixture `fixtures/cases.json`, family by family.

use serde_json::{Value, json};

use super::encoding::Encoding;
use super::{agency_code, date, dossier_code, name, personal_id, procedure_code, reuse, tax_code};

const FIXTURE: &str = include_str!("../../fixtures/cases.json");

/// Families of the fixture that are answered elsewhere: about codes in `codes/tests.rs`.
const NOT_HERE: [&str; 6] = [
    "agency_code_today",
    "dossier_status",
    "enterprise_status",
    "province_name_today",
    "province_on_date",
    "ward_today_from_old",
];

type Answer = fn(&Value) -> Value;

const HERE: [(&str, Answer); 16] = [
    ("name_key", |input| json!(name::key(text(input)))),
    ("tone_placement", |input| json!(name::tone_placement(text(input)))),
    ("name_compare", name_compare),
    ("date", date_read),
    ("date_compare", date_compare),
    ("personal_id", personal_id_read),
    ("personal_id_cross", personal_id_cross),
    ("tax_code", tax_code_read),
    ("agency_code", agency_code_read),
    ("procedure_code", procedure_code_read),
    ("dossier_code", dossier_code_read),
    ("tcvn3_bytes_hex", tcvn3),
    ("vni_text", |input| {
        json!(decoded(Encoding::Vni, text(input)).map(|name| name::key(&name)))
    }),
    ("utf8_read_as_latin1_escaped", latin1_damage),
    ("reuse_rate", reuse_rate),
    ("score_points", score_points),
];

#[test]
fn every_case_of_every_family_here_has_the_expected_answer() {
    let cases = cases();
    let mut wrong = Vec::new();
    for (family, answer) in HERE {
        let of_family: Vec<&Value> = cases.iter().filter(|c| c["family"] == family).collect();
        assert!(!of_family.is_empty(), "family {family} has no case");
        for case in of_family {
            let got = answer(&case["input"]);
            if !fits(&got, &case["expected"]) {
                wrong.push(format!(
                    "{family} {}: {got}, not {}",
                    case["input"], case["expected"]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_family_of_the_fixture_is_answered_here_or_named_as_not_here() {
    for case in cases() {
        let family = text(&case["family"]);
        let here = HERE.iter().any(|(name, _)| *name == family);
        assert!(here != NOT_HERE.contains(&family), "family {family}");
    }
}

/// The fixture writes a plain `reject` where any reason will do.
fn fits(got: &Value, expected: &Value) -> bool {
    let same_number = got.is_number() && got.as_f64() == expected.as_f64();
    got == expected
        || same_number
        || (expected == "reject" && got.as_str().is_some_and(|code| code.starts_with("reject_")))
}

fn name_compare(input: &Value) -> Value {
    json!(name::compare(text(&input[0]), text(&input[1])).code())
}

fn date_read(input: &Value) -> Value {
    let parsed = match date::parse(text(input)) {
        Ok(Some(parsed)) => parsed,
        Ok(None) => return json!("absent"),
        Err(error) => return json!(error.code()),
    };
    let mut parts = json!({ "y": parsed.date.year() });
    for (part, value) in [("m", parsed.date.month()), ("d", parsed.date.day())] {
        if let Some(value) = value {
            parts[part] = json!(value);
        }
    }
    if let Some(time) = parsed.time_text() {
        parts["time"] = json!(time);
    }
    parts
}

fn date_compare(input: &Value) -> Value {
    let read = |input| date::parse(text(input)).ok().flatten().map(|parsed| parsed.date);
    match (read(&input[0]), read(&input[1])) {
        (Some(left), Some(right)) => json!(date::compare(left, right).code()),
        _ => json!("no dates"),
    }
}

fn personal_id_read(input: &Value) -> Value {
    let id = match personal_id::parse(text(input)) {
        Ok(id) => id,
        Err(error) => {
            let mut refusal = json!({ "ok": false, "reason": error.code() });
            if let Some(candidate) = error.candidate() {
                refusal["candidate"] = json!(candidate.as_str());
            }
            return refusal;
        }
    };
    match id.encoded() {
        None => json!({ "ok": true, "kind": "cmnd9" }),
        Some(encoded) => {
            let sex = if encoded.sex == personal_id::Sex::Male {
                "M"
            } else {
                "F"
            };
            json!({ "ok": true, "province": encoded.place, "sex": sex, "year": encoded.birth_year })
        }
    }
}

fn personal_id_cross(input: &Value) -> Value {
    let year = input["year"].as_i64().and_then(|year| i16::try_from(year).ok());
    match personal_id::parse(text(&input["id"])) {
        Ok(id) => {
            let sex = personal_id::Sex::parse(text(&input["sex"]));
            json!(personal_id::cross_check(&id, sex, year).code())
        }
        Err(error) => json!(error.code()),
    }
}

fn tax_code_read(input: &Value) -> Value {
    json!(match tax_code::parse(text(input)) {
        Ok(tax_code::TaxCode::Main(_)) => "ok10",
        Ok(tax_code::TaxCode::Unit { .. }) => "ok13",
        Ok(tax_code::TaxCode::Person(_)) => "person",
        Err(error) => error.code(),
    })
}

fn agency_code_read(input: &Value) -> Value {
    match agency_code::parse(text(input)) {
        Ok(code) => json!(code.as_str()),
        Err(error) => json!(error.code()),
    }
}

fn procedure_code_read(input: &Value) -> Value {
    match procedure_code::parse(text(input)) {
        Ok(code) => json!(code.as_str()),
        Err(error) => json!(error.code()),
    }
}

fn dossier_code_read(input: &Value) -> Value {
    match dossier_code::parse(text(input)) {
        Ok(code) => json!({
            "agency": code.agency.as_str(),
            "day": code.day.to_string(),
            "seq": code.sequence,
        }),
        Err(error) => json!(error.code()),
    }
}

fn decoded(encoding: Encoding, text: &str) -> Option<String> {
    encoding.decode_text(text).ok()
}

fn tcvn3(input: &Value) -> Value {
    let digits = text(input);
    let byte = |place| u8::from_str_radix(&digits[place..place + 2], 16).expect("hexadecimal digits");
    let bytes: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect();
    json!(
        Encoding::Tcvn3
            .decode_bytes(&bytes)
            .ok()
            .map(|name| name::key(&name))
    )
}

/// The fixture writes each character of the damaged text as `\xNN`.
fn latin1_damage(input: &Value) -> Value {
    let mut parts = text(input).split("\\x");
    let mut damaged = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let (code, rest) = part.split_at(2);
        damaged.push(char::from(
            u8::from_str_radix(code, 16).expect("hexadecimal digits"),
        ));
        damaged.push_str(rest);
    }
    json!(decoded(Encoding::Latin1Damage, &damaged))
}

fn reuse_rate(input: &Value) -> Value {
    let dossiers = input["dossiers"].as_array().expect("dossiers").iter();
    let share = reuse::Share::of(dossiers.filter_map(|dossier| {
        let received = dossier["received"].as_str()?;
        received
            .starts_with(text(&input["period"]))
            .then(|| dossier["reuse"] == 1)
    }));
    json!({ "numerator": share.part, "denominator": share.whole, "rate": share.percent() })
}

fn score_points(input: &Value) -> Value {
    let hundredths = |value: &Value| (value.as_f64().expect("a number") * 100.0).round() as u64;
    let points = reuse::points(
        hundredths(&input["rate"]),
        hundredths(&input["full_at"]),
        hundredths(&input["max"]),
    );
    json!(points as f64 / 100.0)
}

fn cases() -> Vec<Value> {
    let fixture: Value = serde_json::from_str(FIXTURE).expect("the fixture is JSON");
    fixture["cases"]
        .as_array()
        .expect("the fixture has a list of cases")
        .clone()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
