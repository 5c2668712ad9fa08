//! How old an answer may be: fresh, stale while it is fetched anew, stale while the registry is gone.

use std::fs;
use std::time::{Duration, Instant};

use harness::messages::get;
use harness::registries::{AN, BINH, CERTIFICATE_1, CUONG, NOBODY, Person};
use harness::tree::OFFICE;
use harness::{Client, Gateway, Refused, Scene};
use proto::criminalrecord::v1::{CertificateKey, VerifyCertificateRequest};
use proto::lookup::v1::Source;
use proto::population::v1::GetCitizenRequest;
use rusqlite::Connection;
use tonic::Code;

const PATIENCE: Duration = Duration::from_secs(5);

/// A gateway whose population registry is kept by these times.
async fn keeping(scene: &Scene, times: [&str; 4]) -> (Gateway, Client) {
    let [fresh, usable, stale_if_error, negative] = times;
    let policy = |fresh, usable, stale_if_error, negative| {
        format!(
            "fresh = {fresh:?}\nusable = {usable:?}\nstale_if_error = {stale_if_error:?}\nnegative = {negative:?}"
        )
    };
    scene.tree.edit(
        "registries/population.toml",
        &policy("5m", "1h", "4h", "1m"),
        &policy(fresh, usable, stale_if_error, negative),
    );
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(scene)).await;
    (gateway, client)
}

/// Where the answer came from, and the address in it.
async fn ask(scene: &Scene, client: &Client, person: Person) -> Result<(Source, String), Refused> {
    ask_within(scene, client, person, None).await
}

async fn ask_within(
    scene: &Scene,
    client: &Client,
    person: Person,
    max_age: Option<Duration>,
) -> Result<(Source, String), Refused> {
    let max_age = max_age.map(|age| prost_types::Duration::try_from(age).unwrap());
    let answer = client
        .citizen(GetCitizenRequest {
            max_age,
            ..get(person)
        })
        .await?;
    let provenance = answer.provenance.unwrap();
    let entry = scene.log().entry(provenance.audit_index);
    let word = provenance
        .source()
        .as_str_name()
        .trim_start_matches("SOURCE_")
        .to_lowercase();
    assert_eq!(entry.source, word, "the log says where it came from");
    let residence = answer.citizen.unwrap().permanent_residence.unwrap();
    Ok((provenance.source(), residence.detail))
}

fn moves_house(scene: &Scene, person: Person, to: &str) {
    let database = Connection::open(scene.database("population")).unwrap();
    let moved = "UPDATE cong_dan SET thuong_tru_chi_tiet = ?1 WHERE so_dinh_danh = ?2";
    assert_eq!(database.execute(moved, [to, person.id]).unwrap(), 1);
}

