use std::sync::Arc;

use rustls::pki_types::CertificateDer;

use super::scene::{DAY, NOW, SCENE, Scene, client, name_of, peer, reason, snapshot, trust_of};
use crate::clock::Moment;
use crate::development::pki::Authority;
use crate::identity::certificate::CertificateError;
use crate::identity::trust::TrustError;
use crate::identity::*;
use crate::status::Reason;

fn authority() -> Authority {
    Authority::create("test authority", NOW).unwrap()
}

/// Which agency a certificate with these names stands for, if it stands for one.
fn agency_of(ca: &str, uris: &[&str]) -> Result<Arc<str>, Rejected> {
    let authority = authority();
    let trust = Arc::new(trust_of(&[(ca, &authority)]));
    let peer = peer(&client(&authority, uris), &trust).unwrap();
    SCENE.identity_under(&trust).admits(&peer, NOW)
}

/// The authority that a chain leads to.
fn authority_of(chain: &[CertificateDer<'_>], trust: &ClientTrust) -> Result<Arc<str>, CertificateError> {
    trust.verify(chain, NOW).map(|verified| verified.authority)
}

#[test]
fn a_certificate_stands_for_an_agency_by_its_exact_uri_and_authority() {
    assert_eq!(&*agency_of("agencies", &["urn:test:H29.12"]).unwrap(), "H29.12");
    assert_eq!(
        &*agency_of("agencies", &["urn:else", "urn:test:H29.12"]).unwrap(),
        "H29.12"
    );
    let refused: [(&str, &[&str]); 9] = [
        ("agencies", &[]),
        ("agencies", &["urn:test:H29"]),
        ("agencies", &["urn:test:H29.12.1"]),
        ("agencies", &["urn:test:h29.12"]),
        ("agencies", &["URN:test:H29.12"]),
        ("agencies", &["urn:test:H29.12/"]),
        ("agencies", &["urn:test:H29%2E12"]),
        ("agencies", &["urn:test:H29.12", "urn:test:H30"]),
        ("others", &["urn:test:H29.12"]),
    ];
    for (ca, uris) in refused {
        let rejected = agency_of(ca, uris).unwrap_err();
        assert_eq!(
            rejected.refusal.reason,
            Reason::CertificateUnknown,
            "{ca} {uris:?}"
        );
        assert!(rejected.agency.is_none());
    }
}

#[test]
fn a_certificate_stands_for_nobody_by_its_common_name() {
    let authority = authority();
    let named = authority.client("urn:test:H29.12", &[], NOW, DAY).unwrap();
    let trust = Arc::new(trust_of(&[("agencies", &authority)]));
    let peer = peer(&named, &trust).unwrap();
    assert!(SCENE.identity_under(&trust).admits(&peer, NOW).is_err());
}

#[test]
fn a_certificate_is_refused_outside_its_validity_on_the_same_connection() {
    let end = SCENE.own.not_after().unix_seconds();
    let token = SCENE.token();
    for (seconds, expected) in [
        (end, None),
        (end + 1, Some(Reason::CertificateExpired)),
        (0, Some(Reason::CertificateExpired)),
    ] {
        let now = Moment(seconds * 1_000_000);
        let admitted = SCENE.identity.admits(&SCENE.own, now);
        assert_eq!(admitted.err().map(|rejected| rejected.refusal.reason), expected);
    }
    let after = Moment((end + 1) * 1_000_000);
    assert_eq!(
        reason(SCENE.identity.identify(&SCENE.own, &token, after)),
        Reason::CertificateExpired
    );
}

#[test]
fn an_agency_counts_on_its_days_in_viet_nam() {
    let at = |text: &str| Moment(text.parse::<jiff::Timestamp>().unwrap().as_microsecond());
    let authority = authority();
    let lasting = authority.client(
        "x",
        &["urn:test:H29.12".into()],
        at("2025-01-01T00:00:00Z"),
        2000 * DAY,
    );
    let trust = Arc::new(trust_of(&[("agencies", &authority)]));
    let identity = SCENE.identity_under(&trust);
    let peer = peer(&lasting.unwrap(), &trust).unwrap();
    for (moment, admitted) in [
        ("2025-12-31T16:59:59Z", false),
        ("2025-12-31T17:00:00Z", true),
        ("2027-12-31T16:59:59Z", true),
        ("2027-12-31T17:00:00Z", false),
    ] {
        assert_eq!(identity.admits(&peer, at(moment)).is_ok(), admitted, "{moment}");
    }
}

#[test]
fn a_certificate_of_another_authority_in_the_chain_does_not_lend_its_name() {
    let (one, two) = (authority(), authority());
    let trust = trust_of(&[("one", &one), ("two", &two)]);
    let leaf = client(&two, &["urn:test:H29.12"]).certificate_der;
    let decoy = client(&one, &["urn:test:H29.12"]).certificate_der;
    let root = |authority: &Authority| {
        use rustls::pki_types::pem::PemObject as _;
        CertificateDer::from_pem_slice(authority.certificate_pem().as_bytes()).unwrap()
    };
    for rest in [
        vec![],
        vec![decoy.clone()],
        vec![root(&one)],
        vec![root(&two), decoy, root(&one)],
    ] {
        let chain = [vec![leaf.clone()], rest].concat();
        assert_eq!(&*authority_of(&chain, &trust).unwrap(), "two");
    }
}

#[test]
fn a_chain_that_leads_to_two_authorities_is_not_read() {
    use rcgen::{
        BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    };

    let authority = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    };
    let root = |name| CertifiedIssuer::self_signed(authority(name), KeyPair::generate().unwrap()).unwrap();
    let roots = [root("one"), root("two")];
    let between = KeyPair::generate().unwrap();
    let crossed = [0, 1].map(|root: usize| authority("between").signed_by(&between, &roots[root]).unwrap());
    let issuer = rcgen::Issuer::new(authority("between"), between);
    let mut leaf = CertificateParams::default();
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let leaf = leaf.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let named = ["one", "two"].map(|name| NamedCa {
        name: name.into(),
        pem: folder.path().join(name),
        ..NamedCa::default()
    });
    for (ca, root) in named.iter().zip(&roots) {
        std::fs::write(&ca.pem, root.pem()).unwrap();
    }
    let trust = ClientTrust::load(&named, NOW).unwrap();
    let [by_one, by_two] = crossed.map(|certificate| certificate.der().clone());
    let leaf = leaf.der().clone();
    let read = |chain: &[CertificateDer<'_>]| authority_of(chain, &trust);
    assert_eq!(&*read(&[leaf.clone(), by_one.clone()]).unwrap(), "one");
    assert_eq!(&*read(&[leaf.clone(), by_two.clone()]).unwrap(), "two");
    assert_eq!(
        read(&[leaf, by_one, by_two]).unwrap_err(),
        CertificateError::Several
    );
}

#[test]
fn a_chain_that_leads_nowhere_or_is_no_certificate_is_not_read() {
    let authority = authority();
    let trust = trust_of(&[("agencies", &authority)]);
    let read = |chain: &[CertificateDer<'_>]| PeerCertificate::read(chain, &trust, NOW).unwrap_err();
    let stranger = client(&self::authority(), &["urn:test:H29.12"]).certificate_der;
    let server = authority
        .server(&["localhost".into()], NOW, DAY)
        .unwrap()
        .certificate_der;
    let honest = client(&authority, &["urn:test:H29.12"]).certificate_der;
    let longer = CertificateDer::from([honest.as_ref(), &[0]].concat());
    assert_eq!(read(&[]), CertificateError::Missing);
    assert_eq!(
        read(&[CertificateDer::from(vec![0x30, 0])]),
        CertificateError::Unreadable
    );
    assert_eq!(read(&[longer]), CertificateError::Unreadable);
    assert_eq!(read(&[stranger]), CertificateError::Untrusted);
    assert_eq!(read(&[server]), CertificateError::NotForClients);
}

#[test]
fn a_bundle_is_loaded_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let good = authority();
    let pem = good.certificate_pem();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let load = |text: &str| {
        let path = folder.path().join("bundle.pem");
        std::fs::write(&path, text).unwrap();
        let named = NamedCa {
            name: "a".into(),
            pem: path,
            ..NamedCa::default()
        };
        ClientTrust::load(&[named], NOW)
    };
    assert!(load(pem).is_ok());
    assert!(load(&format!("{pem}{}", authority().certificate_pem())).is_ok());

    let torn = pem.replace(&body[..64], &format!("!{}", &body[1..64]));
    let not_der = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let mislabelled = pem.replace("CERTIFICATE", "CERTIFICAT");
    let leaf = client(&good, &["urn:test:H29.12"]).certificate_pem;
    assert!(matches!(
        load(&format!("{pem}{torn}")),
        Err(TrustError::BadCertificate { number: 2, .. })
    ));
    assert!(matches!(
        load(&format!("{pem}{not_der}")),
        Err(TrustError::BadCertificate { number: 2, .. })
    ));
    assert!(matches!(
        load(&format!("{pem}{leaf}")),
        Err(TrustError::NotAnAuthority { number: 2, .. })
    ));
    assert!(matches!(
        load(&format!("{pem}{mislabelled}")),
        Err(TrustError::NotOnlyCertificates(_))
    ));
    assert!(load(&format!("{pem}{}", &pem[..pem.len() / 2])).is_err());
    assert!(matches!(load(""), Err(TrustError::NoCertificate(_))));
    assert!(matches!(ClientTrust::load(&[], NOW), Err(TrustError::Empty)));
    let missing = NamedCa {
        name: "a".into(),
        pem: folder.path().join("missing.pem"),
        ..NamedCa::default()
    };
    assert!(matches!(
        ClientTrust::load(&[missing], NOW),
        Err(TrustError::Unreadable { .. })
    ));
}

#[test]
fn two_authorities_cannot_share_a_subject_or_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, authority().certificate_pem()).unwrap();
    let named = |name: &str| NamedCa {
        name: name.into(),
        pem: path.clone(),
        ..NamedCa::default()
    };
    assert!(matches!(
        ClientTrust::load(&[named("a"), named("b")], NOW),
        Err(TrustError::SubjectTwice(..))
    ));
    assert!(matches!(
        ClientTrust::load(&[named("a"), named("a")], NOW),
        Err(TrustError::NameTwice(_))
    ));
}

