//! How often and how much: each limit refuses by name, says when to come back, and is told once.

use std::time::Duration;

use harness::messages::{confirm, get, key};
use harness::registries::{AN, BINH, CUONG, NOBODY, Person};
use harness::tree::OFFICE;
use harness::{Agency, Client, Gateway, Refused, Scene};
use proto::audit::v1::EntryKind;
use proto::population::v1::{BatchConfirmCitizensItem, BatchConfirmCitizensRequest};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

const FILE: &str = "agreements/population.toml";

fn limited(quota: &str) -> Scene {
    let scene = Scene::new();
    let basis = "legal_basis = \"Decree 194/2025\"\n";
    scene
        .tree
        .edit(FILE, basis, &format!("{basis}[quota]\n{quota}\n"));
    scene
}

async fn officer(scene: &Scene, gateway: &Gateway, agency: &Agency, name: &str) -> Client {
    let mut claims = agency.claims();
    claims["sub"] = name.into();
    gateway.connect(agency, scene.issuer.sign(&claims)).await
}

async fn word(client: &Client, person: Person) -> String {
    client
        .citizen(get(person))
        .await
        .map_or_else(|refused| refused.word, |_| "OK".into())
}

fn details(refused: &Refused) -> (String, Duration) {
    let status = Status::with_details(refused.code, "", refused.details.to_vec().into());
    let failure = status.get_details_quota_failure().expect("a QuotaFailure");
    let retry = status.get_details_retry_info().expect("a RetryInfo");
    (
        failure.violations[0].subject.clone(),
        retry.retry_delay.expect("a time"),
    )
}

