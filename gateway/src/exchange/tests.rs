//! The exchange between two doubles: a registry that counts how often it is asked, and callers that
//! identity has let in.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::Duration;

use adapters::settings::{CachePolicy, Interval, Scope, Size};
use adapters::{Found, Question, Registry};
use bytes::Bytes;
use prost::Message as _;
use proto::lookup::v1::{LookupContext, PartialDate, Step};
use proto::population::v1::{Citizen, CitizenKey, ConfirmCitizenRequest, GetCitizenRequest};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::*;
use crate::authorization::Agreements;
use crate::demo::folder::Folder;
use crate::demo::random::Draw;
use crate::development::folder::KeyFolder;
use crate::directory::Source;
use crate::identity::{Caller, ClientTrust, VerifiedTokens, configured};
use crate::record::method::Methods;
use crate::settings::{self, AgreementSettings};

const GET: &str = "/lienthong.population.v1.PopulationService/GetCitizen";
const CONFIRM: &str = "/lienthong.population.v1.PopulationService/ConfirmCitizen";
const AN: &str = "001090000011";
const BINH: &str = "001190000012";
const NOBODY: &str = "001090999999";
const NAMES: [&str; 3] = ["NGUYỄN VĂN AN", "TRẦN THỊ BÌNH", "LÊ QUỐC CƯỜNG"];
const MINUTE: i64 = 60_000_000;

/// Two citizens; counts questions by identifier.
#[derive(Default)]
struct Counting {
    asked: Mutex<HashMap<String, usize>>,
    down: Mutex<bool>,
    /// How long it takes, and whether it refuses then.
    slow: Mutex<Duration>,
    refuses: Mutex<bool>,
}

#[tonic::async_trait]
impl Registry for Counting {
    async fn look_up(&self, question: Question) -> Result<Found, adapters::Error> {
        *self
            .asked
            .lock()
            .unwrap()
            .entry(question.key.to_string())
            .or_default() += 1;
        let slow = *self.slow.lock().unwrap();
        if !slow.is_zero() {
            tokio::time::sleep(slow).await;
        }
        if *self.down.lock().unwrap() {
            return Err(adapters::Error::DeadlineExceeded);
        }
        question
            .trace
            .answered_by(&"ndop".into(), Some("tx-1".to_owned()));
        if *self.refuses.lock().unwrap() {
            return Err(adapters::Error::Refused {
                code: "77".to_owned(),
            });
        }
        let (name, year) = match &*question.key {
            AN => (NAMES[0], 1990),
            BINH => (NAMES[1], 1991),
            _ => return Err(adapters::Error::NotFound),
        };
        let citizen = Citizen {
            personal_id: question.key.to_string(),
            full_name: name.to_owned(),
            birth_date: Some(born(year)),
            phone: "0912000111".to_owned(),
            ..Citizen::default()
        };
        Ok(Found {
            record: citizen.encode_to_vec().into(),
            as_of: None,
            transaction: Some("tx-1".to_owned()),
            route: Some("ndop".into()),
            retrieved: None,
        })
    }

    async fn check(&self) -> Result<(), adapters::Error> {
        Ok(())
    }
}

impl Counting {
    fn times(&self, key: &str) -> usize {
        self.asked.lock().unwrap().get(key).copied().unwrap_or(0)
    }
}

fn born(year: i32) -> PartialDate {
    PartialDate {
        year,
        month: 7,
        day: 5,
    }
}

/// A whole configuration and a log, in a folder of their own.
struct Stage {
    exchange: Exchange,
    methods: Methods,
    peer: PeerCertificate,
    registry: Arc<Counting>,
    /// How long a caller waits.
    patience: Mutex<Duration>,
    /// Where the last answer came from.
    source: Mutex<Option<crate::cache::From>>,
    _folder: tempfile::TempDir,
}