#[test]
fn a_snapshot_that_is_not_clear_is_refused() {
    let scene = &*SCENE;
    let build = |change: &dyn Fn(&mut IdentitySnapshot)| {
        let mut changed = snapshot(&scene.keys, &scene.facts);
        change(&mut changed);
        Identity::new(changed, Arc::clone(&scene.trust), VerifiedTokens::new(10))
            .map(|_| ())
            .unwrap_err()
    };
    let error = build(&|snapshot| snapshot.rules.audience.clear());
    assert!(matches!(error, IdentityError::NoAudience));
    let error = build(&|snapshot| snapshot.agencies[1].id = "H29.12".into());
    assert!(matches!(error, IdentityError::AgencyTwice(_)));
    let error = build(&|snapshot| snapshot.agencies[1].issuer = "three".into());
    assert!(matches!(error, IdentityError::UnknownIssuer { .. }));
    let error = build(&|snapshot| snapshot.issuers[1].name = "one".into());
    assert!(matches!(error, IdentityError::IssuerTwice(_)));
    let error = build(&|snapshot| snapshot.issuers[1].issuer = snapshot.issuers[0].issuer.clone());
    assert!(matches!(error, IdentityError::IssuerValueTwice(..)));
    let error = build(&|snapshot| {
        snapshot.agencies[1]
            .certificates
            .push(name_of("agencies", "urn:test:H29.12"));
    });
    assert!(matches!(error, IdentityError::CertificateTwice(..)));
}

#[test]
fn an_auditing_agency_makes_auditors_of_its_callers() {
    let scene = Scene::new();
    let mut auditing = snapshot(&scene.keys, &scene.facts);
    auditing.agencies[0].auditor = true;
    let identity = Identity::new(auditing, Arc::clone(&scene.trust), VerifiedTokens::new(10)).unwrap();
    assert!(
        identity
            .identify(&scene.own, &scene.token(), NOW)
            .unwrap()
            .is_auditor()
    );
}