#[tokio::test]
async fn an_officer_asks_for_so_many_people_in_an_hour_and_another_for_as_many() {
    let scene = limited("subjects_per_officer_per_hour = 2");
    let (mut gateway, office) = (scene.start(), scene.agency(OFFICE));
    let first = officer(&scene, &gateway, &office, "officer-1").await;
    for person in [AN, BINH, AN] {
        assert_eq!(word(&first, person).await, "OK");
    }
    let refused = first.citizen(get(CUONG)).await.unwrap_err();
    assert_eq!(
        (refused.word.as_str(), refused.code),
        ("QUOTA_EXCEEDED", Code::ResourceExhausted)
    );
    assert_eq!(refused.metadata["missing"], "quota.subjects_per_officer_per_hour");
    let (subject, retry) = details(&refused);
    assert_eq!(subject, "quota.subjects_per_officer_per_hour");
    assert!(
        retry > Duration::from_secs(3_500) && retry <= Duration::from_secs(3_600),
        "{retry:?}"
    );
    assert_eq!(word(&first, CUONG).await, "QUOTA_EXCEEDED");
    assert_eq!(word(&first, BINH).await, "OK", "who counts already");
    let second = officer(&scene, &gateway, &office, "officer-2").await;
    assert_eq!(word(&second, CUONG).await, "OK");

    // A touched and a changed file leave what was used as it was.
    scene.tree.edit(FILE, "version = \"1\"", "version = \"2\"");
    let version = async || {
        first
            .confirm(confirm(AN))
            .await
            .unwrap()
            .provenance
            .unwrap()
            .config_version
    };
    let before = version().await;
    gateway.reload();
    for _ in 0..500 {
        if version().await != before {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(word(&first, CUONG).await, "QUOTA_EXCEEDED");

    gateway.stop();
    let entries = scene.log().entries();
    let alarms: Vec<_> = entries
        .iter()
        .map(|(_, entry)| entry)
        .filter(|entry| entry.operation == "subject-alarm")
        .collect();
    assert_eq!(alarms.len(), 1, "once for an officer and an hour");
    let alarm = alarms[0];
    assert_eq!(alarm.kind, i32::from(EntryKind::Operation));
    assert_eq!(
        (
            alarm.agency.as_str(),
            alarm.officer.as_str(),
            alarm.agreement.as_str()
        ),
        (OFFICE, "officer-1", "population")
    );
    assert_eq!(alarm.detail, "quota.subjects_per_officer_per_hour = 2");
    let words = gateway.words();
    assert_eq!(words.matches("a quota is used up").count(), 1, "{words}");
    assert!(!words.contains("officer-1"), "{words}");
    scene.log().verify().unwrap();
}

#[tokio::test]
async fn neither_numbers_nor_birth_dates_can_be_walked_through() {
    let scene = limited("subjects_per_officer_per_hour = 5");
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let walker = officer(&scene, &gateway, &office, "walker").await;
    let mut words = Vec::new();
    for number in 0..7 {
        let id = format!("00109099999{number}");
        let mut ask = get(AN);
        ask.key.as_mut().unwrap().personal_id = id;
        words.push(walker.citizen(ask).await.unwrap_err().word);
    }
    assert_eq!(words[..5], ["NOT_FOUND"; 5]);
    assert_eq!(words[5..], ["QUOTA_EXCEEDED"; 2]);

    let guesser = officer(&scene, &gateway, &office, "guesser").await;
    let mut words = Vec::new();
    for year in 1980..1987 {
        let mut ask = get(AN);
        let birth = harness::messages::birth(Person {
            born: (year, 7, 5),
            ..AN
        });
        let mut guessed = key(AN);
        guessed.full_name.clear();
        guessed.birth_date = Some(birth);
        ask.key = Some(guessed);
        words.push(guesser.citizen(ask).await.unwrap_err().word);
    }
    assert_eq!(words[..5], ["NOT_FOUND"; 5]);
    assert_eq!(words[5..], ["QUOTA_EXCEEDED"; 2]);
}

#[tokio::test]
async fn calls_of_a_day_and_items_of_a_stream_are_counted_for_the_agreement() {
    let scene = limited("calls_per_day = 5");
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = officer(&scene, &gateway, &office, "officer-1").await;
    for _ in 0..2 {
        assert_eq!(word(&client, AN).await, "OK");
    }
    let one = confirm(AN);
    let item = BatchConfirmCitizensItem {
        key: one.key,
        claims: one.claims,
    };
    let ask = BatchConfirmCitizensRequest {
        context: one.context,
        items: vec![item; 5],
        ..Default::default()
    };
    let items = client.batch(ask).await.unwrap();
    let refused = |at: usize| items[at].refusal.as_ref().map(|refusal| refusal.reason.as_str());
    assert_eq!(
        [0, 1, 2, 3, 4].map(refused),
        [None, None, None, Some("QUOTA_EXCEEDED"), Some("QUOTA_EXCEEDED")]
    );
    let until_tomorrow = items[4].refusal.as_ref().and_then(|refusal| refusal.retry_after);
    let seconds = until_tomorrow.expect("an item says when to come again").seconds;
    assert!((0..=86_400).contains(&seconds), "{seconds}");
    let other = officer(&scene, &gateway, &office, "officer-2").await;
    let refused = other.citizen(get(BINH)).await.unwrap_err();
    assert_eq!(details(&refused).0, "quota.calls_per_day");
    // Another agreement has a quota of its own, or none.
    let nobody = Person { id: NOBODY, ..AN };
    assert_eq!(word(&other, nobody).await, "QUOTA_EXCEEDED");
}

#[tokio::test]
async fn a_second_takes_its_calls_and_says_when_the_next_one_may_come() {
    let scene = limited("calls_per_second = 3");
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = officer(&scene, &gateway, &office, "officer-1").await;
    let calls = (0..30).map(|_| client.citizen(get(AN)));
    let outcomes = futures_util::future::join_all(calls).await;
    let taken = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!((3..=6).contains(&taken), "{taken} of 30 at once");
    let refused = outcomes.into_iter().find_map(Result::err).unwrap();
    let (subject, retry) = details(&refused);
    assert_eq!(subject, "quota.calls_per_second");
    assert!(retry <= Duration::from_secs(1), "{retry:?}");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(word(&client, AN).await, "OK");
}
