//! Another gateway as a registry: what of the caller arrives there, and how both logs are joined.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use harness::messages::{DOSSIER, confirm, get};
use harness::pki::Keyed;
use harness::program::run;
use harness::registries::{AN, BINH, NOBODY, Person};
use harness::tokens::{AUDIENCE, ISSUER};
use harness::tree::{COMPETENT, OFFICE, OTHER_PROCEDURE, PROCEDURE, client_id};
use harness::{Client, Gateway, Scene};
use proto::lookup::v1::{Source, Verdict};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};

/// A key with which the asking gateway vouches for its officers.
struct Vouching {
    key: KeyPair,
    id: &'static str,
}

impl Vouching {
    fn new(id: &'static str) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        Self { key, id }
    }

    /// Its public half, as the other gateway knows the agency's issuer.
    fn published(&self) -> serde_json::Value {
        let point = self.key.public_key_raw();
        let (x, y) = point[1..].split_at(32);
        serde_json::json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.id,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        })
    }
}

fn key_set(of: &[&Vouching]) -> String {
    let keys: Vec<_> = of.iter().map(|vouching| vouching.published()).collect();
    serde_json::json!({ "keys": keys }).to_string()
}

/// The one that holds the registry, and the one that asks it.
struct Pair {
    upstream: Scene,
    own: Scene,
    gateways: [Gateway; 2],
    client: Client,
    /// What the asking one shows, and vouches with.
    certificate: Keyed,
    vouching: Vouching,
}

impl Pair {
    /// `cache`: how long the asking one keeps answers.
    async fn start(cache: &str) -> Self {
        let (upstream, own) = (Scene::new(), Scene::new());
        let vouching = Vouching::new("vouching-1");
        upstream.tree.write("issuers/test.json", &key_set(&[&vouching]));
        upstream
            .tree
            .write(REVOKED, &upstream.authority.revocation_list(&[]));
        upstream.tree.edit(
            "gateway.toml",
            "file = \"tls/ca.pem\"",
            "file = \"tls/ca.pem\"\nrevocation = [{ file = \"tls/ca.crl\" }]",
        );
        let first = upstream.start();
        let certificate = upstream.agency(OFFICE).keyed.unwrap();
        own.tree.write("upstream/ca.pem", upstream.authority.pem());
        own.tree.write("upstream/own.pem", &certificate.certificate_pem);
        own.tree.write_secret("upstream/own.key", &certificate.key_pem);
        own.tree
            .write_secret("upstream/vouching.key", &vouching.key.serialize_pem());
        let port = first.address.port();
        let client = client_id(OFFICE);
        let registry = format!(
            r#"title_vi = "Dân cư"
title_en = "Population"
kind = "grpc"

[connection]
server = {{ url = "https://localhost:{port}", ca = "upstream/ca.pem", certificate = "upstream/own.pem", key = "upstream/own.key" }}
lienthong = {{ issuer = "{ISSUER}", audience = "{AUDIENCE}", client_id = "{client}", signing_key = "upstream/vouching.key", key_id = "vouching-1" }}

[cache]
scope = "per-case"
{cache}

[records."lienthong.population.v1.Citizen"]
from = "."
keys = [{{ from = "personal_id", field = "personal_id", digits = 12 }}]
"#
        );
        own.tree.write("registries/population.toml", &registry);
        let second = own.start();
        let office = own.agency(OFFICE);
        let client = second.connect(&office, office.token(&own)).await;
        Self {
            upstream,
            own,
            gateways: [first, second],
            client,
            certificate,
            vouching,
        }
    }

    /// The certificates with which the other gateway was asked since its log had this many entries.
    fn shown_since(&self, entries: usize) -> Vec<Vec<u8>> {
        let entries = self.upstream.log().entries().into_iter().skip(entries);
        entries
            .filter(|(_, entry)| entry.outcome == "OK" && entry.registry == "population")
            .map(|(_, entry)| entry.certificate_sha256.to_vec())
            .collect()
    }
}

/// The other gateway's list of certificates that count no more.
const REVOKED: &str = "tls/ca.crl";

const NOTHING_KEPT: &str = "fresh = \"0s\"\nusable = \"0s\"\nstale_if_error = \"0s\"\nnegative = \"0s\"";

