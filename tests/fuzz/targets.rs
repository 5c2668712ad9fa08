//! What hostile bytes must not do, one function a target. The fuzzers and the property tests run the same.
//!
//! A `bytes` that begins with an even byte is taken as it stands; with an odd one, the rest says how an
//! honest input is changed, so that the deep checks are reached too.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use gateway::clock::Moment;
use gateway::development::folder::KeyFolder;
use gateway::development::pki;
use gateway::development::token::{self, IssuerKey, TokenRequest};
use gateway::identity::{ClientTrust, Identity, PeerCertificate, VerifiedTokens, configured};
use gateway::record::method::{Method, methods};
use gateway::record::schema::Schema;
use gateway::record::view::View;
use gateway::record::wire;
use gateway::settings;
use prost::Message as _;
use proto::population::v1::Citizen;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

const AGENCY: &str = "H29.12";
const GET: &str = "/lienthong.population.v1.PopulationService/GetCitizen";
const ALLOWED: [&str; 3] = ["full_name", "birth_date", "permanent_residence.province.code"];

/// No bytes but an honest token's give a caller.
pub(crate) fn token(bytes: &[u8]) {
    let honest = format!("Bearer {}", SCENE.token).into_bytes();
    let Some(tried) = hostile(bytes, &honest) else {
        return;
    };
    // The name of a scheme has no case (RFC 9110 §11.1): this is the honest header.
    let (scheme, rest) = tried.split_at(tried.len().min("Bearer".len()));
    if scheme.eq_ignore_ascii_case(b"Bearer") && rest == &honest["Bearer".len()..] {
        return;
    }
    let Ok(value) = http::HeaderValue::from_bytes(&tried) else {
        return;
    };
    let mut headers = http::HeaderMap::new();
    headers.insert(http::header::AUTHORIZATION, value);
    let outcome = SCENE.identity.identify(&SCENE.peer, &headers, SCENE.now);
    assert!(outcome.is_err(), "a changed token was taken");
}

/// No bytes but an honest certificate's lead to an authority.
pub(crate) fn certificate(bytes: &[u8]) {
    let Some(tried) = hostile(bytes, &SCENE.certificate) else {
        return;
    };
    let chain = [CertificateDer::from(tried)];
    let outcome = PeerCertificate::read(&chain, &SCENE.trust, SCENE.now);
    assert!(outcome.is_err(), "a changed certificate was taken");
}

/// An agreement file loads or is refused with its problems, each with a place in the file.
pub(crate) fn agreement(bytes: &[u8]) {
    let Some(tried) = hostile(bytes, SCENE.agreement.as_bytes()) else {
        return;
    };
    std::fs::write(&SCENE.agreement_file, &tried).expect("the tree is writable");
    if let Err(problems) = settings::load_without_files(&SCENE.tree) {
        assert!(!problems.to_string().is_empty(), "a refusal without a word");
    }
}

/// A read mask is a view of known fields or is refused; a wildcard never covers a sensitive field.
pub(crate) fn mask(bytes: &[u8]) {
    let method = &*METHOD;
    let paths = prost_types::FieldMask {
        paths: vec!["*".into(), "full_name".into()],
    };
    let Some(tried) = hostile(bytes, &paths.encode_to_vec()) else {
        return;
    };
    let Ok(Some(view)) = method.masks.view(&method.record, &tried) else {
        return;
    };
    let named = prost_types::FieldMask::decode(&*tried).expect("what makes a view is a mask");
    for leaf in method
        .record
        .each_leaf()
        .iter()
        .filter(|leaf| view.leaves.contains(leaf.leaves.start))
    {
        let by_name = named
            .paths
            .iter()
            .any(|path| *leaf.path == **path || leaf.path.starts_with(&format!("{path}.")));
        assert!(by_name || !leaf.sensitive, "{} came with a wildcard", leaf.path);
    }
}

/// Whatever a registry's record holds, only the allowed fields come out.
pub(crate) fn view(bytes: &[u8]) {
    let record = Citizen {
        personal_id: "001090999999".into(),
        full_name: "LÊ THỊ HOA".into(),
        phone: "0900000000".into(),
        ..Citizen::default()
    };
    let Some(tried) = hostile(bytes, &record.encode_to_vec()) else {
        return;
    };
    let schema: &Schema = &METHOD.record;
    let Ok(cut) = VIEW.cut(schema, &tried) else { return };
    let left = Citizen::decode(&*cut.bytes);
    if let Ok(mut left) = left {
        left.full_name.clear();
        left.birth_date = None;
        if let Some(residence) = &mut left.permanent_residence
            && let Some(province) = &mut residence.province
        {
            province.code.clear();
            if *province == Default::default() {
                residence.province = None;
            }
        }
        if left.permanent_residence == Some(Default::default()) {
            left.permanent_residence = None;
        }
        assert_eq!(left, Citizen::default(), "a field came out that is not allowed");
    }
    for field in wire::fields(&cut.bytes).flatten() {
        let known = schema
            .root
            .fields()
            .iter()
            .find(|known| known.number == field.number);
        assert!(
            known.is_some_and(|known| ALLOWED
                .iter()
                .any(|path| path.split('.').next() == Some(&*known.name))),
            "field {} came out",
            field.number
        );
    }
}

