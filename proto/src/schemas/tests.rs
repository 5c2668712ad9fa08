use std::path::Path;

use super::*;
use crate::rules::{field_rule, lookup_method};

mod hostile;

const LICENCE: &str = "lienthong/driverlicence/v1/driver_licence.proto";
const DOSSIER: &str = "lienthong/dossier/v1/dossier.proto";

fn shipped(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/schemas");
    std::fs::read_to_string(folder.join(name)).expect("the shipped schema is there")
}

fn text(name: &str, text: impl Into<String>) -> File {
    File {
        name: name.to_owned(),
        content: Content::Text(text.into()),
    }
}

/// The problems of one file, each with the text that it points at.
fn problems(name: &str, source: &str) -> Vec<(String, String)> {
    let (_, problems) = compile(vec![text(name, source)]);
    problems
        .into_iter()
        .map(|problem| {
            let place = problem.span.map_or("", |(start, end)| &source[start..end]);
            (place.to_owned(), problem.message)
        })
        .collect()
}

/// What is told when a piece of the shipped licence is another.
fn changed(from: &str, to: &str) -> Vec<(String, String)> {
    let source = shipped(LICENCE);
    assert!(source.contains(from), "{from}");
    problems(LICENCE, &source.replacen(from, to, 1))
}

fn one(found: Vec<(String, String)>, place: &str, message: &str) {
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].0.contains(place), "{found:#?}");
    assert!(found[0].1.contains(message), "{found:#?}");
}

#[test]
fn the_shipped_schemas_are_whole_and_keep_their_options() {
    let (schemas, problems) = compile(vec![
        text(LICENCE, shipped(LICENCE)),
        text(DOSSIER, shipped(DOSSIER)),
    ]);
    assert_eq!(problems, []);
    // As a client gets them: with the options, from the encoded set.
    let mut pool = crate::descriptors();
    pool.decode_file_descriptor_set(&*schemas.added)
        .expect("it decodes");
    let service = pool
        .get_service_by_name("lienthong.driverlicence.v1.DriverLicenceService")
        .expect("it is there");
    let lookups: Vec<_> = service
        .methods()
        .filter_map(|method| lookup_method(&method))
        .collect();
    assert_eq!(lookups.len(), 2);
    assert_eq!(lookups[0].registry, "driver-licence");
    let licence = pool
        .get_message_by_name("lienthong.driverlicence.v1.DriverLicence")
        .expect("it is there");
    let class = licence.get_field_by_name("class").expect("it is there");
    assert_eq!(field_rule(&class).label_vi, "Hạng");
}

#[test]
fn a_descriptor_set_does_as_well_as_the_text() {
    let (schemas, _) = compile(vec![text(DOSSIER, shipped(DOSSIER))]);
    // As buf and protoc write it: with all that it imports.
    let whole = schemas.pool.encode_to_vec();
    for set in [whole, schemas.added] {
        let file = File {
            name: "dossier.binpb".to_owned(),
            content: Content::Set(set),
        };
        let (from_set, problems) = compile(vec![file]);
        assert_eq!(problems, []);
        let service = from_set
            .pool
            .get_service_by_name("lienthong.dossier.v1.DossierService");
        let methods = service
            .expect("it is there")
            .methods()
            .filter_map(|method| lookup_method(&method))
            .count();
        assert_eq!(methods, 2);
    }
}

#[test]
fn the_built_in_schemas_keep_the_rules_that_others_have_to_keep() {
    // The same files under other names of packages, registries and folders.
    for (name, old, new) in [
        ("population", "population", "people"),
        ("business", "business", "firms"),
    ] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("proto/lienthong")
            .join(name)
            .join("v1");
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("it can be read").path();
            let source = std::fs::read_to_string(&path).expect("it can be read");
            let file = path.file_name().and_then(|name| name.to_str()).expect("a name");
            let source = source
                .replace(&format!("lienthong.{old}.v1"), &format!("lienthong.{new}.v1"))
                .replace(&format!("lienthong/{old}/v1"), &format!("lienthong/{new}/v1"))
                .replace(&format!("registry: \"{old}\""), &format!("registry: \"{new}\""));
            files.push(text(&format!("lienthong/{new}/v1/{file}"), source));
        }
        let (_, problems) = compile(files);
        assert_eq!(problems, [], "{name}");
    }
}

#[test]
fn every_mistake_of_every_file_is_told_with_its_place() {
    let broken = shipped(DOSSIER).replacen("string record_version", "strin record_version", 1);
    let licence = shipped(LICENCE)
        .replacen("label_vi: \"Số seri\", ", "", 1)
        .replacen(
            "label_vi: \"Nơi cấp\", sensitivity: SENSITIVITY_BASIC",
            "label_vi: \"Nơi cấp\"",
            1,
        );
    let (_, problems) = compile(vec![
        text(LICENCE, licence.as_str()),
        text(DOSSIER, broken.as_str()),
        text(
            "vn/torn/v1/torn.proto",
            "syntax = \"proto3\";\npackage vn.torn.v1;\nmessage {\n",
        ),
    ]);
    let told: Vec<_> = problems
        .iter()
        .map(|problem| (problem.file.as_str(), problem.message.as_str()))
        .collect();
    assert_eq!(told.len(), 4, "{told:#?}");
    let of = |file: &str, words: &str| {
        told.iter()
            .any(|(name, told)| *name == file && told.contains(words))
    };
    assert!(of(LICENCE, "serial_no has no label"), "{told:#?}");
    assert!(of(LICENCE, "issuer has no class"), "{told:#?}");
    assert!(of(DOSSIER, "strin"), "{told:#?}");
    assert!(of("vn/torn/v1/torn.proto", "expected"), "{told:#?}");
    assert!(
        problems.iter().all(|problem| problem.span.is_some()),
        "{problems:#?}"
    );
}