#[tokio::test]
async fn officer_role_and_dossier_stand_in_both_logs_and_the_number_of_the_one_in_the_other() {
    let pair = Pair::start(NOTHING_KEPT).await;
    let answer = pair.client.citizen(get(AN)).await.unwrap();
    let citizen = answer.citizen.unwrap();
    assert_eq!(
        (citizen.personal_id.as_str(), citizen.full_name.as_str()),
        (AN.id, AN.name)
    );
    let own = pair.own.log().entry(answer.provenance.unwrap().audit_index);
    let theirs = pair.upstream.log().entries();
    let theirs = theirs
        .iter()
        .map(|(_, entry)| entry)
        .find(|entry| entry.request_id == own.upstream_transaction && entry.outcome == "OK")
        .expect("the entry that the other one's names");
    for entry in [&own, theirs] {
        assert_eq!(
            (entry.officer.as_str(), entry.role.as_str(), entry.agency.as_str()),
            ("officer-7", "receiving-officer", OFFICE)
        );
        assert_eq!(
            (entry.dossier.as_str(), entry.procedure.as_str()),
            (DOSSIER, PROCEDURE)
        );
        assert_eq!(
            (entry.registry.as_str(), entry.outcome.as_str()),
            ("population", "OK")
        );
    }
    assert_eq!(own.as_of_unix_micros, theirs.as_of_unix_micros);
    assert_ne!(own.request_id, theirs.request_id);
    assert!(pair.own.log().verify().is_ok() && pair.upstream.log().verify().is_ok());
    drop(pair.gateways);
}

#[tokio::test]
async fn a_confirmation_is_made_here_of_the_record_from_there() {
    let pair = Pair::start(NOTHING_KEPT).await;
    let answer = pair.client.confirm(confirm(AN)).await.unwrap();
    let verdicts: Vec<_> = answer.verdicts.iter().map(|verdict| verdict.verdict()).collect();
    assert_eq!(verdicts, [Verdict::Agree, Verdict::Agree]);
}

