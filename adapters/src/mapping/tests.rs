//! What is wrong in a mapping is pointed at, all of it at once.

mod codes;
mod remarks;
mod tree;

use crate::check::check;
use crate::settings::RegistrySettings;

const HEAD: &str = r#"
title_vi = "Thử"
title_en = "Test"
kind = "embedded"
connection = { file = "x.db" }
"#;

/// Each problem with the piece of the file that it points at.
fn problems(file: &str) -> Vec<(String, String)> {
    let text = format!("{HEAD}{file}");
    let settings: RegistrySettings = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
    check(
        &settings,
        std::path::Path::new("."),
        &proto::descriptors(),
        &Default::default(),
    )
    .into_iter()
    .map(|problem| {
        let place = problem.span.and_then(|span| text.get(span)).unwrap_or("nowhere");
        (place.to_owned(), problem.message)
    })
    .collect()
}

/// A citizen's mapping with these lines more.
fn citizen(lines: &str) -> Vec<(String, String)> {
    problems(&format!(
        "[records.\"lienthong.population.v1.Citizen\"]
         from = \"cong_dan\"
         keys = [{{ from = \"so\", field = \"personal_id\", digits = 12 }}]
         fields.personal_id = {{ from = \"so\" }}
         {lines}"
    ))
}

fn pair(place: &str, message: &str) -> (String, String) {
    (place.to_owned(), message.to_owned())
}

#[test]
fn a_right_mapping_has_no_problem() {
    assert_eq!(
        citizen(
            "fields.sex = { from = \"gt\", codes = { 1 = \"SEX_MALE\" }, unknown = \"SEX_UNSPECIFIED\" }"
        ),
        []
    );
}

#[test]
fn every_problem_is_told_at_once_and_atit_stands() {
    let found = citizen(
        r#"fields.fullname = { from = "ho_ten" }
           fields.sex = { from = "gt", codes = { 1 = "SEX_MAN" } }
           fields."home_place.provinz.code" = { from = "tinh" }
           parts.father = { shape = "persn", prefix = "cha_" }
           lists.other_name = { from = "ten", key = "so", order = "tt", value = { from = "ten" } }
           [shapes.person]
           full_name = { from = "ho_ten" }"#,
    );
    assert_eq!(
        found,
        [
            pair(
                "fullname",
                "found \"fullname\", wanted a field of lienthong.population.v1.Citizen; the nearest is \"full_name\""
            ),
            pair(
                "\"home_place.provinz.code\"",
                "found \"provinz\", wanted a field of lienthong.lookup.v1.Address; the nearest is \"province\""
            ),
            pair(
                "\"SEX_MAN\"",
                "found \"SEX_MAN\", wanted a value of lienthong.lookup.v1.Sex; the nearest is \"SEX_MALE\""
            ),
            pair(
                "\"persn\"",
                "there is no shape \"persn\"; the nearest is \"person\""
            ),
            pair(
                "other_name",
                "found \"other_name\", wanted a field of lienthong.population.v1.Citizen; the nearest is \"other_names\""
            ),
        ]
    );
}

#[test]
fn a_word_that_nobody_knows_may_not_become_a_known_state() {
    for unknown in ["LEGAL_STATE_ACTIVE", "LEGAL_STATE_DISSOLVED"] {
        let found = problems(&format!(
            "[records.\"lienthong.business.v1.Enterprise\"]
             from = \"dn\"
             keys = [{{ from = \"ma_so\", field = \"enterprise_code\" }}]
             fields.enterprise_code = {{ from = \"ma_so\" }}
             fields.legal_state = {{ from = \"tt\", codes = {{ a = \"LEGAL_STATE_ACTIVE\" }}, unknown = \"{unknown}\" }}"
        ));
        let [(place, message)] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(place, &format!("\"{unknown}\""));
        assert!(message.contains("says something definite"), "{message}");
    }
}

#[test]
fn what_does_not_suit_the_field_is_refused() {
    for (line, place, said) in [
        (
            "fields.birth_date = { from = \"ns\", as = \"text\" }",
            "\"text\"",
            "text doesn't give what birth_date holds, wanted one of date",
        ),
        (
            "fields.sex = { from = \"gt\" }",
            "{ from = \"gt\" }",
            "wanted codes",
        ),
        (
            "fields.phone = { from = \"dt\", codes = { a = \"b\" } }",
            "{ from = \"dt\", codes = { a = \"b\" } }",
            "codes and unknown are for enums",
        ),
        (
            "fields.phone = { from = \"dt\", constant = \"x\" }",
            "{ from = \"dt\", constant = \"x\" }",
            "wants either from or constant",
        ),
        ("fields.phone = {}", "{}", "wants either from or constant"),
        (
            "fields.father = { from = \"cha\" }",
            "{ from = \"cha\" }",
            "father is a message, wanted entries for its fields",
        ),
        (
            "fields.other_names = { from = \"ten\" }",
            "other_names",
            "other_names is repeated, wanted an entry in lists",
        ),
        (
            "fields.\"birth_date.year\" = { from = \"nam\" }",
            "\"birth_date.year\"",
            "has no fields that can be made one by one",
        ),
        (
            "fields.death_date = { constant = \"2020\" }",
            "\"2020\"",
            "a constant is for text and enums",
        ),
        (
            "fields.sex = { from = \"gt\", codes = { a = \"SEX_MALE\", A = \"SEX_FEMALE\" } }",
            "a",
            "stands here twice",
        ),
        (
            "lists.other_names = { from = \"t\", key = \"so\", order = \"tt\" }",
            "other_names",
            "has plain items, wanted value",
        ),
        (
            "lists.phone = { from = \"t\", key = \"so\", order = \"tt\", value = { from = \"x\" } }",
            "phone",
            "is no repeated field",
        ),
        (
            "fields.phone = { from = \"dt; DROP TABLE x\" }",
            "\"dt; DROP TABLE x\"",
            "wanted a name of letters without marks",
        ),
        (
            "fields.phone = { from = \"dt\\\"\" }",
            "\"dt\\\"\"",
            "wanted a name of letters without marks",
        ),
    ] {
        let found = citizen(line);
        let hit = found
            .iter()
            .any(|(at, message)| at == place && message.contains(said));
        assert!(hit, "{line}: {found:?}");
    }
}

#[test]
fn a_field_is_made_once() {
    let found = citizen(
        "fields.\"father.full_name\" = { from = \"cha\" }
         parts.father = { shape = \"person\" }
         [shapes.person]
         full_name = { from = \"ho_ten\" }",
    );
    assert_eq!(
        found,
        [pair(
            "full_name",
            "father.full_name is already made by another entry"
        )]
    );
}

#[test]
fn keys_stand_in_text_fields_of_the_record_that_are_mapped() {
    let found = problems(
        "[records.\"lienthong.population.v1.Citizen\"]
         from = \"cong_dan\"
         keys = [{ from = \"so\", field = \"personal_id\", digits = 12 }, { from = \"gt\", field = \"sex\" }]
         [records.\"lienthong.population.v1.Citizens\"]
         from = \"x\"
         keys = []",
    );
    assert_eq!(
        found,
        [
            pair("\"personal_id\"", "personal_id has no entry with from in fields"),
            pair("\"sex\"", "sex is no text field of the record itself"),
            pair(
                "\"lienthong.population.v1.Citizens\"",
                "found \"lienthong.population.v1.Citizens\", wanted the full name of a canonical record; the nearest is \"lienthong.population.v1.Citizen\""
            ),
        ]
    );
    assert_eq!(
        problems("records = {}"),
        [pair(
            "nowhere",
            "the registry gives no record, wanted [records.\"full.Name\"]"
        )]
    );
}

#[test]
fn unknown_keys_are_refused_wherever_they_stand() {
    for line in [
        "fields.phone = { form = \"dt\" }",
        "lists.other_names = { form = \"x\" }",
        "form = \"x\"",
        "keys2 = []",
    ] {
        let text =
            format!("{HEAD}[records.\"lienthong.population.v1.Citizen\"]\nfrom = \"x\"\nkeys = []\n{line}");
        let refusal = toml::from_str::<RegistrySettings>(&text)
            .expect_err(line)
            .to_string();
        assert!(refusal.contains("unknown field"), "{refusal}");
    }
}

#[test]
fn routes_have_short_plain_names_of_their_own() {
    let route = |name: &str| format!("{{ name = \"{name}\", connection = {{ file = \"x.db\" }} }}");
    let told = |names: &[&str]| {
        let head = HEAD.replace("connection = { file = \"x.db\" }", "");
        let routes: Vec<_> = names.iter().map(|name| route(name)).collect();
        let text = format!("{head}routes = [{}]\n[records]\n", routes.join(", "));
        let settings: RegistrySettings = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
        let mut found: Vec<_> = check(
            &settings,
            std::path::Path::new("."),
            &proto::descriptors(),
            &Default::default(),
        )
        .into_iter()
        .map(|problem| problem.message)
        .collect();
        found.retain(|message| !message.contains("gives no record"));
        found
    };
    assert_eq!(told(&["direct", "lgsp", "ndop-2"]), [""; 0]);
    assert_eq!(
        told(&["direct", "direct"]),
        ["there is already a route \"direct\""]
    );
    for name in ["", "LGSP", "a b", "đ", &"x".repeat(33)] {
        assert!(
            told(&[name])
                .iter()
                .any(|message| message.contains("small letters")),
            "{name}"
        );
    }
    let names: Vec<_> = (0..9).map(|number| format!("r{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    assert_eq!(told(&names), ["found 9 routes, wanted at most 8"]);
}

#[test]
fn a_key_that_no_text_comes_to_is_told() {
    let keys = |keys: &str| {
        problems(&format!(
            "[records.\"lienthong.population.v1.Citizen\"]
             from = \"cong_dan\"
             keys = [{keys}]
             fields.personal_id = {{ from = \"so\" }}
             fields.old_id9 = {{ from = \"cu\" }}"
        ))
    };
    let (twelve, nine) = (
        "{ from = \"so\", field = \"personal_id\", digits = 12 }",
        "{ from = \"cu\", field = \"old_id9\", digits = 9 }",
    );
    let free = "{ from = \"cu\", field = \"old_id9\" }";
    assert_eq!(keys(&format!("{twelve}, {nine}")), []);
    assert_eq!(
        keys(&format!("{twelve}, {free}")),
        [],
        "what isn't of twelve digits comes to it"
    );
    for unreached in [
        format!("{}, {nine}", twelve.replace(", digits = 12", "")),
        format!(
            "{twelve}, {}",
            nine.replace('9', "12").replace("old_id12", "old_id9")
        ),
    ] {
        let found = keys(&unreached);
        assert!(
            matches!(found.as_slice(), [(place, message)] if place == "\"cu\"" && message.contains("no text comes to this key")),
            "{unreached}: {found:?}"
        );
    }
}
