//! Certificates as an attacker would bring them: each stands for exactly one agency or for none.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints, SanType, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, UnixTime};

use super::odd_lists::tagged;
use super::scene::{NOW, SCENE};
use crate::identity::certificate::CertificateError;
use crate::identity::*;
use crate::status::Reason;

const AGENCY: &str = "urn:test:H29.12";

type Ca = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    change(&mut params);
    params
}

fn root(name: &str) -> Ca {
    CertifiedIssuer::self_signed(authority(name, |_| {}), KeyPair::generate().unwrap()).unwrap()
}

fn below(root: &Ca, change: impl FnOnce(&mut CertificateParams)) -> Ca {
    let params = authority("between", change);
    CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), root).unwrap()
}

fn uri(uri: &str) -> SanType {
    SanType::URI(uri.try_into().unwrap())
}

fn leaf(issuer: &Ca, change: impl FnOnce(&mut CertificateParams)) -> CertificateDer<'static> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, AGENCY);
    params.subject_alt_names = vec![uri(AGENCY)];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    params.signed_by(&key, issuer).unwrap().der().clone()
}

/// What came of a certificate: for whom it stands, or why it is refused and by whom.
#[derive(Debug, PartialEq)]
enum Outcome {
    Agency(&'static str),
    Handshake(CertificateError),
    Call(Reason),
}

fn outcome(trust: &Arc<ClientTrust>, chain: &[CertificateDer<'_>]) -> Outcome {
    let seconds = NOW.unix_seconds().try_into().unwrap();
    let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let handshake = trust.verifier().verify_client_cert(&chain[0], &chain[1..], time);
    match PeerCertificate::read(chain, trust, NOW) {
        Err(refused) => {
            let told = rustls::Error::InvalidCertificate(refused.for_tls()).to_string();
            assert_eq!(
                handshake.unwrap_err().to_string(),
                told,
                "the log of the handshake says why"
            );
            Outcome::Handshake(refused)
        }
        Ok(peer) => {
            handshake.expect("the handshake and the reader agree");
            match SCENE.identity_under(trust).admits(&peer, NOW) {
                Ok(agency) if &*agency == "H29.12" => Outcome::Agency("H29.12"),
                Ok(agency) => panic!("it stands for {agency}"),
                Err(rejected) => Outcome::Call(rejected.refusal.reason),
            }
        }
    }
}

#[test]
fn each_certificate_stands_for_one_agency_or_for_none() {
    use CertificateError::{Expired, NotForClients, NotPermitted, NotYetValid, TooLong, Untrusted};
    use ExtendedKeyUsagePurpose::{Any, CodeSigning, ServerAuth};
    let (own, other) = (root("own"), root("own"));
    let folder = tempfile::tempdir().unwrap();
    let named = NamedCa {
        name: "agencies".into(),
        pem: folder.path().join("ca.pem"),
        ..NamedCa::default()
    };
    std::fs::write(&named.pem, own.pem()).unwrap();
    let trust = Arc::new(ClientTrust::load(&[named], NOW).unwrap());
    let between = below(&own, |_| {});
    let constrained = |names: NameConstraints| below(&own, |params| params.name_constraints = Some(names));
    let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
    let only = constrained(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("allowed.example".into())],
        excluded_subtrees: Vec::new(),
    });
    let but = constrained(NameConstraints {
        permitted_subtrees: Vec::new(),
        excluded_subtrees: vec![GeneralSubtree::DnsName("barred.example".into())],
    });
    let by_uri = |which: u8, host: &str| {
        let tree = tagged(0x30, &tagged(0x86, host.as_bytes()));
        let constraints = tagged(0x30, &tagged(which, &tree));
        let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 30], constraints);
        extension.set_criticality(true);
        below(&own, |params| params.custom_extensions = vec![extension])
    };
    let (only_uri, but_uri) = (by_uri(0xa0, ".allowed.example"), by_uri(0xa1, ".barred.example"));
    let short = below(&own, |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0))
    });
    let too_long = {
        let params = authority("too long", |_| {});
        CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), &short).unwrap()
    };
    let no_ca = {
        let params = authority("no authority", |params| params.is_ca = IsCa::ExplicitNoCa);
        CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), &own).unwrap()
    };
    let old = below(&own, |params| params.not_after = date_time_ymd(2026, 12, 31));
    let names = |names: Vec<SanType>| leaf(&own, |params| params.subject_alt_names = names);
    let usages =
        |usages: Vec<ExtendedKeyUsagePurpose>| leaf(&own, |params| params.extended_key_usages = usages);
    let refused = Outcome::Handshake;
    let under = |issuer: &Ca, names: Vec<SanType>| {
        let leaf = leaf(issuer, |params| params.subject_alt_names = names);
        vec![leaf, issuer.der().clone()]
    };
    let cases: Vec<(&str, Vec<CertificateDer<'_>>, Outcome)> = vec![
        ("honest", vec![leaf(&own, |_| {})], Outcome::Agency("H29.12")),
        (
            "honest, by an intermediate",
            under(&between, vec![uri(AGENCY)]),
            Outcome::Agency("H29.12"),
        ),
        (
            "another authority of the same name",
            vec![leaf(&other, |_| {})],
            refused(Untrusted),
        ),
        (
            "another authority that sends itself",
            vec![leaf(&other, |_| {}), other.der().clone()],
            refused(Untrusted),
        ),
        (
            "an intermediate that is not sent",
            vec![leaf(&between, |_| {})],
            refused(Untrusted),
        ),
        (
            "expired",
            vec![leaf(&own, |params| {
                params.not_after = date_time_ymd(2026, 12, 31)
            })],
            refused(Expired),
        ),
        (
            "not yet valid",
            vec![leaf(&own, |params| params.not_before = date_time_ymd(2028, 1, 1))],
            refused(NotYetValid),
        ),
        (
            "an expired intermediate",
            under(&old, vec![uri(AGENCY)]),
            refused(Expired),
        ),
        (
            "no usage at all",
            vec![usages(Vec::new())],
            refused(NotForClients),
        ),
        (
            "a server's",
            vec![usages(vec![ServerAuth])],
            refused(NotForClients),
        ),
        (
            "code signing",
            vec![usages(vec![CodeSigning])],
            refused(NotForClients),
        ),
        ("any usage", vec![usages(vec![Any])], refused(NotForClients)),
        (
            "no name but the common name",
            vec![names(Vec::new())],
            Outcome::Call(Reason::CertificateUnknown),
        ),
        (
            "another name",
            vec![names(vec![uri("urn:test:H31")])],
            Outcome::Call(Reason::CertificateUnknown),
        ),
        (
            "a name of two agencies",
            vec![names(vec![uri(AGENCY), uri("urn:test:H30")])],
            Outcome::Call(Reason::CertificateUnknown),
        ),
        (
            "a wildcard",
            vec![names(vec![uri("urn:test:*")])],
            Outcome::Call(Reason::CertificateUnknown),
        ),
        (
            "a wildcard of one part",
            vec![names(vec![uri("urn:test:H29.*")])],
            Outcome::Call(Reason::CertificateUnknown),
        ),
        (
            "the name as a DNS name",
            vec![names(vec![dns("H29.12")])],
            Outcome::Call(Reason::CertificateUnknown),
        ),
        (
            "the name as a mail address",
            vec![names(vec![SanType::Rfc822Name(
                "urn:test:H29.12@x.example".try_into().unwrap(),
            )])],
            Outcome::Call(Reason::CertificateUnknown),
        ),
        (
            "a longer name",
            vec![names(vec![uri("urn:test:H29.12.1")])],
            Outcome::Call(Reason::CertificateUnknown),
        ),
        (
            "a null at the end",
            vec![names(vec![uri("urn:test:H29.12\0")])],
            Outcome::Call(Reason::CertificateUnknown),
        ),
        (
            "a name that is not permitted",
            under(&only, vec![uri(AGENCY), dns("other.example")]),
            refused(NotPermitted),
        ),
        (
            "a name that is excluded",
            under(&but, vec![uri(AGENCY), dns("www.barred.example")]),
            refused(NotPermitted),
        ),
        (
            "a name that is permitted",
            under(&only, vec![uri(AGENCY), dns("www.allowed.example")]),
            Outcome::Agency("H29.12"),
        ),
        // URI constraints are not compared: an authority that has any gives no URI that counts.
        (
            "a URI where others are permitted",
            under(&only_uri, vec![uri(AGENCY)]),
            refused(NotPermitted),
        ),
        (
            "a URI that is permitted",
            under(&only_uri, vec![uri("https://www.allowed.example/H29.12")]),
            refused(NotPermitted),
        ),
        (
            "a URI where others are excluded",
            under(&but_uri, vec![uri(AGENCY)]),
            refused(NotPermitted),
        ),
        (
            "a URI that is excluded",
            under(&but_uri, vec![uri("https://www.barred.example/H29.12")]),
            refused(NotPermitted),
        ),
        (
            "a path longer than its constraint",
            vec![
                leaf(&too_long, |_| {}),
                too_long.der().clone(),
                short.der().clone(),
            ],
            refused(TooLong),
        ),
        (
            "by one that is no authority",
            under(&no_ca, vec![uri(AGENCY)]),
            refused(Untrusted),
        ),
        (
            "the authority itself",
            vec![own.der().clone()],
            refused(Untrusted),
        ),
    ];
    for (name, chain, expected) in cases {
        assert_eq!(outcome(&trust, &chain), expected, "{name}");
    }
}
