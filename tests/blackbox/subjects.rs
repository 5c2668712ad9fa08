//! Whom an entry is about: the auditors learn it with the keys of the period, nobody learns it without both.

use std::fs;
use std::time::Duration;

use audit::{AuditorPrivateKey, open_subject};
use harness::Scene;
use harness::messages::{confirm, get};
use harness::program::run;
use harness::registries::{AN, CUONG, NOBODY, Person};
use harness::tree::OFFICE;

/// A lookup that asks the registry, one that does not, a denial, and somebody whom nobody knows.
async fn calls(scene: &Scene) -> harness::Gateway {
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(scene)).await;
    client.citizen(get(AN)).await.unwrap();
    client.citizen(get(AN)).await.unwrap();
    client.confirm(confirm(AN)).await.unwrap();
    let mut denied = get(CUONG);
    denied.context.as_mut().unwrap().procedure_code = "1.004222".to_owned();
    client.citizen(denied).await.unwrap_err();
    let nobody = Person { id: NOBODY, ..AN };
    client.citizen(get(nobody)).await.unwrap_err();
    client.citizen(get(nobody)).await.unwrap_err();
    gateway
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn auditors_open_every_subject_with_the_keys_of_the_period_and_not_without() {
    let scene = Scene::new();
    let mut gateway = calls(&scene).await;
    assert!(gateway.stop().success());
    let entries = scene.log().entries();
    let about: Vec<_> = entries
        .iter()
        .map(|(_, entry)| entry)
        .filter(|entry| !entry.subject_pseudonym.is_empty())
        .collect();
    let opened: Vec<_> = about
        .iter()
        .map(|entry| {
            let keys = scene.subject_keys().read(&entry.subject_period).unwrap();
            let subject = open_subject(&scene.auditor, &keys, entry).unwrap();
            assert_eq!(subject.kind, "personal_id");
            subject.identifier.to_string()
        })
        .collect();
    let times = |id: &str| opened.iter().filter(|one| *one == id).count();
    // An intent and three outcomes; a denial; an intent and two outcomes.
    assert_eq!((times(AN.id), times(CUONG.id), times(NOBODY)), (4, 1, 3));
    let of_an: Vec<_> = about
        .iter()
        .zip(&opened)
        .filter(|(_, id)| *id == AN.id)
        .map(|(entry, _)| &entry.sealed_subject)
        .collect();
    assert!(
        of_an.iter().all(|sealed| *sealed == of_an[0]),
        "sealed once, and kept beside the record"
    );

    let stranger = AuditorPrivateKey::create_key_file(&scene.folder().join("stranger.key")).unwrap();
    let keys = scene.subject_keys().every().unwrap().pop().unwrap();
    assert!(open_subject(&stranger, &keys, about[0]).is_err(), "another's key");
    let made_anew = audit::PeriodKeys::new(keys.name(), &[7; 32]).unwrap();
    assert!(
        open_subject(&scene.auditor, &made_anew, about[0]).is_err(),
        "the auditors alone"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_whose_keys_are_destroyed_verifies_and_tells_nothing() {
    let scene = Scene::new();
    let mut gateway = calls(&scene).await;
    let keys = scene.subject_keys();
    let period = keys.every().unwrap()[0].name().to_owned();
    keys.destroy(&period).unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(gateway.stop().success());

    scene.log().verify().unwrap();
    // Near its end the next period has its keys already.
    let left = keys.every().unwrap();
    assert!(keys.read(&period).is_err() && left.iter().all(|keys| keys.name() != period));
    let entries = scene.log().entries();
    let destroyed = entries
        .iter()
        .find(|(_, entry)| entry.operation == "subject-keys-destroyed");
    assert_eq!(destroyed.unwrap().1.detail, format!("subjects {period}"));
    // Nothing that is left makes the pseudonym or opens what was sealed: not the auditors' key, not the files.
    let about = entries
        .iter()
        .find(|(_, entry)| !entry.sealed_subject.is_empty())
        .unwrap();
    for byte in 0..=255 {
        let guessed = audit::PeriodKeys::new(&period, &[byte; 32]).unwrap();
        assert!(open_subject(&scene.auditor, &guessed, &about.1).is_err());
        assert_ne!(
            guessed.subject("personal_id", AN.id).as_slice(),
            about.1.subject_pseudonym
        );
    }
    // No keys are made again for a period that had some.
    let config = scene.tree.root().to_str().unwrap();
    let again = run(&["serve", "--config", config]);
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(
        again
            .err
            .contains(&format!("the subject keys of period {period} were destroyed")),
        "{}",
        again.err
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_the_log_goes_on_with_are_not_made_anew_when_they_are_lost() {
    let scene = Scene::new();
    let mut gateway = calls(&scene).await;
    assert!(gateway.stop().success());
    let keys = scene.subject_keys();
    let period = keys.every().unwrap()[0].name().to_owned();
    let (key, away) = (
        keys.path().join(format!("{period}.key")),
        scene.folder().join("away"),
    );
    fs::rename(&key, &away).unwrap();
    let refused = run(&["serve", "--config", scene.tree.root().to_str().unwrap()]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.err.contains(&format!("{period}.key is not in")),
        "{}",
        refused.err
    );
    assert!(!key.exists(), "nothing was made in its place");

    fs::rename(&away, &key).unwrap();
    assert!(scene.start().stop().success(), "it is back");
    fs::remove_file(&key).unwrap();
    fs::write(keys.path().join(format!("{period}.lost")), "").unwrap();
    assert!(scene.start().stop().success(), "somebody knows that it is lost");
    assert!(key.exists());
}

#[test]
fn a_period_is_destroyed_when_it_is_over_and_somebody_says_yes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let key = folder.path().join("2020-01.key");
    let secret = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n";
    fs::write(&key, secret).unwrap();
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let destroy = |more: &[&str]| run(&[&["audit", "destroy-period", "--keys", path], more].concat());

    let told = destroy(&["2020-01"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.out.contains("Nothing was destroyed"), "{}", told.out);
    assert_eq!(fs::read_to_string(&key).unwrap(), secret);
    assert_eq!(destroy(&["2999-01", "--yes"]).code, Some(1), "not over");
    assert_eq!(destroy(&["2020-02", "--yes"]).code, Some(1), "there are none");
    assert_eq!(destroy(&["../2020-01", "--yes"]).code, Some(1), "no period");

    let done = destroy(&["2020-01", "--yes"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|item| item.unwrap().file_name())
        .collect();
    assert_eq!(left, ["2020-01.destroyed"]);
}

#[test]
fn a_configuration_without_the_auditors_key_or_with_their_private_one_is_refused() {
    let scene = Scene::new();
    let config = scene.tree.root().to_str().unwrap().to_owned();
    let check = || run(&["config", "check", "--config", &config]);
    let written = "auditor_key = \"audit/auditor.pub\"\n";
    scene.tree.edit("gateway.toml", written, "");
    let missing = check();
    assert_eq!(missing.code, Some(1), "{missing:?}");
    assert!(format!("{missing:?}").contains("auditor_key"), "{missing:?}");
    scene
        .tree
        .edit("gateway.toml", "[audit]\n", &format!("[audit]\n{written}"));
    let private = fs::read_to_string(scene.folder().join("auditor/auditor.key")).unwrap();
    scene.tree.write("audit/auditor.pub", &private);
    let wrong = check();
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    assert!(
        format!("{wrong:?}").contains("private key; the gateway must not have it"),
        "{wrong:?}"
    );
    let half = private.trim().splitn(4, '+').nth(3).unwrap().to_owned();
    assert!(!format!("{wrong:?}").contains(&half), "and it is not repeated");
}