#[test]
fn a_field_needs_label_class_and_a_rule_of_its_type() {
    one(
        changed("label_vi: \"Nơi cấp\", ", ""),
        "string issuer = 10",
        "has no label",
    );
    one(
        changed(
            "label_vi: \"Nơi cấp\", sensitivity: SENSITIVITY_BASIC, ",
            "label_vi: \"Nơi cấp\", ",
        ),
        "string issuer = 10",
        "has no class",
    );
    one(
        changed(
            "{label_vi: \"Tình trạng\", sensitivity: SENSITIVITY_BASIC, match: MATCH_RULE_CODE}",
            "{label_vi: \"Tình trạng\", sensitivity: SENSITIVITY_BASIC, match: MATCH_RULE_NAME}",
        ),
        "LicenceState state = 11",
        "wanted a string",
    );
    one(
        changed("string serial_no", "double serial_no"),
        "double serial_no = 2",
        "a number that no registry fills",
    );
    one(
        changed("LICENCE_STATE_UNSPECIFIED", "LICENCE_STATE_VALID_TOO"),
        "LicenceState state = 11",
        "ends in _UNSPECIFIED",
    );
}

#[test]
fn a_method_has_to_be_a_lookup_of_ones_own_registry_about_ones_own_record() {
    let get = "{registry: \"driver-licence\", operation: OPERATION_GET, record: \"lienthong.driverlicence.v1.DriverLicence\"}";
    let with = |option: &str| changed(get, option);
    one(
        with(
            "{registry: \"criminal-record\", operation: OPERATION_GET, record: \"lienthong.driverlicence.v1.DriverLicence\"}",
        ),
        "rpc GetDriverLicence",
        "belongs to the built-in schemas",
    );
    one(
        with(
            "{registry: \"driver-licence\", operation: OPERATION_GET, record: \"lienthong.driverlicence.v1.Licence\"}",
        ),
        "rpc GetDriverLicence",
        "no schema defines",
    );
    one(
        with("{registry: \"driver-licence\", record: \"lienthong.driverlicence.v1.DriverLicence\"}"),
        "rpc GetDriverLicence",
        "has no operation",
    );
    one(
        changed(
            "    option (lienthong.lookup.v1.lookup) = {registry: \"driver-licence\", operation: OPERATION_GET, record: \"lienthong.driverlicence.v1.DriverLicence\"};\n",
            "",
        ),
        "rpc GetDriverLicence",
        "has no option",
    );
    // The certificate of criminal record is out of reach even with its schema imported.
    let import = "import \"lienthong/lookup/v1/options.proto\";";
    let source = shipped(LICENCE)
        .replacen(import, &format!("{import}\nimport \"lienthong/criminalrecord/v1/criminal_record.proto\";"), 1)
        .replacen(get, "{registry: \"driver-licence\", operation: OPERATION_GET, record: \"lienthong.criminalrecord.v1.Certificate\"}", 1);
    one(
        problems(LICENCE, &source),
        "rpc GetDriverLicence",
        "no record of your own schemas",
    );
}

#[test]
fn requests_keys_and_responses_have_their_numbers() {
    one(
        changed("DriverLicenceKey key = 2;", "DriverLicenceKey key = 12;"),
        "message GetDriverLicenceRequest",
        "at 2 the key",
    );
    one(
        changed(
            "  DriverLicence driver_licence = 1;",
            "  DriverLicenceKey driver_licence = 1;",
        ),
        "DriverLicenceKey driver_licence = 1;",
        "lienthong.driverlicence.v1.DriverLicence",
    );
    one(
        changed("string full_name = 2 [(", "string name = 2 [("),
        "string name = 2",
        "is a second fact",
    );
    one(
        changed(
            "Số giấy phép lái xe\", match: MATCH_RULE_CODE}];\n  string full_name = 2",
            "Số giấy phép lái xe\", match: MATCH_RULE_TEXT}];\n  string full_name = 2",
        ),
        "string licence_no = 1",
        "is an identifier",
    );
    let source = shipped(LICENCE).replace("licence_no", "enterprise_code");
    let found = problems(LICENCE, &source);
    assert!(found[0].1.contains("MATCH_RULE_TAX_CODE"), "{found:#?}");
}

#[test]
fn a_course_needs_states_that_say_what_may_follow() {
    let source = shipped(DOSSIER);
    let told = |from: &str, to: &str| problems(DOSSIER, &source.replacen(from, to, 1));
    one(
        told("course_of: \"history.state\"", "course_of: \"history.at\""),
        "Course course = 15",
        "path of an enum in a list",
    );
    one(
        told("next: [10, 6]", "next: [10, 16]"),
        "Course course = 15",
        "no value 16",
    );
    one(
        told("lienthong.lookup.v1.Course course", "DossierState course"),
        "DossierState course = 15",
        "wanted the type",
    );
}
