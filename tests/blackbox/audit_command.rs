//! The auditor's commands over a log that a gateway left: for people and for machines.

use harness::Scene;
use harness::messages::{DOSSIER, get};
use harness::program::{Ran, run};
use harness::registries::{AN, PEOPLE};
use harness::tree::OFFICE;
use prost_types::FieldMask;
use serde_json::Value;

/// A log with three answers and a refusal; gives the index and request of the refusal.
async fn leave_a_log(scene: &Scene) -> (u64, String) {
    let (mut gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(scene)).await;
    for person in PEOPLE {
        client.citizen(get(person)).await.unwrap();
    }
    let mut denied = get(AN);
    denied.read_mask = Some(FieldMask {
        paths: vec!["phone".into()],
    });
    let refused = client.citizen(denied).await.unwrap_err();
    drop(client);
    assert!(gateway.stop().success());
    (refused.audit_index().unwrap(), refused.request_id().to_owned())
}

fn audit(scene: &Scene, command: &str, more: &[&str]) -> Ran {
    let log = scene.log().folder().to_str().unwrap().to_owned();
    run(&[&["audit", command, "--log", &log], more].concat())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_verified_from_its_files_and_the_public_key_alone() {
    let scene = Scene::new();
    leave_a_log(&scene).await;
    let key = scene.folder().join("log.pub");
    let key = key.to_str().unwrap();
    let human = audit(&scene, "verify", &["--key", key]);
    assert_eq!(human.code, Some(0), "{human:?}");
    assert!(human.out.contains("the log is whole and signed"), "{}", human.out);
    let machine = audit(&scene, "verify", &["--key", key, "--json"]);
    let report = machine.json();
    assert_eq!((machine.code, &report["verified"]), (Some(0), &Value::Bool(true)));
    assert_eq!(
        report["entries"].as_u64(),
        Some(scene.log().entries().len() as u64)
    );

    scene.log().damage(DOSSIER);
    let human = audit(&scene, "verify", &["--key", key]);
    assert_eq!(human.code, Some(1), "{human:?}");
    assert!(human.out.contains("damaged"), "{human:?}");
    let machine = audit(&scene, "verify", &["--key", key, "--json"]);
    assert_eq!(
        (machine.code, &machine.json()["verified"]),
        (Some(1), &Value::Bool(false))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_are_searched_shown_and_followed_for_people_and_for_machines() {
    let scene = Scene::new();
    let (index, request) = leave_a_log(&scene).await;
    let found = audit(&scene, "search", &["--outcome", "FIELD_NOT_AGREED", "--json"]);
    let lines = found.json_lines();
    assert_eq!((found.code, lines.len()), (Some(0), 1), "{found:?}");
    assert_eq!(
        (lines[0]["index"].as_u64(), lines[0]["request_id"].as_str()),
        (Some(index), Some(request.as_str()))
    );
    for (filter, value) in [("--request", request.as_str()), ("--outcome", "FIELD_NOT_AGREED")] {
        let table = audit(
            &scene,
            "search",
            &[filter, value, "--agency", OFFICE, "--dossier", DOSSIER],
        );
        assert_eq!(table.code, Some(0));
        assert!(
            table.out.contains("FIELD_NOT_AGREED") && table.out.contains("outcome"),
            "{}",
            table.out
        );
        assert!(!table.out.contains("stop"), "{}", table.out);
    }
    let nothing = audit(&scene, "search", &["--agency", "H29.99", "--json"]);
    assert_eq!((nothing.code, nothing.out.as_str()), (Some(0), ""));

    let shown = audit(&scene, "show", &["--json", &index.to_string()]).json();
    assert_eq!(shown["outcome"], "FIELD_NOT_AGREED");
    assert_eq!(
        (shown["agency"].as_str(), shown["dossier"].as_str()),
        (Some(OFFICE), Some(DOSSIER))
    );
    assert_eq!(shown["fields_asked"], serde_json::json!(["phone"]));
    let table = audit(&scene, "show", &[&index.to_string()]);
    assert!(
        table.code == Some(0) && table.out.contains("FIELD_NOT_AGREED"),
        "{table:?}"
    );
    let absent = audit(&scene, "show", &["999999"]);
    assert_eq!((absent.code, absent.out.as_str()), (Some(1), ""), "{absent:?}");

    let last = audit(&scene, "tail", &["--lines", "2", "--json"]);
    let lines = last.json_lines();
    assert_eq!((last.code, lines.len()), (Some(0), 2));
    assert_eq!(
        lines[1]["operation"], "stop",
        "the last word is the gateway's own"
    );
    assert!(audit(&scene, "tail", &["--lines", "3"]).out.contains("stop"));
    for told in [found.out, shown.to_string(), table.out, last.out] {
        assert!(
            !told.contains(AN.id) && !told.contains(AN.name),
            "no value is in the log: {told}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_officers_unit_stands_in_the_entries_and_is_shown_and_exported() {
    let scene = Scene::new();
    let agency = format!("agencies/{OFFICE}.toml");
    scene
        .tree
        .edit(&agency, "roles = ", "unit_claim = \"unit\"\nroles = ");
    let (index, _) = leave_a_log(&scene).await;
    let index = index.to_string();
    let shown = audit(&scene, "show", &["--json", &index]).json();
    assert_eq!(shown["unit"], "counter-3");
    let table = audit(&scene, "show", &[&index]).out;
    assert!(table.contains("counter-3"), "{table}");
    let calls = audit(&scene, "export", &["--format", "jsonl", "--agency", OFFICE]).json_lines();
    assert!(calls.len() > PEOPLE.len(), "intents and outcomes");
    for call in &calls {
        assert_eq!(call["unit"], "counter-3", "{call}");
    }
    let operations = audit(&scene, "search", &["--operation", "start", "--json"]).json_lines();
    assert_eq!(operations[0]["unit"], "");
}

#[test]
fn a_log_that_is_not_there_is_an_error_and_not_an_empty_log() {
    let scene = Scene::new();
    let key = scene.folder().join("log.pub");
    let verified = audit(&scene, "verify", &["--key", key.to_str().unwrap()]);
    assert_eq!(verified.code, Some(1), "{verified:?}");
    assert!(verified.out.contains("no published checkpoint"), "{verified:?}");
    for command in [&["search"][..], &["tail"], &["show", "0"]] {
        let ran = audit(&scene, command[0], &command[1..]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{command:?} {ran:?}");
    }
}
