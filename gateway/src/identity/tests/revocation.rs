//! Revocation lists, and what becomes of a certificate when they or the authorities change.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
    SigningKey, date_time_ymd,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::odd_lists::odd_lists;
use super::scene::{DAY, NOW, SCENE, client};
use crate::clock::Moment;
use crate::development::pki::{Authority, Issued};
use crate::development::revocation::Revoked;
use crate::identity::certificate::CertificateError;
use crate::identity::revocation::RevocationError;
use crate::identity::trust::TrustError;
use crate::identity::*;
use crate::status::Reason;

/// An authority whose files lie in a folder.
struct Publishing {
    folder: tempfile::TempDir,
    authority: Authority,
}

impl Publishing {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::create("test authority", NOW).unwrap();
        fs::write(folder.path().join("ca.pem"), authority.certificate_pem()).unwrap();
        let new = Self { folder, authority };
        new.publish(&[], NOW);
        new
    }

    fn list(&self) -> PathBuf {
        self.folder.path().join("ca.crl")
    }

    /// Publishes a list that counts for ten days.
    fn publish(&self, revoked: &[&Issued], from: Moment) {
        let revoked: Vec<_> = revoked.iter().map(|one| entry(&one.certificate_der)).collect();
        let list = self.authority.revocation_list(&revoked, from, 10 * DAY).unwrap();
        fs::write(self.list(), list).unwrap();
    }

    fn named(&self) -> [NamedCa; 1] {
        [NamedCa {
            name: "agencies".into(),
            pem: self.folder.path().join("ca.pem"),
            intermediates: None,
            lists: Some(vec![self.list()]),
        }]
    }

    fn trust(&self) -> Arc<ClientTrust> {
        Arc::new(ClientTrust::load(&self.named(), NOW).unwrap())
    }
}

fn entry(certificate: &CertificateDer<'_>) -> Revoked {
    let (_, parsed) = X509Certificate::from_der(certificate).unwrap();
    Revoked {
        serial: parsed.raw_serial().to_vec(),
        since: NOW,
    }
}

fn later(time: Duration) -> Moment {
    Moment(NOW.0 + i64::try_from(time.as_micros()).unwrap())
}

fn read(issued: &Issued, trust: &ClientTrust) -> Result<PeerCertificate, CertificateError> {
    PeerCertificate::read(std::slice::from_ref(&issued.certificate_der), trust, NOW)
}

/// Why the holder of the certificate may no longer call.
fn refused(trust: &Arc<ClientTrust>, peer: &PeerCertificate, now: Moment) -> Option<Reason> {
    let admitted = SCENE.identity_under(trust).admits(peer, now);
    admitted.err().map(|rejected| rejected.refusal.reason)
}

#[test]
fn a_certificate_in_the_list_is_refused_and_its_neighbour_is_not() {
    let publishing = Publishing::new();
    let bad = client(&publishing.authority, &["urn:test:H29.12"]);
    let good = client(&publishing.authority, &["urn:test:H29.12"]);
    publishing.publish(&[&bad], NOW);
    let trust = publishing.trust();
    assert_eq!(read(&bad, &trust).unwrap_err(), CertificateError::Revoked);
    assert_eq!(refused(&trust, &read(&good, &trust).unwrap(), NOW), None);
}

#[test]
fn a_certificate_revoked_while_its_connection_is_open_is_refused_with_the_agency_named() {
    let publishing = Publishing::new();
    let issued = client(&publishing.authority, &["urn:test:H29.12"]);
    let before = publishing.trust();
    let peer = read(&issued, &before).unwrap();
    assert_eq!(refused(&before, &peer, NOW), None);
    publishing.publish(&[&issued], NOW);
    let after = ClientTrust::renew(&before, &publishing.named(), NOW).unwrap();
    assert_ne!(before.generation(), after.generation());
    let rejected = SCENE.identity_under(&after).admits(&peer, NOW).unwrap_err();
    assert_eq!(rejected.refusal.reason, Reason::CertificateRevoked);
    assert_eq!(rejected.agency.as_deref(), Some("H29.12"));
    // A call that began under the trust of before is answered by it, and brings nothing back.
    assert_eq!(refused(&before, &peer, NOW), None);
    assert_eq!(refused(&after, &peer, NOW), Some(Reason::CertificateRevoked));
}