impl Stage {
    fn new(cached: bool, agreements: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let demo = Folder::open(folder.path()).unwrap();
        demo.write_data(100, &|_| {}).unwrap();
        demo.write_keys(Moment::now()).unwrap();
        demo.write_config("127.0.0.1:0").unwrap();
        let settings = settings::load(&demo.config())
            .map_err(|problems| problems.to_string())
            .unwrap();
        let mut directory = Directory::compile(&settings, VerifiedTokens::new(10), None).unwrap();
        let methods = directory.methods.clone();
        let written: AgreementSettings = toml::from_str(agreements).unwrap();
        let written = BTreeMap::from([("population".to_owned(), written)]);
        directory.agreements = Agreements::compile(&written, ["H29.12"].into_iter(), &methods).unwrap();
        let minutes = |minutes: u64| Interval(Duration::from_secs(if cached { minutes * 60 } else { 0 }));
        let policy = CachePolicy {
            fresh: minutes(5),
            usable: minutes(10),
            stale_if_error: minutes(60),
            negative: minutes(1),
            size: Size(1 << 20),
            scope: Scope::Shared,
        };
        let registry = Arc::new(Counting::default());
        let source = Source::for_tests("population", registry.clone(), &policy);
        directory.registries = HashMap::from([("population".into(), Arc::new(source))]);
        let audit = &settings.gateway.audit;
        let signer = audit::Signer::load(&settings.path(audit.signing_key.get_ref())).unwrap();
        let options = audit::Options::default();
        let (log, _) = audit::Log::open(&folder.path().join("log"), signer, options).unwrap();
        let trust = ClientTrust::load(
            &configured::authorities(&settings.gateway.tls, &settings.base),
            Moment::now(),
        )
        .unwrap();
        let client = KeyFolder::new(folder.path().join("keys"), false)
            .client("H29.12")
            .unwrap();
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(client.public)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        Self {
            exchange: Exchange {
                directory: ArcSwap::from_pointee(directory),
                log,
                subjects: Subjects::for_tests(&folder.path().join("subject-keys")),
                quotas: Quotas::default(),
                outcomes: Outcomes::default(),
            },
            methods,
            peer: PeerCertificate::read(&chain, &trust, Moment::now()).unwrap(),
            registry,
            patience: Mutex::new(Duration::from_secs(5)),
            source: Mutex::default(),
            _folder: folder,
        }
    }

    /// Asks some microseconds from now; what leaves, or the refusal.
    async fn ask(&self, path: &str, message: &[u8], role: &str, later: i64) -> Result<Bytes, Refusal> {
        let directory = self.exchange.directory.load_full();
        let method = &self.methods[path];
        let mut story = Story::begin(method, &self.peer, &directory);
        story.caller = Some(Arc::new(Caller::for_tests(
            "H29.12",
            "one-stop",
            "officer-1",
            role,
        )));
        story.received = Moment(story.received.0 + later);
        let parts = Parts::read(message).unwrap();
        let deadline = Instant::now() + *self.patience.lock().unwrap();
        let outcome = self.exchange.decide(&mut story, &parts, deadline).await;
        *self.source.lock().unwrap() = outcome.as_ref().ok().map(|answer| answer.from);
        outcome.map(|answer| answer.payload)
    }

    async fn get(&self, key: CitizenKey, later: i64) -> Result<Bytes, Refusal> {
        let ask = GetCitizenRequest {
            context: Some(context(&mut Draw::of(0, 0, 0), false)),
            key: Some(key),
            ..GetCitizenRequest::default()
        };
        self.ask(GET, &ask.encode_to_vec(), "receiving-officer", later)
            .await
    }
}

const AGREEMENT: &str = r#"
version = "1"
title = "One stop"
agencies = ["H29.12"]
registry = "population"
procedures = ["2.001478"]
legal_basis = "Law 26/2023, article 11"
[[grant]]
record = "lienthong.population.v1.Citizen"
operations = ["get", "confirm"]
fields = ["full_name", "birth_date"]
steps = ["receiving"]
roles = ["receiving-officer"]
[[grant]]
record = "lienthong.population.v1.Citizen"
operations = ["get"]
fields = ["*"]
steps = ["receiving", "deciding"]
roles = ["deciding-officer"]
max_age = "1m"
"#;

fn context(draw: &mut Draw, any: bool) -> LookupContext {
    let mut context = LookupContext {
        procedure_code: "2.001478".to_owned(),
        dossier_code: "H29.12-260624-0001".to_owned(),
        component: "identity".to_owned(),
        step: Step::Receiving.into(),
        receiving_agency: "H29.12".to_owned(),
        competent_agency: "H29.12".to_owned(),
    };
    if any && draw.chance(100) {
        draw.pick(&["1.004222", "9.999999"])
            .clone_into(&mut context.procedure_code);
    }
    if any && draw.chance(300) {
        context.step = Step::Deciding.into();
    }
    context
}

