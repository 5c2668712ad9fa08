//! Files that somebody made to do harm: every one is a problem, none a panic.

use super::*;

fn told(files: Vec<File>) -> Vec<Problem> {
    let (schemas, problems) = compile(files);
    assert!(!problems.is_empty());
    // What is built in stands whatever comes.
    assert!(
        schemas
            .pool
            .get_message_by_name("lienthong.population.v1.Citizen")
            .is_some()
    );
    problems
}

fn message(body: &str) -> String {
    format!("syntax = \"proto3\";\npackage vn.x.v1;\n{body}\n")
}

#[test]
fn nesting_without_end_is_refused_before_it_is_read() {
    for body in [
        "message A {".repeat(100_000),
        format!("option (x) = {{ {} }};", "a: {".repeat(100_000)),
        format!("option (x) = {{ a: {} }};", "[".repeat(100_000)),
        format!("message A {{ {} }}", "oneof a { ".repeat(50_000)),
        "message A { /* } */ ".repeat(20_000),
    ] {
        let problems = told(vec![text("vn/x/v1/x.proto", message(&body))]);
        assert!(problems[0].message.contains("nest deeper"), "{problems:?}");
    }
}

#[test]
fn records_that_hold_themselves_or_millions_of_fields_are_refused() {
    let source = shipped(LICENCE);
    let own = source.replacen("message DriverLicence {", "message DriverLicence {\n  DriverLicence again = 90 [(lienthong.lookup.v1.rule) = {label_vi: \"x\", sensitivity: SENSITIVITY_BASIC}];", 1);
    let (schemas, problems) = compile(vec![text(LICENCE, own.as_str())]);
    assert!(
        problems
            .iter()
            .any(|problem| problem.message.contains("contains itself")),
        "{problems:?}"
    );
    assert!(
        schemas
            .pool
            .get_message_by_name("lienthong.driverlicence.v1.DriverLicence")
            .is_none()
    );

    let mut many = String::new();
    for level in 0..7 {
        many.push_str(&format!("message M{level} {{\n"));
        for number in 1..=50 {
            let kind = if level == 6 {
                "string".to_owned()
            } else {
                format!("M{}", level + 1)
            };
            many.push_str(&format!("  {kind} f{number} = {number} [(lienthong.lookup.v1.rule) = {{label_vi: \"x\", sensitivity: SENSITIVITY_BASIC}}];\n"));
        }
        many.push_str("}\n");
    }
    let wide = format!(
        "{}\n{many}",
        source.replacen("string serial_no = 2", "M0 serial_no = 2", 1)
    );
    let problems = told(vec![text(LICENCE, wide)]);
    assert!(
        problems.iter().any(|problem| problem.message.contains("fields")),
        "{problems:?}"
    );
}

#[test]
fn what_is_built_in_can_neither_be_replaced_nor_added_to() {
    let options = "syntax = \"proto3\";\npackage lienthong.lookup.v1;\nmessage FieldRule {}\n";
    told(vec![text("lienthong/lookup/v1/options.proto", options)]);
    told(vec![text("lienthong/lookup/v1/more.proto", options)]);
    told(vec![text(
        "google/protobuf/timestamp.proto",
        "syntax = \"proto3\";\npackage google.protobuf;\nmessage Timestamp {}\n",
    )]);
    let problems = told(vec![text("vn/y/v1/x.proto", message("message A {}"))]);
    assert!(problems[0].message.contains("schemas/vn/x/v1/"), "{problems:?}");
}

#[test]
fn imports_that_lead_nowhere_or_in_circles_are_told() {
    let importing = |name: &str| message(&format!("import \"{name}\";"));
    let problems = told(vec![text("vn/x/v1/x.proto", importing("vn/x/v1/none.proto"))]);
    assert!(problems[0].message.contains("is not there"), "{problems:?}");
    let problems = told(vec![
        text("vn/x/v1/a.proto", importing("vn/x/v1/b.proto")),
        text("vn/x/v1/b.proto", importing("vn/x/v1/a.proto")),
    ]);
    assert!(problems[0].message.contains("leads back"), "{problems:?}");
}

#[test]
fn garbage_of_every_sort_is_told_and_not_thrown() {
    let source = shipped(DOSSIER);
    // Every beginning of an honest file, and every file with one byte of another kind in it.
    for at in (0..source.len()).step_by(53) {
        let at = source.floor_char_boundary(at);
        drop(compile(vec![text(DOSSIER, &source[..at])]));
        for odd in ["\0", "{", "}", "\"", "-", "99999999999999999999", "\u{202e}"] {
            let spoiled = format!("{}{odd}{}", &source[..at], &source[at..]);
            drop(compile(vec![text(DOSSIER, spoiled)]));
        }
    }
    let (schemas, _) = compile(vec![text(DOSSIER, source.as_str())]);
    for at in (0..schemas.added.len()).step_by(17) {
        let mut spoiled = schemas.added.clone();
        spoiled[at] ^= 0x5a;
        for set in [spoiled, schemas.added[..at].to_vec()] {
            let file = File {
                name: "x.binpb".to_owned(),
                content: Content::Set(set),
            };
            drop(compile(vec![file]));
        }
    }
}