#[test]
fn an_open_connection_is_refused_when_its_authority_is_replaced() {
    let publishing = Publishing::new();
    let before = publishing.trust();
    let peer = read(&client(&publishing.authority, &["urn:test:H29.12"]), &before).unwrap();
    let other = Publishing::new();
    let after = ClientTrust::renew(&before, &other.named(), NOW).unwrap();
    assert_eq!(refused(&after, &peer, NOW), Some(Reason::CertificateUnknown));
}

#[test]
fn nothing_new_is_the_same_trust_so_that_no_chain_is_verified_again() {
    let publishing = Publishing::new();
    let before = publishing.trust();
    let after = ClientTrust::renew(&before, &publishing.named(), NOW).unwrap();
    assert!(Arc::ptr_eq(&before, &after));
}

#[test]
fn a_list_of_the_future_comes_into_force_in_its_time_and_until_then_nothing_changes() {
    let publishing = Publishing::new();
    let bad = client(&publishing.authority, &["urn:test:H29.12"]);
    let before = publishing.trust();
    let peer = read(&bad, &before).unwrap();
    publishing.publish(&[&bad], later(DAY));
    let renew =
        |before: &Arc<ClientTrust>, now| ClientTrust::renew(before, &publishing.named(), now).unwrap();
    let waiting = renew(&before, NOW);
    assert_eq!(waiting.kept().len(), 1);
    assert_eq!(refused(&waiting, &peer, NOW), None);
    let still = renew(&waiting, later(DAY / 2));
    assert!(
        Arc::ptr_eq(&waiting, &still),
        "asked over and over, it is no other trust"
    );
    let then = later(DAY);
    let after = renew(&still, then);
    assert!(after.kept().is_empty());
    assert_eq!(refused(&after, &peer, then), Some(Reason::CertificateRevoked));
}

#[test]
fn past_the_next_update_everybody_of_the_authority_is_refused() {
    let publishing = Publishing::new();
    let trust = publishing.trust();
    let peer = read(&client(&publishing.authority, &["urn:test:H29.12"]), &trust).unwrap();
    let end = later(10 * DAY);
    assert_eq!(
        SCENE.identity_under(&trust).admits_until(&peer, NOW).unwrap(),
        end
    );
    assert_eq!(refused(&trust, &peer, Moment(end.0 - 1)), None);
    assert_eq!(refused(&trust, &peer, end), Some(Reason::RevocationUnknown));
    let state: Vec<_> = trust
        .lists()
        .map(|list| (list.authority, list.next_update))
        .collect();
    assert_eq!(state, [("agencies".into(), end)]);
}

#[test]
fn a_bad_new_list_leaves_the_last_good_one_and_its_revocations_in_force() {
    let publishing = Publishing::new();
    let bad = client(&publishing.authority, &["urn:test:H29.12"]);
    publishing.publish(&[&bad], NOW);
    let before = publishing.trust();
    let good = fs::read(publishing.list()).unwrap();
    let spoil: [&dyn Fn(&Path); 6] = [
        &|file| fs::remove_file(file).unwrap(),
        &|file| fs::write(file, "").unwrap(),
        &|file| fs::write(file, &good[..good.len() / 2]).unwrap(),
        &|file| fs::write(file, "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n").unwrap(),
        &|file| {
            let stranger = Authority::create("test authority", NOW).unwrap();
            fs::write(file, stranger.revocation_list(&[], NOW, DAY).unwrap()).unwrap();
        },
        // One from before the certificate was revoked, which still counts.
        &|file| {
            let old = Moment(NOW.0 - 3_600_000_000);
            let list = publishing.authority.revocation_list(&[], old, 10 * DAY).unwrap();
            fs::write(file, list).unwrap();
        },
    ];
    for (number, spoil) in spoil.iter().enumerate() {
        spoil(&publishing.list());
        let after = ClientTrust::renew(&before, &publishing.named(), NOW).unwrap();
        assert_eq!(after.kept().len(), 1, "{number}");
        assert_eq!(
            read(&bad, &after).unwrap_err(),
            CertificateError::Revoked,
            "{number}"
        );
        let fine = client(&publishing.authority, &["urn:test:H29.12"]);
        let peer = read(&fine, &after).unwrap();
        assert_eq!(refused(&after, &peer, NOW), None);
        // And past its next update it says nothing any more, whatever stands in the file.
        let end = later(10 * DAY);
        let still = ClientTrust::renew(&after, &publishing.named(), end).unwrap();
        assert_eq!(refused(&still, &peer, end), Some(Reason::RevocationUnknown));
    }
}