async fn pass(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

#[tokio::test]
async fn past_the_fresh_time_the_old_answer_is_given_at_once_while_a_new_one_is_fetched() {
    let scene = Scene::new();
    let (_gateway, client) = keeping(&scene, ["1s", "1h", "1h", "1m"]).await;
    let (source, before) = ask(&scene, &client, AN).await.unwrap();
    assert_eq!(source, Source::Registry);
    assert_eq!(
        ask(&scene, &client, AN).await.unwrap(),
        (Source::Cache, before.clone())
    );
    moves_house(&scene, AN, "Số 9 ngõ 15");
    pass(1_100).await;
    assert_eq!(ask(&scene, &client, AN).await.unwrap(), (Source::Stale, before));
    let since = Instant::now();
    while ask(&scene, &client, AN).await.unwrap().1 != "Số 9 ngõ 15" {
        assert!(since.elapsed() < PATIENCE, "the new answer never comes");
        pass(20).await;
    }
    let intents = scene
        .log()
        .entries()
        .into_iter()
        .filter(|(_, entry)| entry.kind == 1);
    assert!(intents.count() >= 2, "the refresh has an intent entry too");
}

#[tokio::test]
async fn while_the_registry_is_gone_the_kept_answer_is_given_within_its_limit_and_said_to_be_stale() {
    let scene = Scene::new();
    let (_gateway, client) = keeping(&scene, ["10ms", "10ms", "1h", "10ms"]).await;
    let (_, kept) = ask(&scene, &client, AN).await.unwrap();
    let (there, away) = (scene.database("population"), scene.folder().join("away.db"));
    fs::rename(&there, &away).unwrap();
    pass(50).await;
    assert_eq!(ask(&scene, &client, AN).await.unwrap(), (Source::Stale, kept));
    let too_old = ask_within(&scene, &client, AN, Some(Duration::from_millis(1)))
        .await
        .unwrap_err();
    assert_eq!(
        (too_old.code, too_old.word.as_str()),
        (Code::FailedPrecondition, "TOO_STALE")
    );
    let never_asked = ask(&scene, &client, BINH).await.unwrap_err();
    assert_eq!(
        (never_asked.code, never_asked.word.as_str()),
        (Code::Unavailable, "UPSTREAM_UNAVAILABLE")
    );
    fs::rename(&away, &there).unwrap();
    let (source, _) = ask(&scene, &client, BINH).await.expect("a failure is not kept");
    assert_eq!(source, Source::Registry);
}

/// A person whom nobody finds, and whom the registry has from then on.
async fn asked_for_and_then_registered(scene: &Scene, client: &Client) -> Person {
    let person = Person { id: NOBODY, ..CUONG };
    let refused = ask(scene, client, person).await.unwrap_err();
    assert_eq!(refused.word, "NOT_FOUND");
    let database = Connection::open(scene.database("population")).unwrap();
    let registered = "UPDATE cong_dan SET so_dinh_danh = ?1 WHERE so_dinh_danh = ?2";
    assert_eq!(database.execute(registered, [NOBODY, CUONG.id]).unwrap(), 1);
    person
}

#[tokio::test]
async fn not_found_is_kept_for_its_time_unless_the_caller_wants_it_newer() {
    let scene = Scene::new();
    let (_gateway, client) = keeping(&scene, ["1h", "1h", "1h", "1h"]).await;
    let born_since = asked_for_and_then_registered(&scene, &client).await;
    assert_eq!(
        ask(&scene, &client, born_since).await.unwrap_err().word,
        "NOT_FOUND"
    );
    let now = Some(Duration::ZERO);
    let (source, _) = ask_within(&scene, &client, born_since, now)
        .await
        .expect("asked anew");
    assert_eq!(source, Source::Registry);
    assert_eq!(ask(&scene, &client, born_since).await.unwrap().0, Source::Cache);
}

#[tokio::test]
async fn without_a_time_for_it_not_found_is_asked_each_time() {
    let scene = Scene::new();
    let (_gateway, client) = keeping(&scene, ["1h", "1h", "1h", "0s"]).await;
    let born_since = asked_for_and_then_registered(&scene, &client).await;
    ask(&scene, &client, born_since).await.expect("it is there now");
}

#[tokio::test]
async fn the_callers_age_limit_and_the_agreements_are_kept_and_the_stricter_wins() {
    let scene = Scene::new();
    let limited = "second_fact = \"required\"\nmax_age = \"1s\"\n";
    scene.tree.edit(
        "agreements/population.toml",
        "second_fact = \"required\"\n",
        limited,
    );
    let (_gateway, client) = keeping(&scene, ["1h", "1h", "1h", "1m"]).await;
    ask(&scene, &client, AN).await.unwrap();
    assert_eq!(ask(&scene, &client, AN).await.unwrap().0, Source::Cache);
    pass(1_100).await;
    let loose = Some(Duration::from_secs(3600));
    assert_eq!(
        ask_within(&scene, &client, AN, loose).await.unwrap().0,
        Source::Registry
    );
    pass(50).await;
    let strict = Some(Duration::from_millis(10));
    assert_eq!(
        ask_within(&scene, &client, AN, strict).await.unwrap().0,
        Source::Registry
    );
}

#[tokio::test]
async fn the_validity_of_a_certificate_is_asked_each_time() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let ask = VerifyCertificateRequest {
        context: Some(harness::messages::context()),
        key: Some(CertificateKey {
            certificate_no: CERTIFICATE_1.into(),
            full_name: AN.name.into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    for _ in 0..3 {
        let answer = client.verify(ask.clone()).await.unwrap();
        assert_eq!(answer.provenance.unwrap().source(), Source::Registry);
    }
}