fn named(id: &str, name: &str) -> CitizenKey {
    CitizenKey {
        personal_id: id.to_owned(),
        full_name: name.to_owned(),
        birth_date: None,
    }
}

/// A call of any kind about one of three numbers.
fn any(draw: &mut Draw) -> (&'static str, Vec<u8>, &'static str, i64) {
    let (id, name, year) = draw.pick(&[
        (AN, NAMES[0], 1990),
        (BINH, NAMES[1], 1991),
        (NOBODY, NAMES[2], 1992),
    ]);
    let mut key = match draw.chance(700) {
        true => named(id, name),
        false => named(id, draw.pick(&["", NAMES[0], NAMES[1]])),
    };
    if draw.chance(400) {
        let year = if draw.chance(800) { year } else { 1993 };
        key.birth_date = Some(born(year));
    }
    let role = draw.pick(&["receiving-officer", "deciding-officer"]);
    let context = Some(context(draw, true));
    let max_age = draw.chance(200).then(|| prost_types::Duration {
        seconds: i64::from(draw.between(0, 1_200)),
        nanos: 0,
    });
    let latest = if draw.chance(900) { 50 } else { 1_200 };
    let later = i64::from(draw.between(0, latest)) * MINUTE / 60;
    if draw.chance(500) {
        let paths = ["full_name", "birth_date", "phone", "religion"]
            .iter()
            .filter(|_| draw.chance(300));
        let paths: Vec<_> = paths.map(|path| (*path).to_owned()).collect();
        let ask = GetCitizenRequest {
            context,
            key: Some(key),
            read_mask: (!paths.is_empty()).then_some(prost_types::FieldMask { paths }),
            max_age,
            ..GetCitizenRequest::default()
        };
        (GET, ask.encode_to_vec(), role, later)
    } else {
        let claims = Citizen {
            full_name: draw.pick(&NAMES).to_owned(),
            phone: draw.pick(&["", "", "", "0912000111"]).to_owned(),
            ..Citizen::default()
        };
        let ask = ConfirmCitizenRequest {
            context,
            key: Some(key),
            claims: Some(claims),
            max_age,
            ..ConfirmCitizenRequest::default()
        };
        (CONFIRM, ask.encode_to_vec(), role, later)
    }
}

#[tokio::test]
async fn what_is_kept_changes_neither_a_decision_nor_an_answer() {
    let (with, without) = (Stage::new(true, AGREEMENT), Stage::new(false, AGREEMENT));
    let mut draw = Draw::of(20_261_124, 2, 0);
    let mut answered = 0;
    const CALLS: usize = 20_000;
    for call in 0..CALLS {
        let (path, message, role, later) = any(&mut draw);
        let kept = with.ask(path, &message, role, later).await;
        let asked = without.ask(path, &message, role, later).await;
        assert_eq!(kept, asked, "call {call}");
        answered += usize::from(kept.is_ok());
    }
    let (kept, asked) = (with.registry.times(AN), without.registry.times(AN));
    assert!(answered > CALLS / 20, "{answered} answered");
    assert!(
        kept * 2 < asked,
        "the registry was asked {kept} times with, {asked} times without"
    );
}

/// Moments at which somebody asks in vain, in seconds, with the limit of age.
const IN_VAIN: [i64; 9] = [0, 1, 30, 59, 70, 71, 400, 401, 900];

#[tokio::test]
async fn for_facts_that_do_not_fit_the_registry_is_asked_as_often_as_for_nobody() {
    // Whether somebody who knows the person has asked before or asks in between makes no difference.
    for honest in [&[][..], &[0], &[29, 300, 600]] {
        let stage = Stage::new(true, AGREEMENT);
        for at in IN_VAIN {
            for known in honest.iter().filter(|known| **known <= at) {
                stage.get(named(AN, NAMES[0]), known * 1_000_000).await.unwrap();
            }
            let before = (stage.registry.times(AN), stage.registry.times(NOBODY));
            let person = stage.get(named(AN, NAMES[2]), at * 1_000_000).await.unwrap_err();
            let nobody = stage
                .get(named(NOBODY, NAMES[2]), at * 1_000_000)
                .await
                .unwrap_err();
            assert_eq!(person, nobody, "the same refusal");
            assert_eq!(person.reason, Reason::NotFound);
            let asked = (
                stage.registry.times(AN) - before.0,
                stage.registry.times(NOBODY) - before.1,
            );
            assert_eq!(asked.0, asked.1, "at {at} s, honest at {honest:?}");
        }
    }
}