#[test]
fn a_signed_list_that_is_not_read_is_refused_at_the_start_and_later_leaves_the_last_good_one() {
    let publishing = Publishing::new();
    let bad = client(&publishing.authority, &["urn:test:H29.12"]);
    publishing.publish(&[&bad], NOW);
    let (before, good) = (publishing.trust(), fs::read(publishing.list()).unwrap());
    for (name, odd) in odd_lists(&publishing.authority) {
        fs::write(publishing.list(), odd).unwrap();
        let error = match ClientTrust::load(&publishing.named(), NOW) {
            Err(TrustError::List { source, .. }) => source,
            other => panic!("{name}: {other:?}"),
        };
        assert!(
            matches!(error, RevocationError::Unsupported { number: 1, .. }),
            "{name}: {error}"
        );
        let after = ClientTrust::renew(&before, &publishing.named(), NOW).unwrap();
        assert_eq!(after.kept().len(), 1, "{name}");
        let refused = read(&bad, &after).unwrap_err();
        assert_eq!(refused, CertificateError::Revoked, "{name}");
        fs::write(publishing.list(), &good).unwrap();
        let whole = ClientTrust::renew(&after, &publishing.named(), NOW).unwrap();
        assert!(whole.kept().is_empty(), "{name}");
    }
}

#[test]
fn a_start_needs_every_configured_list() {
    let publishing = Publishing::new();
    let named = publishing.named();
    let load = |now| ClientTrust::load(&named, now).map(drop).unwrap_err();
    let list_error = |now| match load(now) {
        TrustError::List { source, .. } => source,
        other => panic!("{other}"),
    };
    assert!(matches!(list_error(later(11 * DAY)), RevocationError::Expired(1)));
    publishing.publish(&[], later(DAY));
    assert!(matches!(list_error(NOW), RevocationError::NotYetValid(1)));
    let stranger = Authority::create("test authority", NOW).unwrap();
    let of_stranger = stranger.revocation_list(&[], NOW, DAY).unwrap();
    fs::write(publishing.list(), &of_stranger).unwrap();
    assert!(matches!(list_error(NOW), RevocationError::Stranger(1)));
    let own = publishing.authority.revocation_list(&[], NOW, DAY).unwrap();
    fs::write(publishing.list(), format!("{own}{of_stranger}")).unwrap();
    assert!(matches!(list_error(NOW), RevocationError::Stranger(2)));
    fs::write(publishing.list(), own.replace("X509 CRL", "X509 CLR")).unwrap();
    assert!(matches!(list_error(NOW), RevocationError::Empty));
    fs::write(
        publishing.list(),
        format!("{own}{}", own.replace("X509 CRL", "X509 CLR")),
    )
    .unwrap();
    assert!(matches!(list_error(NOW), RevocationError::Malformed(2)));
    fs::write(publishing.list(), own.as_bytes().repeat(2)).unwrap();
    ClientTrust::load(&named, NOW).unwrap();
    fs::remove_file(publishing.list()).unwrap();
    assert!(matches!(list_error(NOW), RevocationError::Unreadable(_)));

    let mut none = publishing.named();
    none[0].lists = Some(Vec::new());
    assert!(matches!(
        ClientTrust::load(&none, NOW),
        Err(TrustError::NoList(_))
    ));
}

#[test]
fn an_authority_without_lists_stands_beside_one_with_lists() {
    let (with, without) = (Publishing::new(), Publishing::new());
    let [first] = with.named();
    let [mut second] = without.named();
    second.name = "others".into();
    second.lists = None;
    let trust = ClientTrust::load(&[first, second], NOW).unwrap();
    let handshake = trust.verifier();
    let time = rustls::pki_types::UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
    for publishing in [&with, &without] {
        let issued = client(&publishing.authority, &["urn:test:H29.12"]);
        handshake
            .verify_client_cert(&issued.certificate_der, &[], time)
            .unwrap();
    }
}

