//! `lienthong adapter`: what an operator is told of a registry before anybody depends on it.

use harness::Scene;
use harness::program::{Ran, run};
use harness::registries::{AN, COMPANY_NAME, STRANGE_COMPANY};
use rusqlite::Connection;

fn adapter(scene: &Scene, words: &[&str]) -> Ran {
    let root = scene.tree.root().to_str().unwrap();
    run(&[&["adapter"], words, &["--config", root]].concat())
}

#[test]
fn a_probe_shows_the_raw_answer_the_warnings_and_where_the_time_went() {
    let scene = Scene::new();
    let ran = adapter(
        &scene,
        &["probe", "business", "--key", STRANGE_COMPANY, "--raw", "--json"],
    );
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let told = ran.json();
    let raw = told["raw"]["text"].as_str().expect("rows are text");
    assert!(raw.contains("CÔNG TY TNHH LẠ") && raw.contains("ma_so"), "{raw}");
    assert!(!raw.contains(COMPANY_NAME), "no other row");
    let warnings = told["warnings"].as_array().expect("a list");
    let strange = warnings
        .iter()
        .filter_map(|one| one.as_str())
        .find(|one| one.starts_with("legal_state:"))
        .expect("its state");
    assert!(
        strange.contains("Đang chờ một quyết định chưa ai biết"),
        "{strange}"
    );
    let nothing = told["nothing_at"].as_array().expect("a list");
    assert!(!nothing.is_empty());
    let (all, exchange) = (&told["micros"], &told["times"]["exchange_micros"]);
    assert!(exchange.as_u64().unwrap() <= all.as_u64().unwrap(), "{told}");

    let people = adapter(&scene, &["probe", "business", "--key", STRANGE_COMPANY]);
    assert!(
        people.out.contains("warning: legal_state: ") && people.out.contains("nothing there: "),
        "{people:?}"
    );
    let plain = adapter(&scene, &["probe", "population", "--key", AN.id, "--json"]).json();
    assert_eq!(plain["raw"], serde_json::Value::Null, "only when it is asked for");
}

#[test]
fn a_proposed_file_is_compared_and_a_file_that_no_longer_fits_is_told_by_the_column() {
    let scene = Scene::new();
    let path = "registries/population.toml";
    let file = std::fs::read_to_string(scene.tree.root().join(path)).unwrap();
    let proposed = scene.folder().join("proposed.toml");
    std::fs::write(
        &proposed,
        file.replacen("from = \"ho_ten\"", "from = \"ten_dan_toc\"", 1),
    )
    .unwrap();
    let proposed = proposed.to_str().unwrap();
    let probe = ["probe", "population", "--key", AN.id, "--json", "--compare"];
    let same = scene.tree.root().join(path);
    let same = adapter(&scene, &[&probe[..], &[same.to_str().unwrap()]].concat());
    assert_eq!(
        (same.code, &same.json()["differences"]),
        (Some(0), &serde_json::json!([]))
    );
    let other = adapter(&scene, &[&probe[..], &[proposed]].concat());
    let told = other.json();
    assert_eq!(
        (other.code, &told["differences"][0]["field"]),
        (Some(1), &"fullName".into())
    );

    assert_eq!(adapter(&scene, &["check"]).code, Some(0));
    let database = Connection::open(scene.database("population")).unwrap();
    database
        .execute_batch("ALTER TABLE cong_dan RENAME ho_ten TO ten")
        .unwrap();
    let drifted = adapter(&scene, &["check", "population"]);
    assert_eq!(drifted.code, Some(1), "{drifted:?}");
    assert!(drifted.out.contains("ho_ten"), "{drifted:?}");
}
