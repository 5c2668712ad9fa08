//! The operator's tree of the gateway under test.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::pki::agency_uri;
use crate::tokens::{AUDIENCE, ISSUER};

/// The agency with which everything is agreed.
pub const OFFICE: &str = "H29.12";
/// An agency that is known, and with which nothing is agreed.
pub const STRANGER: &str = "H29.13";
/// The agency that decides the dossiers.
pub const COMPETENT: &str = "H29.14";
/// An agency whose one agreement ended.
pub const FORMER: &str = "H29.15";
/// An agency that reads the access log and looks nobody up.
pub const AUDITOR: &str = "H29.16";
/// The agencies of the tree.
pub const AGENCIES: [&str; 5] = [OFFICE, STRANGER, COMPETENT, FORMER, AUDITOR];

/// The procedure that the agreements name.
pub const PROCEDURE: &str = "2.001478";
/// A published procedure that no agreement names.
pub const OTHER_PROCEDURE: &str = "1.004222";

/// The name of the log, which its key carries too.
pub const ORIGIN: &str = "gateway.example/log";

const POPULATION: &str = include_str!("../../config/registries/population.toml");
const CRIMINAL_RECORD: &str = include_str!("../../config/registries/criminal-record.toml");
const BUSINESS: &str = include_str!("../../config/registries/business.toml");
/// The tables that these read codes by.
const CODES: [(&str, &str); 5] = [
    (
        "enterprise-state",
        include_str!("../../config/codes/enterprise-state.toml"),
    ),
    (
        "marital-status",
        include_str!("../../config/codes/marital-status.toml"),
    ),
    ("province", include_str!("../../config/codes/province.toml")),
    ("sex", include_str!("../../config/codes/sex.toml")),
    ("vsic", include_str!("../../config/codes/vsic.toml")),
];

/// A folder of settings.
pub struct Tree {
    root: PathBuf,
}

impl Tree {
    /// Writes the whole tree, all but certificates and keys.
    #[must_use]
    pub fn make(root: &Path) -> Self {
        let tree = Self {
            root: root.to_owned(),
        };
        tree.write("gateway.toml", &gateway());
        tree.write("registries/population.toml", POPULATION);
        tree.write("registries/criminal-record.toml", CRIMINAL_RECORD);
        tree.write("registries/business.toml", BUSINESS);
        for (name, table) in CODES {
            tree.write(&format!("codes/{name}.toml"), table);
        }
        for id in AGENCIES {
            tree.write(&format!("agencies/{id}.toml"), &agency(id));
        }
        for code in [PROCEDURE, OTHER_PROCEDURE] {
            tree.write(&format!("procedures/{code}.toml"), &procedure(code));
        }
        tree.write("agreements/population.toml", &agreement("population", OFFICE, ""));
        tree.write(
            "agreements/former.toml",
            &agreement("population", FORMER, "valid_to = 2025-12-31"),
        );
        tree.write(
            "agreements/criminal-record.toml",
            &agreement("criminal-record", OFFICE, ""),
        );
        tree.write("agreements/business.toml", &agreement("business", OFFICE, ""));
        tree
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Writes a file whole, as an editor does: beside the old one, then in its place.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
        let beside = path.with_extension("new~");
        fs::write(&beside, text).expect("the file is written");
        fs::rename(&beside, &path).expect("the file takes its place");
    }

    /// Writes a file that its owner alone may read.
    pub fn write_secret(&self, path: &str, text: &str) {
        self.write(path, text);
        let owner_alone = fs::Permissions::from_mode(0o600);
        fs::set_permissions(self.root.join(path), owner_alone).expect("its permissions are set");
    }

    /// Replaces a piece of a file; the piece must be there.
    pub fn edit(&self, path: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.root.join(path)).expect("a file of the tree");
        assert!(text.contains(old), "{path} does not hold {old:?}");
        self.write(path, &text.replace(old, new));
    }
}

/// The `client_id` of an agency's system.
#[must_use]
pub fn client_id(agency: &str) -> String {
    format!("one-stop-{}", agency.to_lowercase().replace('.', "-"))
}

fn gateway() -> String {
    format!(
        r#"[listener]
address = "127.0.0.1:0"

[tls]
certificate = "tls/server.pem"
key = "tls/server.key"

[[tls.client_ca]]
name = "root"
file = "tls/ca.pem"

[token]
audience = "{AUDIENCE}"

[[token.issuers]]
name = "test"
issuer = "{ISSUER}"
jwks = "issuers/test.json"

[audit]
folder = "../audit"
origin = "{ORIGIN}"
signing_key = "audit/log.key"
subject_keys = "audit/subjects"
auditor_key = "audit/auditor.pub"

[telemetry]
filter = "info"
"#
    )
}

fn agency(id: &str) -> String {
    let (uri, client) = (agency_uri(id), client_id(id));
    let auditor = id == AUDITOR;
    format!(
        r#"id = "{id}"
name_vi = "Cơ quan {id}"
name_en = "Agency {id}"
valid_from = 2025-07-01
auditor = {auditor}

[[certificate]]
ca = "root"
san_uri = "{uri}"

[token]
issuer = "test"
clients = ["{client}"]
roles = ["receiving-officer", "deciding-officer"]
"#
    )
}

fn procedure(code: &str) -> String {
    format!(
        r#"code = "{code}"
name_vi = "Thủ tục thử {code}"
name_en = "Procedure {code}"
valid_from = 2025-07-01
legal_basis = "Decree 61/2018"

[[component]]
id = "identity"
paper_vi = "Bản sao giấy tờ tùy thân"
"#
    )
}

fn agreement(registry: &str, agency: &str, validity: &str) -> String {
    let head = format!(
        r#"version = "1"
title = "{registry} for {agency}"
agencies = ["{agency}"]
registry = "{registry}"
procedures = ["{PROCEDURE}"]
valid_from = 2025-07-01
{validity}
legal_basis = "Decree 194/2025"
"#
    );
    let grants = match registry {
        "population" => {
            grant("population.v1.Citizen", r#""confirm""#, r#""*""#, "required")
                + &grant(
                    "population.v1.Citizen",
                    r#""get""#,
                    r#""personal_id", "full_name", "birth_date", "permanent_residence""#,
                    "required",
                )
        }
        "business" => grant(
            "business.v1.Enterprise",
            r#""get", "confirm", "check""#,
            r#""*""#,
            "not-required",
        ),
        _ => {
            grant(
                "criminalrecord.v1.ConvictionStatus",
                r#""check""#,
                r#""conviction_state""#,
                "required",
            ) + &grant(
                "criminalrecord.v1.Certificate",
                r#""get", "check""#,
                r#""*", "conviction_state""#,
                "required",
            )
        }
    };
    head + &grants
}

fn grant(record: &str, operations: &str, fields: &str, second_fact: &str) -> String {
    format!(
        r#"
[[grant]]
record = "lienthong.{record}"
operations = [{operations}]
fields = [{fields}]
steps = ["receiving"]
roles = ["receiving-officer"]
second_fact = "{second_fact}"
"#
    )
}