#[tokio::test]
async fn nobody_and_wrong_facts_are_not_found_and_what_is_not_agreed_there_is_refused() {
    let pair = Pair::start(NOTHING_KEPT).await;
    let nobody = Person { id: NOBODY, ..AN };
    let wrong = Person {
        name: BINH.name,
        ..AN
    };
    for person in [nobody, wrong] {
        assert_eq!(
            pair.client.citizen(get(person)).await.unwrap_err().word,
            "NOT_FOUND"
        );
    }
    // Agreed here, and not there.
    pair.upstream
        .tree
        .edit("agreements/population.toml", PROCEDURE, OTHER_PROCEDURE);
    let mut word = String::new();
    for _look in 0..50 {
        match pair.client.citizen(get(AN)).await {
            Ok(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            Err(refused) => {
                word = refused.word;
                break;
            }
        }
    }
    assert_eq!(word, "UPSTREAM_REFUSED");
}

#[tokio::test]
async fn an_answer_that_was_kept_there_is_as_old_here_as_there() {
    let pair = Pair::start(NOTHING_KEPT).await;
    let first = pair.client.citizen(get(AN)).await.unwrap().provenance.unwrap();
    assert_eq!(first.source(), Source::Registry);
    let second = pair.client.citizen(get(AN)).await.unwrap().provenance.unwrap();
    assert_eq!(second.source(), Source::Cache, "kept by the other one");
    let moment = |at: &Option<prost_types::Timestamp>| at.as_ref().map(|at| (at.seconds, at.nanos));
    assert_eq!(moment(&first.retrieved_at), moment(&second.retrieved_at));
    let entry = pair.own.log().entry(second.audit_index);
    assert_eq!(entry.source, "cache");
    // Whoever wants it new gets it new: the limit goes along.
    let asked = proto::population::v1::GetCitizenRequest {
        max_age: Some(prost_types::Duration { seconds: 0, nanos: 0 }),
        ..get(AN)
    };
    let third = pair.client.citizen(asked).await.unwrap().provenance.unwrap();
    assert_eq!(third.source(), Source::Registry);
    assert!(moment(&third.retrieved_at) > moment(&first.retrieved_at));
}

#[tokio::test]
async fn an_answer_that_is_kept_here_serves_the_same_case_alone() {
    let pair = Pair::start("fresh = \"5m\"\nusable = \"1h\"\nnegative = \"1m\"").await;
    let asked = || pair.upstream.log().entries().len();
    let _ = pair.client.citizen(get(AN)).await.unwrap();
    let once = asked();
    let again = pair.client.citizen(get(AN)).await.unwrap();
    assert_eq!(asked(), once, "the same case");
    assert_eq!(again.provenance.unwrap().source(), Source::Cache);
    let mut another = get(AN);
    another.context.get_or_insert_default().dossier_code = "H29.12-260624-0002".into();
    let _ = pair.client.citizen(another).await.unwrap();
    assert!(asked() > once, "another dossier asks anew");
    // A wrong fact doesn't keep the right one out.
    let wrong = Person {
        name: AN.name,
        ..BINH
    };
    assert_eq!(
        pair.client.citizen(get(wrong)).await.unwrap_err().word,
        "NOT_FOUND"
    );
    assert!(pair.client.citizen(get(BINH)).await.is_ok());
}

#[tokio::test]
async fn the_operator_can_check_and_probe_the_other_gateway() {
    let pair = Pair::start(NOTHING_KEPT).await;
    let config = pair.own.tree.root().to_str().unwrap();
    let checked = run(&["adapter", "check", "population", "--config", config]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let probe = [
        "adapter",
        "probe",
        "population",
        "--json",
        "--config",
        config,
        "--key",
        AN.id,
    ];
    let alone = run(&probe);
    assert_eq!(alone.code, Some(3), "{alone:?}");
    let behalf = [
        "--officer",
        "officer-9",
        "--role",
        "receiving-officer",
        "--procedure",
        PROCEDURE,
        "--dossier",
        DOSSIER,
        "--receiving",
        OFFICE,
        "--competent",
        COMPETENT,
        "--name",
        AN.name,
    ];
    let probed = run(&[&probe[..], &behalf].concat());
    assert_eq!(probed.code, Some(0), "{probed:?}");
    let told = probed.json();
    assert_eq!(told["record"]["fullName"], AN.name);
    let entries = pair.upstream.log().entries();
    let of_probe = entries
        .iter()
        .find(|(_, entry)| entry.outcome == "OK" && entry.registry == "population")
        .map(|(_, entry)| (entry.request_id.as_str(), entry.officer.as_str()));
    assert_eq!(
        of_probe,
        Some((told["transaction"].as_str().unwrap(), "officer-9"))
    );
}

#[tokio::test]
async fn certificate_and_key_for_the_other_gateway_are_renewed_while_it_is_asked() {
    let pair = Pair::start(NOTHING_KEPT).await;
    let ask = async || pair.client.citizen(get(AN)).await.map(drop);
    ask().await.expect("before");
    assert!(
        pair.shown_since(0)
            .iter()
            .all(|shown| *shown == pair.certificate.fingerprint())
    );

    let renewed = pair.upstream.agency(OFFICE).keyed.unwrap();
    let vouching = Vouching::new("vouching-2");
    let both = key_set(&[&pair.vouching, &vouching]);
    pair.upstream.tree.write("issuers/test.json", &both);
    let own = &pair.own.tree;
    // The pair does not fit for a moment: the old one stays in force. It is the certificate's turn that counts; what is
    // refused is tried again after ten seconds in any case.
    own.write_secret("upstream/own.key", &renewed.key_pem);
    let refused = "the old configuration stays in force";
    let begun = Instant::now();
    while !pair.gateways[1].words().contains(refused) {
        assert!(
            begun.elapsed() < Duration::from_secs(8),
            "{}",
            pair.gateways[1].words()
        );
        ask().await.expect("while the pair does not fit");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    own.write("upstream/own.pem", &renewed.certificate_pem);
    let begun = Instant::now();
    loop {
        let before = pair.upstream.log().entries().len();
        ask().await.expect("while it is renewed");
        let shown = pair.shown_since(before);
        if shown.iter().all(|shown| *shown == renewed.fingerprint()) {
            break;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(8),
            "{}",
            pair.gateways[1].words()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let list = pair.upstream.authority.revocation_list(&[&pair.certificate]);
    pair.upstream.tree.write(REVOKED, &list);

    // The signing key's name stands in the file, and both change together.
    own.write_secret("upstream/vouching.key", &vouching.key.serialize_pem());
    own.edit("registries/population.toml", "vouching-1", "vouching-2");
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        ask()
            .await
            .expect("while the key is renewed and the old certificate withdrawn");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    pair.upstream
        .tree
        .write("issuers/test.json", &key_set(&[&vouching]));
    tokio::time::sleep(Duration::from_secs(2)).await;
    ask().await.expect("with the new ones alone");
}
