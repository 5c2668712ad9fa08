//! Everything that a run needs on disk: keys, tokens, the operator's tree, the registry.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use gateway::clock::Moment;
use gateway::development::folder::{KeyFiles, KeyFolder};
use gateway::development::token::{IssuerKey, TokenRequest};
use gateway::development::{log_key, pki, token};
use gateway::identity::{ClientTrust, NamedCa};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::population;

/// The agency that asks: the one that decides the dossier.
pub(crate) const COMPETENT_AGENCY: &str = "H29";
pub(crate) const RECEIVING_AGENCY: &str = "H29.12";
pub(crate) const PROCEDURE: &str = "2.001478";

pub(crate) const AUDIENCE: &str = "urn:lienthong:bench";
const CLIENT: &str = "bench";
const ROLE: &str = "deciding-officer";
const DAY: Duration = Duration::from_secs(86_400);
/// Longer than any run.
const TOKEN_LIFETIME: Duration = Duration::from_secs(3_600);
const POPULATION: &str = include_str!("../../config/registries/population.toml");
/// The tables that it reads codes by.
const CODES: [(&str, &str); 3] = [
    (
        "marital-status",
        include_str!("../../config/codes/marital-status.toml"),
    ),
    ("province", include_str!("../../config/codes/province.toml")),
    ("sex", include_str!("../../config/codes/sex.toml")),
];

/// A folder that holds it all; removed at the end.
pub(crate) struct Scene {
    root: tempfile::TempDir,
    client: KeyFiles,
    issuer: KeyFiles,
}

impl Scene {
    /// Makes the tree, with `workers` threads for the gateway (0: one a core).
    pub(crate) fn create(citizens: usize, workers: usize) -> anyhow::Result<Self> {
        let root = tempfile::Builder::new().prefix("lienthong-bench-").tempdir()?;
        let keys = KeyFolder::new(root.path().join("config/keys"), false);
        let now = Moment::now();
        pki::init(&keys, &["localhost".into(), "127.0.0.1".into()], now, DAY)?;
        let client = pki::client(
            &keys,
            COMPETENT_AGENCY,
            &pki::agency_uri(COMPETENT_AGENCY),
            now,
            DAY,
        )?;
        let issuer = token::issuer(&keys, "bench")?;
        log_key::log_key(&keys, "bench.example/lienthong")?;
        log_key::auditor_key(&keys)?;
        let scene = Self { root, client, issuer };
        scene.write_tree(workers)?;
        fs::create_dir_all(scene.path("data"))?;
        population::write(&scene.path("data/population.db"), citizens)?;
        Ok(scene)
    }

    /// A path below the folder.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.root.path().join(below)
    }

    /// Writes a file below the folder.
    pub(crate) fn put(&self, below: &str, text: &str) -> anyhow::Result<()> {
        write(&self.path(below), text)
    }

    /// The folder of the operator's tree.
    pub(crate) fn config(&self) -> PathBuf {
        self.path("config")
    }

    /// A token of another officer, bound to the client certificate.
    pub(crate) fn token(&self, officer: usize) -> anyhow::Result<String> {
        let request = TokenRequest {
            issuer: token::issuer_value("bench"),
            audience: AUDIENCE.into(),
            client: format!("{CLIENT}-{COMPETENT_AGENCY}"),
            officer: format!("officer-{officer}"),
            role: ("role".into(), ROLE.into()),
            unit: Some(("unit".into(), "counter-1".into())),
            lifetime: TOKEN_LIFETIME,
            certificate: pki::fingerprint_of(&self.client.public)?,
        };
        Ok(IssuerKey::load(&self.issuer.private)?.issue(&request, Moment::now())?)
    }

    /// TLS 1.3 as the agency's system would speak it.
    pub(crate) fn client_tls(&self) -> anyhow::Result<Arc<ClientConfig>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.path("config/keys/ca.pem"))?)?;
        let mut tls = ClientConfig::builder_with_provider(gateway::identity::trust::crypto_provider())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_file(&self.client.public)?],
                PrivateKeyDer::from_pem_file(&self.client.private)?,
            )?;
        tls.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Arc::new(tls))
    }

    fn write_tree(&self, workers: usize) -> anyhow::Result<()> {
        let config = self.config();
        write(&config.join("gateway.toml"), &gateway_file(workers))?;
        for agency in [COMPETENT_AGENCY, RECEIVING_AGENCY] {
            write(
                &config.join(format!("agencies/{agency}.toml")),
                &agency_file(agency),
            )?;
        }
        write(&config.join("agreements/bench.toml"), &agreement_file())?;
        write(
            &config.join(format!("procedures/{PROCEDURE}.toml")),
            &procedure_file(),
        )?;
        for (name, table) in CODES {
            write(&config.join(format!("codes/{name}.toml")), table)?;
        }
        // The shipped mapping, with times longer than any run: what is measured is hits.
        let registry = POPULATION
            .replace("fresh = \"5m\"", "fresh = \"1h\"")
            .replace("usable = \"1h\"", "usable = \"2h\"");
        write(&config.join("registries/population.toml"), &registry)
    }
}

/// The trust of the reference server in the folder of keys: the gateway's own verifier.
pub(crate) fn client_trust(keys: &Path) -> anyhow::Result<ClientTrust> {
    let named = NamedCa {
        name: "root".into(),
        pem: keys.join("ca.pem"),
        ..NamedCa::default()
    };
    Ok(ClientTrust::load(&[named], Moment::now())?)
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
}

fn gateway_file(workers: usize) -> String {
    format!(
        r#"[listener]
address = "127.0.0.1:0"
workers = {workers}

[tls]
certificate = "keys/server.pem"
key = "keys/server.key"
[[tls.client_ca]]
name = "root"
file = "keys/ca.pem"

[token]
audience = "{AUDIENCE}"
max_lifetime = "1h"
[[token.issuers]]
name = "bench"
issuer = "{issuer}"
jwks = "keys/issuers/bench.jwks.json"

[audit]
folder = "../audit"
origin = "bench.example/lienthong"
signing_key = "keys/log.key"
subject_keys = "keys/subjects"
auditor_key = "keys/auditor.pub"
"#,
        issuer = token::issuer_value("bench"),
    )
}

fn agency_file(agency: &str) -> String {
    format!(
        r#"id = "{agency}"
name_vi = "Cơ quan {agency}"
name_en = "Agency {agency}"
valid_from = 2020-01-01
[[certificate]]
ca = "root"
san_uri = "{uri}"
[token]
issuer = "bench"
clients = ["{CLIENT}-{agency}"]
role_claim = "role"
unit_claim = "unit"
roles = ["{ROLE}"]
"#,
        uri = pki::agency_uri(agency),
    )
}

fn agreement_file() -> String {
    format!(
        r#"version = "1"
title = "Thỏa thuận đo hiệu năng"
agencies = ["{COMPETENT_AGENCY}"]
registry = "population"
procedures = ["{PROCEDURE}"]
valid_from = 2020-01-01
legal_basis = "Nghị định 47/2020/NĐ-CP"
[[grant]]
record = "lienthong.population.v1.Citizen"
operations = ["get"]
fields = ["*"]
steps = ["deciding"]
roles = ["{ROLE}"]
second_fact = "required"
"#
    )
}

fn procedure_file() -> String {
    format!(
        r#"code = "{PROCEDURE}"
name_vi = "Cấp Phiếu lý lịch tư pháp"
name_en = "Issue of a criminal record certificate"
valid_from = 2020-01-01
legal_basis = "Luật Lý lịch tư pháp"
[[component]]
id = "identity"
paper_vi = "Giấy tờ tùy thân"
"#
    )
}