/// A root, an intermediate, and leaves under it.
struct Deep {
    folder: tempfile::TempDir,
    root: CertifiedIssuer<'static, KeyPair>,
    between: CertifiedIssuer<'static, KeyPair>,
    leaf: CertificateDer<'static>,
}

impl Deep {
    fn new() -> Self {
        let authority = |name: &str, serial: u64| {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, name);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            params.serial_number = Some(serial.into());
            params
        };
        let key = || KeyPair::generate().unwrap();
        let root = CertifiedIssuer::self_signed(authority("root", 1), key()).unwrap();
        let between = CertifiedIssuer::signed_by(authority("between", 200), key(), &root).unwrap();
        let mut leaf = CertificateParams::default();
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        leaf.serial_number = Some(0x80_u64.into());
        let leaf = leaf.signed_by(&key(), &between).unwrap().der().clone();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("root.pem"), root.pem()).unwrap();
        fs::write(folder.path().join("between.pem"), between.pem()).unwrap();
        Self {
            folder,
            root,
            between,
            leaf,
        }
    }

    fn list<S: SigningKey>(&self, issuer: &rcgen::Issuer<'_, S>, serials: &[u64], file: &str) {
        let revoked = serials.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2026, 12, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2027, 1, 1),
            next_update: date_time_ymd(2027, 2, 1),
            crl_number: 1_u64.into(),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        fs::write(
            self.folder.path().join(file),
            list.signed_by(issuer).unwrap().der(),
        )
        .unwrap();
    }

    fn named(&self, lists: &[&str]) -> [NamedCa; 1] {
        let at = |file: &str| self.folder.path().join(file);
        [NamedCa {
            name: "deep".into(),
            pem: at("root.pem"),
            intermediates: Some(at("between.pem")),
            lists: Some(lists.iter().map(|file| at(file)).collect()),
        }]
    }

    fn outcome(&self) -> Result<(), CertificateError> {
        let trust = ClientTrust::load(&self.named(&["root.crl", "between.crl"]), NOW).unwrap();
        let chain = [self.leaf.clone(), self.between.der().clone()];
        PeerCertificate::read(&chain, &trust, NOW).map(drop)
    }
}

#[test]
fn the_whole_chain_is_asked_for_in_the_lists_of_each_of_its_authorities() {
    let deep = Deep::new();
    deep.list(&deep.root, &[], "root.crl");
    deep.list(&deep.between, &[], "between.crl");
    deep.outcome().unwrap();
    deep.list(&deep.between, &[0x80], "between.crl");
    assert_eq!(deep.outcome(), Err(CertificateError::Revoked), "the leaf");
    deep.list(&deep.between, &[], "between.crl");
    deep.list(&deep.root, &[200], "root.crl");
    assert_eq!(deep.outcome(), Err(CertificateError::Revoked), "the intermediate");

    deep.list(&deep.root, &[], "root.crl");
    let trust = ClientTrust::load(&deep.named(&["root.crl"]), NOW).unwrap();
    let chain = [deep.leaf.clone(), deep.between.der().clone()];
    let unknown = PeerCertificate::read(&chain, &trust, NOW).unwrap_err();
    assert_eq!(
        unknown,
        CertificateError::RevocationUnknown,
        "no list speaks of the leaf"
    );
    assert!(matches!(
        ClientTrust::load(&deep.named(&["between.crl"]), NOW),
        Err(TrustError::NoListOf { number: 1, .. })
    ));
    let mut named = deep.named(&["root.crl", "between.crl"]);
    named[0].intermediates = None;
    assert!(matches!(
        ClientTrust::load(&named, NOW),
        Err(TrustError::List {
            source: RevocationError::Stranger(1),
            ..
        })
    ));
}

#[test]
fn a_list_with_a_changed_byte_is_not_believed() {
    let publishing = Publishing::new();
    let pem = fs::read(publishing.list()).unwrap();
    let list = CertificateRevocationListDer::from_pem_slice(&pem)
        .unwrap()
        .to_vec();
    for at in (0..list.len()).step_by(7) {
        let mut changed = list.clone();
        changed[at] ^= 1;
        fs::write(publishing.list(), &changed).unwrap();
        assert!(
            ClientTrust::load(&publishing.named(), NOW).is_err(),
            "byte {at} of {}",
            list.len()
        );
    }
}
