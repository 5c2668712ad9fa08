use std::io::{Read as _, Write as _};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, NamedGroup, RootCertStore, ServerConfig, ServerConnection};
use secrecy::ExposeSecret as _;

use super::scene::{DAY, NOW, client, trust_of};
use crate::clock::Moment;
use crate::development::pki::{Authority, Issued};
use crate::identity::tls::{ALPN_H2, ServerCertificate, server_config};
use crate::identity::trust::{TrustError, crypto_provider};

struct Ends {
    authority: Authority,
    server: Arc<ServerConfig>,
}

/// rustls asks the system clock, so these certificates are of today.
fn ends() -> Ends {
    let authority = Authority::create("test authority", Moment::now()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let issued = authority
        .server(&["localhost".into(), "127.0.0.1".into()], Moment::now(), DAY)
        .unwrap();
    let own = ServerCertificate {
        chain: folder.path().join("s.pem"),
        key: folder.path().join("s.key"),
    };
    std::fs::write(&own.chain, &issued.certificate_pem).unwrap();
    std::fs::write(&own.key, issued.key_pem.expose_secret()).unwrap();
    let server = Arc::new(server_config(&own, &trust_of(&[("agencies", &authority)])).unwrap());
    Ends { authority, server }
}

fn client_config(authority: &Authority, certificate: Option<&Issued>, alpn: &[&[u8]]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(authority.certificate_pem().as_bytes()).unwrap())
        .unwrap();
    let builder = ClientConfig::builder_with_provider(crypto_provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match certificate {
        None => builder.with_no_client_auth(),
        Some(issued) => builder
            .with_client_auth_cert(
                vec![issued.certificate_der.clone()],
                PrivateKeyDer::from_pem_slice(issued.key_pem.expose_secret().as_bytes()).unwrap(),
            )
            .unwrap(),
    };
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    config
}

/// Drives both ends in memory until neither has anything to say.
fn shake(
    server: &Arc<ServerConfig>,
    client: &Arc<ClientConfig>,
) -> Result<(ServerConnection, ClientConnection), rustls::Error> {
    let mut server = ServerConnection::new(Arc::clone(server)).unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(Arc::clone(client), name).unwrap();
    for _ in 0..10 {
        let mut wire = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        while !wire.is_empty() {
            let taken = server.read_tls(&mut wire.as_slice()).unwrap();
            wire.drain(..taken);
            server.process_new_packets()?;
        }
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        while !wire.is_empty() {
            let taken = client.read_tls(&mut wire.as_slice()).unwrap();
            wire.drain(..taken);
            client.process_new_packets()?;
        }
    }
    assert!(!server.is_handshaking() && !client.is_handshaking());
    Ok((server, client))
}

#[test]
fn a_peer_with_a_certificate_gets_tls_1_3_h2_and_a_hybrid_key_exchange() {
    let ends = ends();
    let own = ends
        .authority
        .client("x", &["urn:test:H29.12".into()], Moment::now(), DAY)
        .unwrap();
    let client = Arc::new(client_config(&ends.authority, Some(&own), &[ALPN_H2]));
    let (mut server, mut peer) = shake(&ends.server, &client).unwrap();
    assert_eq!(server.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    assert_eq!(server.alpn_protocol(), Some(ALPN_H2));
    assert_eq!(
        server.negotiated_key_exchange_group().unwrap().name(),
        NamedGroup::X25519MLKEM768
    );
    assert_eq!(server.peer_certificates().unwrap(), [own.certificate_der]);

    peer.writer().write_all(b"hello").unwrap();
    let mut wire = Vec::new();
    peer.write_tls(&mut wire).unwrap();
    server.read_tls(&mut wire.as_slice()).unwrap();
    server.process_new_packets().unwrap();
    let mut heard = [0; 5];
    server.reader().read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"hello");
}

#[test]
fn a_session_is_never_resumed() {
    let ends = ends();
    let own = ends
        .authority
        .client("x", &["urn:test:H29.12".into()], Moment::now(), DAY)
        .unwrap();
    let client = Arc::new(client_config(&ends.authority, Some(&own), &[ALPN_H2]));
    for _ in 0..3 {
        let (server, _) = shake(&ends.server, &client).unwrap();
        assert_ne!(server.handshake_kind(), Some(rustls::HandshakeKind::Resumed));
    }
}

#[test]
fn a_peer_without_a_certificate_with_a_strangers_or_with_an_expired_one_is_refused() {
    let ends = ends();
    let uri = ["urn:test:H29.12".to_owned()];
    let stranger = Authority::create("stranger", Moment::now()).unwrap();
    let past = Moment(Moment::now().0 - 10 * 86_400 * 1_000_000);
    let of_stranger = stranger.client("x", &uri, Moment::now(), DAY).unwrap();
    let expired = ends.authority.client("x", &uri, past, DAY).unwrap();
    let of_server = ends
        .authority
        .server(&["localhost".into()], Moment::now(), DAY)
        .unwrap();
    for certificate in [None, Some(&of_stranger), Some(&expired), Some(&of_server)] {
        let client = Arc::new(client_config(&ends.authority, certificate, &[ALPN_H2]));
        assert!(shake(&ends.server, &client).is_err());
    }
}

#[test]
fn a_peer_that_wants_another_protocol_is_refused() {
    let ends = ends();
    let own = ends
        .authority
        .client("x", &["urn:test:H29.12".into()], Moment::now(), DAY)
        .unwrap();
    let client = Arc::new(client_config(&ends.authority, Some(&own), &[b"http/1.1"]));
    assert!(shake(&ends.server, &client).is_err());
}

#[test]
fn a_key_of_another_certificate_is_not_served() {
    let authority = Authority::create("test authority", NOW).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let own = ServerCertificate {
        chain: folder.path().join("s.pem"),
        key: folder.path().join("s.key"),
    };
    let trust = trust_of(&[("agencies", &authority)]);
    std::fs::write(&own.chain, &client(&authority, &[]).certificate_pem).unwrap();
    std::fs::write(&own.key, client(&authority, &[]).key_pem.expose_secret()).unwrap();
    assert!(matches!(
        server_config(&own, &trust),
        Err(TrustError::ServerCertificate(_))
    ));
    std::fs::write(&own.key, "nothing").unwrap();
    assert!(matches!(server_config(&own, &trust), Err(TrustError::BadKey(_))));
}
