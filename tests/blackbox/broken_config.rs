//! A broken configuration: every problem at once with its place, and nothing of it is used.

use std::time::Duration;

use harness::Scene;
use harness::program::{Ran, run, run_within};
use serde_json::Value;

fn check(scene: &Scene, more: &[&str]) -> Ran {
    let root = scene.tree.root().to_str().unwrap();
    run(&[&["config", "check", "--config", root], more].concat())
}

fn serve(scene: &Scene) -> Ran {
    run(&["serve", "--config", scene.tree.root().to_str().unwrap()])
}

/// Five mistakes in four files: where each is told, and what must be said.
fn break_it(scene: &Scene) -> [(&'static str, &'static str); 5] {
    let tree = &scene.tree;
    tree.edit("gateway.toml", "issuers/test.json", "issuers/tset.json");
    tree.edit("agreements/population.toml", "\"full_name\"", "\"full_nmae\"");
    tree.edit(
        "agreements/business.toml",
        "registry = \"business\"",
        "registry = \"busines\"",
    );
    tree.edit("agencies/H29.12.toml", "ca = \"root\"", "ca = \"rooot\"");
    tree.edit("registries/business.toml", "timeout = \"2s\"", "timeout = 2");
    [
        ("gateway.toml:", "tset.json"),
        ("agreements/population.toml:", "full_name"),
        ("agreements/business.toml:", "business"),
        ("agencies/H29.12.toml:", "root"),
        ("registries/business.toml:", "length of time"),
    ]
}

/// A line that begins with the file and says `line:column: error: …`.
fn tells(said: &str, file: &str, what: &str) -> bool {
    said.lines().any(|line| {
        let Some((_, rest)) = line.split_once(file) else {
            return false;
        };
        let mut parts = rest.splitn(3, ':');
        let place = [parts.next(), parts.next()];
        let placed = place
            .into_iter()
            .flatten()
            .all(|part| part.parse::<u32>().is_ok_and(|n| n > 0));
        let message = parts.next().unwrap_or_default();
        placed && message.starts_with(" error: ") && (message.contains(what) || rest.contains(what))
    })
}

#[test]
fn a_good_tree_is_good() {
    let scene = Scene::new();
    let human = check(&scene, &[]);
    assert_eq!(human.code, Some(0), "{human:?}");
    assert!(human.out.contains("good"), "{}", human.out);
    let machine = check(&scene, &["--json"]);
    assert_eq!(
        (machine.code, &machine.json()["good"]),
        (Some(0), &Value::Bool(true))
    );
}

#[test]
fn every_problem_is_told_at_once_with_file_line_and_column() {
    let scene = Scene::new();
    let wanted = break_it(&scene);
    let human = check(&scene, &[]);
    assert_eq!(human.code, Some(1), "{human:?}");
    for (file, what) in wanted {
        assert!(tells(&human.out, file, what), "{file} {what}: {}", human.out);
    }
    let machine = check(&scene, &["--json"]);
    assert_eq!(
        (machine.code, &machine.json()["good"]),
        (Some(1), &Value::Bool(false))
    );
    let told = machine.json();
    let problems = told["problems"].as_array().unwrap();
    let errors = problems.iter().filter(|problem| problem["severity"] == "error");
    assert!(errors.clone().count() >= wanted.len(), "{told}");
    for error in errors {
        assert!(
            error["line"].as_u64() > Some(0) && error["column"].as_u64() > Some(0),
            "{error}"
        );
    }
}

#[test]
fn the_gateway_does_not_start_on_it_and_says_the_same() {
    let scene = Scene::new();
    let wanted = break_it(&scene);
    let served = serve(&scene);
    assert_eq!((served.code, served.out.as_str()), (Some(1), ""), "{served:?}");
    for (file, what) in wanted {
        assert!(tells(&served.err, file, what), "{file} {what}: {}", served.err);
    }
    assert!(!scene.folder().join("audit").exists(), "not even a log is begun");
}

#[test]
fn a_file_that_is_no_toml_and_a_key_that_is_not_there_are_told() {
    let scene = Scene::new();
    scene
        .tree
        .write("procedures/2.001478.toml", "code = \"2.001478\nname_vi = ");
    scene
        .tree
        .edit("gateway.toml", "tls/server.key", "tls/no-such.key");
    let human = check(&scene, &[]);
    assert_eq!(human.code, Some(1));
    assert!(
        tells(&human.out, "procedures/2.001478.toml:1:", "error") || human.out.contains("2.001478.toml:1:")
    );
    assert!(human.out.contains("no-such.key"), "{}", human.out);
    let elsewhere = check(&scene, &["--without-files"]);
    assert!(!elsewhere.out.contains("no-such.key"), "{}", elsewhere.out);
}

#[test]
fn a_command_line_that_asks_for_nothing_is_a_matter_of_usage() {
    for arguments in [
        &["config", "check"][..],
        &["serve"],
        &["serve", "--config"],
        &["no-such-command"],
        &["audit", "show", "--log", "x", "many"],
    ] {
        let ran = run(arguments);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (Some(2), ""),
            "{arguments:?} {ran:?}"
        );
    }
    let absent = run(&["config", "check", "--config", "/no/such/folder"]);
    assert_eq!(absent.code, Some(1), "{absent:?}");
}

#[test]
fn a_test_that_waits_for_a_refusal_fails_when_the_program_starts_instead() {
    let scene = Scene::new();
    let root = scene.tree.root().to_str().unwrap();
    let serve = || run_within(Duration::from_secs(1), &["serve", "--config", root]);
    let said = std::panic::catch_unwind(serve).unwrap_err();
    let said = said.downcast_ref::<String>().unwrap();
    assert!(said.contains("did not end within 1s and was killed"), "{said}");
    assert!(said.contains("listening on 127.0.0.1:"), "{said}");
}