/// The bytes to try; none when they are the honest ones.
fn hostile(bytes: &[u8], honest: &[u8]) -> Option<Vec<u8>> {
    let (first, rest) = bytes.split_first()?;
    if first % 2 == 0 {
        return (rest != honest).then(|| rest.to_vec());
    }
    let mut changed = honest.to_vec();
    for step in rest.chunks_exact(4) {
        let at = usize::from(u16::from_be_bytes([step[0], step[1]])) % changed.len().max(1);
        match step[2] % 4 {
            0 if at < changed.len() => changed[at] ^= step[3],
            1 if at < changed.len() => drop(changed.remove(at)),
            2 => changed.insert(at.min(changed.len()), step[3]),
            _ => changed.truncate(at),
        }
    }
    (changed != honest).then_some(changed)
}

static METHOD: LazyLock<Arc<Method>> =
    LazyLock::new(|| methods(&proto::descriptors()).expect("the built-in methods compile")[GET].clone());
static VIEW: LazyLock<View> =
    LazyLock::new(|| View::compile(&METHOD.record, ALLOWED).expect("fields of a citizen"));
static SCENE: LazyLock<Scene> = LazyLock::new(Scene::new);

/// One gateway's identity, and a tree with one agreement to spoil.
struct Scene {
    now: Moment,
    identity: Identity,
    trust: Arc<ClientTrust>,
    peer: PeerCertificate,
    certificate: Vec<u8>,
    token: String,
    tree: PathBuf,
    agreement: String,
    agreement_file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Scene {
    /// The shipped tree with keys of its own.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let tree = folder.path().join("config");
        copy(&shipped(), &tree);
        let now = Moment::now();
        let keys = KeyFolder::new(folder.path().join("keys"), false);
        let day = Duration::from_secs(86_400);
        pki::init(&keys, &["localhost".into()], now, day).expect("an authority");
        let client = pki::client(&keys, AGENCY, &pki::agency_uri(AGENCY), now, day).expect("a certificate");
        let issuers = ["one-stop", "police"].map(|name| token::issuer(&keys, name).expect("an issuer"));
        let settings = settings::load_without_files(&tree).expect("the shipped tree is good");
        let authorities = configured::authorities(&settings.gateway.tls, &settings.base);
        let trust = Arc::new(ClientTrust::load(&authorities, now).expect("the authority loads"));
        let snapshot = configured::snapshot(
            &settings.gateway.token,
            settings.agencies.values(),
            &settings.base,
        )
        .expect("the key sets load");
        let identity = Identity::new(snapshot, trust.clone(), VerifiedTokens::new(100)).expect("it agrees");
        let der = CertificateDer::from_pem_file(&client.public).expect("the certificate");
        let request = TokenRequest {
            issuer: token::issuer_value("one-stop"),
            audience: "urn:lienthong:gateway:demo".into(),
            client: "mot-cua-h29-12".into(),
            officer: "cb-0001".into(),
            role: ("role".into(), "receiving-officer".into()),
            unit: None,
            lifetime: Duration::from_secs(600),
            certificate: pki::fingerprint_of(&client.public).expect("the certificate"),
        };
        let issuer = IssuerKey::load(&issuers[0].private).expect("the issuer's key");
        let scene = Self {
            now,
            peer: PeerCertificate::read(std::slice::from_ref(&der), &trust, now)
                .expect("an honest certificate"),
            identity,
            trust,
            certificate: der.to_vec(),
            token: issuer.issue(&request, now).expect("a token"),
            agreement: std::fs::read_to_string(tree.join("agreements/population-one-stop.toml"))
                .expect("shipped"),
            agreement_file: tree.join("agreements/population-one-stop.toml"),
            tree,
            _folder: folder,
        };
        let mut headers = http::HeaderMap::new();
        let value = http::HeaderValue::try_from(format!("Bearer {}", scene.token)).expect("a token");
        headers.insert(http::header::AUTHORIZATION, value);
        scene
            .identity
            .identify(&scene.peer, &headers, now)
            .expect("the honest token is taken");
        scene
    }
}

/// The shipped tree. The fuzzers are built in a folder below that of the tests.
fn shipped() -> PathBuf {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut trees = above.map(|folder| folder.join("config"));
    trees
        .find(|tree| tree.join("gateway.toml").is_file())
        .expect("the shipped tree")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the shipped tree") {
        let entry = entry.expect("an entry");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(&from, &to).expect("a copy");
        }
    }
}
