//! Why authorities and their lists can't be loaded.

use std::path::PathBuf;

use crate::identity::revocation::RevocationError;

/// Why authorities cannot be loaded. One bad certificate fails the whole load: a bundle that is
/// trusted in part is not what the operator wrote.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum TrustError {
    #[error("certificate authority {0} is declared twice")]
    NameTwice(String),
    #[error("no certificate authority is configured")]
    Empty,
    #[error("{} cannot be read", .path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} holds no certificate", .0.display())]
    NoCertificate(PathBuf),
    #[error("certificate {number} of {} cannot be read", .path.display())]
    BadCertificate { path: PathBuf, number: usize },
    #[error("certificate {number} of {} is not that of a certificate authority", .path.display())]
    NotAnAuthority { path: PathBuf, number: usize },
    #[error("{} holds something that is not a certificate", .0.display())]
    NotOnlyCertificates(PathBuf),
    #[error("certificate authorities {0} and {1} have a certificate with the same subject")]
    SubjectTwice(String, String),
    #[error("revocation of certificate authority {0} is to be checked, and no list is configured")]
    NoList(String),
    #[error("certificate {number} of {} has no revocation list", .path.display())]
    NoListOf { path: PathBuf, number: usize },
    #[error("{}", .file.display())]
    List {
        file: PathBuf,
        #[source]
        source: RevocationError,
    },
    #[error("the verifier of client certificates cannot be made")]
    Verifier(#[source] rustls::server::VerifierBuilderError),
    #[error("the server certificate or its key cannot be used")]
    ServerCertificate(#[source] rustls::Error),
    #[error("{} holds no readable private key", .0.display())]
    BadKey(PathBuf),
    #[error("the TLS settings are not possible")]
    Tls(#[source] rustls::Error),
}