#[tokio::test]
async fn while_the_registry_is_down_only_who_knows_the_person_learns_that_a_record_is_kept() {
    let stage = Stage::new(true, AGREEMENT);
    stage.get(named(AN, NAMES[0]), 0).await.unwrap();
    *stage.registry.down.lock().unwrap() = true;
    for minutes in [0, 2, 8, 30, 90] {
        let later = minutes * MINUTE;
        let person = stage.get(named(AN, NAMES[2]), later).await.unwrap_err();
        let nobody = stage.get(named(NOBODY, NAMES[2]), later).await.unwrap_err();
        assert_eq!(person, nobody, "after {minutes} minutes");
        assert_eq!(person.reason, Reason::UpstreamUnavailable);
    }
    stage
        .get(named(AN, NAMES[0]), 30 * MINUTE)
        .await
        .expect("kept for when the registry is down");
    let stale = stage.get(named(AN, NAMES[0]), 90 * MINUTE).await.unwrap_err();
    assert_eq!(stale.reason, Reason::TooStale);
}

/// The route and the id that the entry of a refusal names.
fn found_under(refusal: &Refusal) -> Option<(&str, &str)> {
    let exchanged = refusal.refused_in.as_deref()?;
    Some((exchanged.route.as_deref()?, exchanged.transaction.as_deref()?))
}

#[tokio::test]
async fn every_call_that_waited_for_one_question_can_be_found_in_the_registrys_log() {
    for (refuses, reason) in [(true, Reason::UpstreamRefused), (false, Reason::NotFound)] {
        let stage = Stage::new(true, AGREEMENT);
        *stage.registry.slow.lock().unwrap() = Duration::from_millis(100);
        *stage.registry.refuses.lock().unwrap() = refuses;
        let calls = (0..200).map(|_| stage.get(named(NOBODY, NAMES[2]), 0));
        let refusals = futures_util::future::join_all(calls).await;
        assert_eq!(stage.registry.times(NOBODY), 1, "one question");
        for refusal in refusals {
            let refusal = refusal.unwrap_err();
            assert_eq!(
                (refusal.reason, found_under(&refusal)),
                (reason, Some(("ndop", "tx-1")))
            );
        }
    }
}

#[tokio::test]
async fn a_kept_not_found_names_the_exchange_that_it_came_of() {
    let stage = Stage::new(true, AGREEMENT);
    for (key, asked) in [(named(NOBODY, NAMES[2]), NOBODY), (named(AN, NAMES[2]), AN)] {
        for _ in 0..3 {
            let refusal = stage.get(key.clone(), 0).await.unwrap_err();
            let found = (refusal.reason, found_under(&refusal));
            assert_eq!(found, (Reason::NotFound, Some(("ndop", "tx-1"))));
        }
        assert_eq!(stage.registry.times(asked), 1, "kept");
    }
}

#[tokio::test]
async fn who_waits_less_than_the_registry_may_take_still_gets_what_is_kept_for_an_outage() {
    let stage = Stage::new(true, AGREEMENT);
    stage.get(named(AN, NAMES[0]), 0).await.unwrap();
    *stage.registry.slow.lock().unwrap() = Duration::from_secs(20);
    *stage.patience.lock().unwrap() = Duration::from_millis(300);
    let began = Instant::now();
    stage.get(named(AN, NAMES[0]), 30 * MINUTE).await.expect("kept");
    let took = began.elapsed();
    assert_eq!(*stage.source.lock().unwrap(), Some(crate::cache::From::Stale));
    assert!(
        took >= Duration::from_millis(250),
        "nine tenths of the time are the registry's: {took:?}"
    );
    assert!(
        took < Duration::from_millis(299),
        "there is time to log it: {took:?}"
    );
    for (key, later) in [
        (named(AN, NAMES[2]), 30),
        (named(NOBODY, NAMES[2]), 30),
        (named(AN, NAMES[0]), 90),
    ] {
        let began = Instant::now();
        let refusal = stage.get(key, later * MINUTE).await.unwrap_err();
        let took = began.elapsed();
        assert!(
            took >= Duration::from_millis(299),
            "the time told that somebody is kept: {took:?}"
        );
        assert_eq!(refusal.reason, Reason::DeadlineExceeded);
    }
}
