//! Registries without Rust: a schema and an adapter file give a typed RPC, reflection, agreements field by
//! field, confirmation, cache and log.

use std::time::{Duration, Instant};

use harness::program::run;
use harness::sectoral::{
    APPLICANT, DOSSIERS, IMPOSSIBLE, IN_ORDER, LICENCE, LICENCE_SCHEMA, LICENCES, ODD_LICENCE, UNKNOWN_STATE,
    call, make_data, method, reflected, write_files,
};
use harness::tree::OFFICE;
use harness::{Client, Gateway, Scene};
use serde_json::{Value, json};

fn scene() -> Scene {
    let scene = Scene::new();
    make_data(&scene);
    write_files(&scene);
    scene
}

fn licence((number, name): (&str, &str)) -> Value {
    json!({ "key": { "licenceNo": number, "fullName": name } })
}

fn dossier(code: &str) -> Value {
    json!({ "key": { "dossierCode": code, "applicantName": APPLICANT } })
}

#[tokio::test]
async fn a_registry_of_files_alone_is_reflected_looked_up_kept_and_logged() {
    let scene = scene();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let pool = reflected(&client, LICENCES).await;
    let get = method(&pool, LICENCES, "GetDriverLicence");

    let first = call(&client, &get, licence(LICENCE)).await.unwrap();
    let record = &first["driverLicence"];
    // What the agreement lists, and nothing else.
    assert_eq!(
        *record,
        json!({
            "licenceNo": LICENCE.0, "fullName": LICENCE.1, "state": "LICENCE_STATE_VALID",
            "class": { "code": "B", "list": "licence-class", "listVersion": "L36/2024", "label": "Hạng B" },
        })
    );
    assert_eq!(first["provenance"]["source"], "SOURCE_REGISTRY");
    assert_eq!(first["provenance"]["registry"], "driver-licence");
    let second = call(&client, &get, licence(LICENCE)).await.unwrap();
    assert_eq!(second["provenance"]["source"], "SOURCE_CACHE");
    assert_eq!(second["driverLicence"], *record);

    let index = |answer: &Value| {
        answer["provenance"]["auditIndex"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    };
    for (answer, source) in [(&first, "registry"), (&second, "cache")] {
        let entry = scene.log().entry(index(answer));
        assert_eq!(
            (
                entry.registry.as_str(),
                entry.operation.as_str(),
                entry.outcome.as_str(),
                entry.source.as_str()
            ),
            ("driver-licence", "get", "OK", source)
        );
        assert_eq!(entry.agreement, "driver-licence");
        assert!(
            entry.fields_given.contains(&"state".to_owned()),
            "{:?}",
            entry.fields_given
        );
        assert!(!entry.subject_pseudonym.is_empty());
    }
}

#[tokio::test]
async fn its_claims_get_verdicts_and_what_the_agreement_does_not_list_is_refused() {
    let scene = scene();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let pool = reflected(&client, LICENCES).await;
    let (get, confirm) = (
        method(&pool, LICENCES, "GetDriverLicence"),
        method(&pool, LICENCES, "ConfirmDriverLicence"),
    );

    let mut ask = licence(LICENCE);
    ask["claims"] =
        json!({ "fullName": "lê quốc cường", "class": { "code": "C" }, "state": "LICENCE_STATE_VALID" });
    let answer = call(&client, &confirm, ask).await.unwrap();
    assert_eq!(
        answer["verdicts"],
        json!([
            { "path": "full_name", "verdict": "VERDICT_AGREE" },
            { "path": "class.code", "verdict": "VERDICT_DISAGREE" },
            { "path": "state", "verdict": "VERDICT_AGREE" },
        ])
    );
    // A state that nobody knows here is not the one that is claimed, and not another one either.
    let mut ask = licence(ODD_LICENCE);
    ask["claims"] = json!({ "state": "LICENCE_STATE_VALID" });
    let answer = call(&client, &confirm, ask).await.unwrap();
    assert_eq!(answer["verdicts"][0]["verdict"], "VERDICT_CANNOT_SAY");

    let mut ask = licence(LICENCE);
    ask["readMask"] = json!("state,points");
    let refused = call(&client, &get, ask).await.unwrap_err();
    assert_eq!(refused.word, "FIELD_NOT_AGREED");
    let entry = scene.log().entry(refused.audit_index().unwrap());
    assert_eq!(
        (entry.registry.as_str(), entry.outcome.as_str()),
        ("driver-licence", "FIELD_NOT_AGREED")
    );
    let refused = call(&client, &get, licence((LICENCE.0, "NGƯỜI KHÁC")))
        .await
        .unwrap_err();
    assert_eq!(refused.word, "NOT_FOUND");
    let refused = call(&client, &get, json!({ "key": { "licenceNo": LICENCE.0 } }))
        .await
        .unwrap_err();
    assert_eq!(refused.word, "INCOMPLETE");
}

#[tokio::test]
async fn a_dossier_whose_states_contradict_each_other_says_so_and_an_unknown_state_stays_unknown() {
    let scene = scene();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let pool = reflected(&client, DOSSIERS).await;
    let (get, confirm) = (
        method(&pool, DOSSIERS, "GetDossier"),
        method(&pool, DOSSIERS, "ConfirmDossier"),
    );
    for (code, state, course, claimed, verdict) in [
        (
            IN_ORDER,
            "DOSSIER_STATE_DONE",
            "COURSE_IN_ORDER",
            "DOSSIER_STATE_DONE",
            "VERDICT_AGREE",
        ),
        (
            IMPOSSIBLE,
            "DOSSIER_STATE_IN_PROGRESS",
            "COURSE_IMPOSSIBLE",
            "DOSSIER_STATE_IN_PROGRESS",
            "VERDICT_DISAGREE",
        ),
        (
            UNKNOWN_STATE,
            "DOSSIER_STATE_UNKNOWN",
            "COURSE_CANNOT_SAY",
            "DOSSIER_STATE_RECEIVED",
            "VERDICT_CANNOT_SAY",
        ),
    ] {
        let record = call(&client, &get, dossier(code)).await.unwrap();
        let record = &record["dossier"];
        assert_eq!(
            (&record["state"], &record["course"]),
            (&json!(state), &json!(course)),
            "{code}"
        );
        assert!(record["history"].as_array().unwrap().len() >= 3, "{record}");
        let mut ask = dossier(code);
        ask["claims"] = json!({ "state": claimed, "course": "COURSE_IN_ORDER" });
        let answer = call(&client, &confirm, ask).await.unwrap();
        let of = |path: &str| {
            let verdicts = answer["verdicts"].as_array().unwrap();
            let found = verdicts.iter().find(|verdict| verdict["path"] == path);
            found.unwrap()["verdict"].as_str().unwrap().to_owned()
        };
        assert_eq!(of("course"), verdict, "{code}");
        let wanted = if code == UNKNOWN_STATE {
            "VERDICT_CANNOT_SAY"
        } else {
            "VERDICT_AGREE"
        };
        assert_eq!(of("state"), wanted, "{code}");
    }
}

#[tokio::test]
async fn a_schema_acts_without_a_restart_and_a_broken_one_changes_nothing() {
    let scene = Scene::new();
    make_data(&scene);
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let path = format!("/{LICENCES}/GetDriverLicence");
    assert_eq!(client.raw(&path, &[]).await.unwrap_err().word, "UNKNOWN_METHOD");

    write_files(&scene);
    until(&gateway, &client, &path, "INCOMPLETE").await;
    let pool = reflected(&client, LICENCES).await;
    let get = method(&pool, LICENCES, "GetDriverLicence");
    let before = call(&client, &get, licence(LICENCE)).await.unwrap();
    assert_eq!(before["driverLicence"]["licenceNo"], LICENCE.0);

    // Whatever somebody puts there, the running configuration goes on.
    let deep = format!(
        "syntax = \"proto3\";\npackage vn.x.v1;\n{}",
        "message A {".repeat(50_000)
    );
    for (place, text) in [
        ("schemas/vn/x/v1/x.proto", "message"),
        ("schemas/vn/x/v1/x.proto", deep.as_str()),
        (
            "schemas/lienthong/lookup/v1/options.proto",
            "syntax = \"proto3\";\npackage lienthong.lookup.v1;\n",
        ),
        ("schemas/x.binpb", "\u{0}\u{1}garbage"),
    ] {
        scene.tree.write(place, text);
        let told = gateway
            .words()
            .matches("the old configuration stays in force")
            .count();
        gateway.reload();
        let end = Instant::now() + Duration::from_secs(10);
        while gateway
            .words()
            .matches("the old configuration stays in force")
            .count()
            == told
        {
            assert!(Instant::now() < end, "{place}: {}", gateway.words());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let still = call(&client, &get, licence(LICENCE)).await.unwrap();
        assert_eq!(still["driverLicence"], before["driverLicence"], "{place}");
        assert_eq!(
            still["provenance"]["configVersion"], before["provenance"]["configVersion"],
            "{place}"
        );
        std::fs::remove_file(scene.tree.root().join(place)).unwrap();
    }

    // Another number of a field is another meaning: what was kept under the old one is not read with the new one.
    scene.tree.edit(
        LICENCE_SCHEMA,
        "LicenceState state = 11",
        "LicenceState state = 21",
    );
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let pool = reflected(&client, LICENCES).await;
        let get = method(&pool, LICENCES, "GetDriverLicence");
        let state = get
            .output()
            .get_field(1)
            .unwrap()
            .kind()
            .as_message()
            .unwrap()
            .get_field_by_name("state")
            .unwrap();
        if state.number() == 21 {
            let answer = call(&client, &get, licence(LICENCE)).await.unwrap();
            assert_eq!(answer["driverLicence"]["state"], "LICENCE_STATE_VALID");
            assert_eq!(answer["provenance"]["source"], "SOURCE_REGISTRY");
            break;
        }
        assert!(Instant::now() < end, "{}", gateway.words());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until a call without a context has this outcome.
async fn until(gateway: &Gateway, client: &Client, path: &str, word: &str) {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let refused = client.raw(path, &[]).await.unwrap_err();
        if refused.word == word {
            return;
        }
        assert!(Instant::now() < end, "{}: {}", refused.word, gateway.words());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn every_mistake_in_schemas_is_told_at_once_with_file_line_and_column() {
    let scene = scene();
    let root = scene.tree.root().to_str().unwrap().to_owned();
    let check = || run(&["config", "check", "--config", &root]);
    assert_eq!(check().code, Some(0), "{:?}", check());
    scene.tree.edit(LICENCE_SCHEMA, "label_vi: \"Số seri\", ", "");
    scene.tree.edit(
        LICENCE_SCHEMA,
        "label_vi: \"Nơi cấp\", sensitivity: SENSITIVITY_BASIC",
        "label_vi: \"Nơi cấp\"",
    );
    scene.tree.edit(
        "schemas/lienthong/dossier/v1/dossier.proto",
        "DossierState state = 14",
        "DossierStat state = 14",
    );
    scene.tree.write(
        "schemas/vn/x/v1/x.proto",
        "syntax = \"proto3\";\npackage vn.x.v1;\nmessage {}\n",
    );
    let ran = check();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let said = format!("{}{}", ran.out, ran.err);
    for (file, what) in [
        (
            LICENCE_SCHEMA,
            ":27:3: error: lienthong.driverlicence.v1.DriverLicence.serial_no has no label",
        ),
        (LICENCE_SCHEMA, "issuer has no class"),
        ("schemas/lienthong/dossier/v1/dossier.proto", "DossierStat"),
        ("schemas/vn/x/v1/x.proto", ":3:9: error: expected"),
    ] {
        assert!(
            said.lines()
                .any(|line| line.contains(file) && line.contains(what)),
            "{what}: {said}"
        );
    }
    // What waits for its schema is not told twice.
    let waits = |line: &str| line.contains("registries/") || line.contains("agreements/");
    let twice = said
        .lines()
        .find(|line| waits(line) && line.contains(": error: "));
    assert_eq!(twice, None, "{said}");
    let serve = run(&["serve", "--config", &root]);
    assert_eq!(serve.code, Some(1), "{serve:?}");
}

#[test]
fn the_command_line_looks_up_and_confirms_by_what_the_gateway_tells() {
    let folder = tempfile::tempdir().unwrap();
    let demo = folder.path().join("demo");
    let mut running = std::process::Command::new(harness::program::program())
        .args(["demo", "--citizens", "200", "--port", "0", "--dir"])
        .arg(&demo)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let profile = demo.join("profiles/H29.12.toml");
    let common = [
        "--profile",
        profile.to_str().unwrap(),
        "--procedure",
        "9.000510",
        "--dossier",
        "H29.12-261124-0001",
        "--json",
    ];
    let ask = |words: &[&str]| run(&[words, &common[..]].concat());
    let licence = [
        "driver-licence",
        "--id",
        "790250000101",
        "--name",
        "Nguyễn Minh Quân",
    ];
    let end = Instant::now() + Duration::from_secs(30);
    let found = loop {
        let found = ask(&[&["lookup"], &licence[..]].concat());
        if found.code == Some(0) || Instant::now() > end {
            break found;
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    let confirmed = ask(&[
        "confirm",
        "dossier",
        "--id",
        "H29.12-261002-0002",
        "--fact",
        "applicant_name=NGUYỄN MINH QUÂN",
        "--claim",
        "course=in_order",
    ]);
    let unknown = ask(&["lookup", "driver-license", "--id", "790250000101"]);
    running.kill().unwrap();
    running.wait().unwrap();
    assert_eq!(found.json()["driverLicence"]["class"]["code"], "B", "{found:?}");
    assert_eq!(confirmed.code, Some(1), "{confirmed:?}");
    assert_eq!(
        confirmed.json()["verdicts"][0]["verdict"],
        "VERDICT_DISAGREE",
        "{confirmed:?}"
    );
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(unknown.err.contains("no lookup GetDriverLicense"), "{unknown:?}");
}
