//! What TLS asks about a client certificate while a connection is being made.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use super::trust::{ClientTrust, crypto_provider};
use crate::clock::Moment;

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
            Err(refused) => Err(Error::InvalidCertificate(refused.for_tls())),
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
