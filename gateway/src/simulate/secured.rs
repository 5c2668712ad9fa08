//! TLS of a simulated registry, from the files of `lienthong pki`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use secrecy::ExposeSecret as _;
use tokio_rustls::TlsAcceptor;

use super::Tls;
use crate::clock::Moment;
use crate::development::folder::KeyFolder;
use crate::development::pki::Authority;

/// How a simulated registry shows itself.
pub(super) struct Secured {
    /// As it should.
    pub(super) right: TlsAcceptor,
    /// As it should, and in HTTP/1.1 alone.
    pub(super) first_version: TlsAcceptor,
    /// With a certificate of an authority that nobody knows.
    pub(super) wrong: TlsAcceptor,
    /// What an asker's file has to name: authority; certificate and key.
    pub(super) files: Files,
}

/// Authority; certificate and key.
pub(super) type Files = (PathBuf, Option<(PathBuf, PathBuf)>);

impl Secured {
    pub(super) fn load(tls: &Tls) -> Result<Self> {
        let folder = KeyFolder::new(&tls.keys, false);
        let absolute = |path: PathBuf| {
            fs::canonicalize(&path)
                .with_context(|| format!("{} isn't there; `lienthong pki` makes it", path.display()))
        };
        let (authority, server) = (folder.authority(), folder.server());
        let ca = absolute(authority.public)?;
        let own = match &tls.client {
            None => None,
            Some(name) => {
                let files = folder.client(name)?;
                Some((absolute(files.public)?, absolute(files.private)?))
            }
        };
        let chain = read_certificates(&absolute(server.public)?)?;
        let key = PrivateKeyDer::from_pem_file(absolute(server.private)?)
            .map_err(|_| anyhow::anyhow!("the server's key can't be read"))?;
        let clients = own.is_some().then(|| read_certificates(&ca)).transpose()?;
        let config = |chain: Vec<_>, key, clients: Option<Vec<_>>| config(chain, key, clients);
        let right = config(chain, key, clients)?;
        let mut first_version = right.clone();
        first_version.alpn_protocols = vec![b"http/1.1".to_vec()];
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let stranger = Authority::create("an authority that nobody knows", Moment::now())?.server(
            &names,
            Moment::now(),
            Duration::from_secs(86_400),
        )?;
        let key = PrivateKeyDer::from_pem_slice(stranger.key_pem.expose_secret().as_bytes())
            .map_err(|_| anyhow::anyhow!("a new key can't be read"))?;
        let wrong = config(vec![stranger.certificate_der], key, None)?;
        let acceptor = |config| TlsAcceptor::from(Arc::new(config));
        let files = match &tls.named {
            None => (ca, own),
            Some(named) => named_below(&folder, named, tls)?,
        };
        Ok(Self {
            right: acceptor(right),
            first_version: acceptor(first_version),
            wrong: acceptor(wrong),
            files,
        })
    }
}

/// The files' names in the folder `named`.
fn named_below(folder: &KeyFolder, named: &Path, tls: &Tls) -> Result<Files> {
    let below = |path: PathBuf| path.strip_prefix(&tls.keys).map(|path| named.join(path));
    let own = match &tls.client {
        None => None,
        Some(name) => {
            let files = folder.client(name)?;
            Some((below(files.public)?, below(files.private)?))
        }
    };
    Ok((below(folder.authority().public)?, own))
}

fn read_certificates(file: &PathBuf) -> Result<Vec<CertificateDer<'static>>> {
    let read: Vec<_> = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|_| anyhow::anyhow!("{} holds no readable certificate", file.display()))?;
    ensure!(!read.is_empty(), "{} holds no certificate", file.display());
    Ok(read)
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    clients: Option<Vec<CertificateDer<'static>>>,
) -> Result<ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = match clients {
        None => WebPkiClientVerifier::no_client_auth(),
        Some(authorities) => {
            let mut roots = RootCertStore::empty();
            for authority in authorities {
                roots.add(authority)?;
            }
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build()?
        }
    };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
