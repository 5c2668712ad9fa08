//! What TLS asks about a client certificate while a connection is being made.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use sha2::{Digest as _, Sha256};

use super::trust::{ClientTrust, crypto_provider};
use crate::clock::Moment;

tokio::task_local! {
    /// The certificate that was refused in the handshake of this task.
    static REFUSED: Arc<OnceLock<[u8; 32]>>;
}

/// Shakes hands, and gives with the outcome the SHA-256 of the client certificate that was refused, if one was: rustls
/// forgets it with the session.
pub(crate) async fn noting_refused<W: Future>(work: W) -> (W::Output, Option<[u8; 32]>) {
    let refused = Arc::new(OnceLock::new());
    let outcome = REFUSED.scope(refused.clone(), work).await;
    (outcome, refused.get().copied())
}

/// Asks each authority with its own revocation lists. rustls' own verifier holds the lists of all in
/// one set and refuses whatever none of them speaks of, so that an authority without lists could not
/// stand beside one with lists.
#[derive(Debug)]
pub(super) struct Handshake {
    trust: ClientTrust,
    subjects: Vec<DistinguishedName>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Handshake {
    pub(super) fn new(trust: ClientTrust) -> Self {
        Self {
            subjects: trust.subjects(),
            trust,
            algorithms: crypto_provider().signature_verification_algorithms,
        }
    }
}

impl ClientCertVerifier for Handshake {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.subjects
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let chain: Vec<_> = [end_entity].into_iter().chain(intermediates).cloned().collect();
        let now = Moment::from_unix_seconds(now.as_secs().try_into().unwrap_or(i64::MAX));
        match self.trust.verify(&chain, now) {
            Ok(_) => Ok(ClientCertVerified::assertion()),
            Err(refused) => {
                // Nobody asks outside of `noting_refused`.
                let _ = REFUSED.try_with(|noted| noted.set(Sha256::digest(end_entity).into()));
                Err(Error::InvalidCertificate(refused.for_tls()))
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
