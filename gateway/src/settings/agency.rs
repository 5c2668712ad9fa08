//! `agencies/<id>.toml`: one agency, its certificates and its tokens.

use serde::Deserialize;
use toml::Spanned;

use super::day::Day;

/// One agency. The file is named after the identifier.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgencySettings {
    /// The electronic identifier (QĐ 20/2020), such as `H29.12`.
    pub id: Spanned<String>,
    /// Name for people, Vietnamese.
    pub name_vi: String,
    /// Name for people, English.
    pub name_en: String,
    /// The first day on which the agency may call. Not written: any day.
    pub valid_from: Option<Spanned<Day>>,
    /// The last day on which it may. Not written: no end.
    pub valid_to: Option<Spanned<Day>>,
    /// Whether the agency may read the access log.
    #[serde(default)]
    pub auditor: bool,
    /// The agencies whose entries it sees, each with those under it: `["H26"]` shows the entries whose calling, receiving or
    /// competent agency is `H26` or lies under it. Not written: all entries.
    #[serde(default)]
    pub auditor_scope: Vec<Spanned<String>>,
    /// The certificates that stand for the agency; any one of them does. At least one.
    #[serde(rename = "certificate")]
    pub certificates: Spanned<Vec<AgencyCertificate>>,
    /// What the tokens of its systems say.
    pub token: AgencyToken,
}

/// A certificate by what is in it. A pair of `ca` and `san_uri` stands for one agency alone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgencyCertificate {
    /// The name of an authority in `tls.client_ca`.
    pub ca: Spanned<String>,
    /// One URI among the certificate's subject alternative names, byte for byte.
    pub san_uri: Spanned<String>,
}

/// What the tokens of an agency's systems say.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgencyToken {
    /// The name of an issuer in `token.issuers`.
    pub issuer: Spanned<String>,
    /// The `client_id` of each of its systems. A `client_id` belongs to one agency.
    pub clients: Spanned<Vec<Spanned<String>>>,
    /// The claim that holds the officer's role.
    #[serde(default = "role_claim")]
    pub role_claim: String,
    /// The claim that holds the officer's unit. Empty: tokens do not say it.
    #[serde(default)]
    pub unit_claim: String,
    /// The roles that officers of this agency may have.
    pub roles: Spanned<Vec<Spanned<String>>>,
}

fn role_claim() -> String {
    "role".to_owned()
}
