//! What the files of every kind that speaks HTTP have in common: the server, the way to sign in, and
//! what the server's codes mean.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::Word;
use crate::settings::Interval;

/// Where the registry is, and how it is known to be that.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// `https://host:port`, and a path before all others if there is one. The only host and port that
    /// questions go to.
    pub url: Spanned<String>,
    /// Certificates of the authorities that its certificate may come from, PEM. No other is trusted.
    pub ca: Option<Spanned<String>>,
    /// The gateway's certificate and those between, PEM.
    pub certificate: Option<Spanned<String>>,
    /// The key of `certificate`, PEM.
    pub key: Option<Spanned<String>>,
    /// Networks that its addresses must lie in, such as `10.20.0.0/16`. Without it: any that is no
    /// link-local one, no cloud's metadata service, no loopback that `url` doesn't name.
    #[serde(default)]
    pub addresses: Vec<Spanned<String>>,
    /// Version of HTTP.
    #[serde(default)]
    pub protocol: Protocol,
    /// Whether `http://` may stand in `url`: nothing then protects what is asked and answered.
    #[serde(default)]
    pub plaintext: bool,
    /// Longest time until a connection stands, TLS included.
    #[serde(default = "one_second")]
    pub connect_timeout: Interval,
    /// Path that says by a status of 200 to 299 that the registry is well. Without it: a connection.
    pub health: Option<Spanned<String>>,
}

/// Versions of HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// What the server prefers, agreed on in the TLS handshake.
    #[default]
    Auto,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
}

/// How the gateway says who it is, beside its certificate.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignIn {
    /// A token of OAuth 2.0, by client credentials (RFC 6749 §4.4).
    pub oauth2: Option<OAuth2>,
    /// A secret in a header.
    pub api_key: Option<ApiKey>,
    /// A header that holds a JSON object in base64, as `lgspaccesstoken` does.
    pub json_header: Option<JsonHeader>,
}

/// A token of OAuth 2.0.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuth2 {
    /// Where tokens are given. Its authority and addresses are those of `server`, if it says nothing
    /// else.
    pub server: Spanned<Server>,
    /// Who the gateway is.
    pub client_id: Spanned<String>,
    /// File with the secret.
    pub client_secret: Spanned<String>,
    /// What is asked for.
    pub scope: Option<Spanned<String>>,
    /// Where `client_id` and the secret stand in the question for a token.
    #[serde(default)]
    pub place: CredentialPlace,
}

/// Where a client's credentials stand (RFC 6749 §2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialPlace {
    /// In the header `Authorization`.
    #[default]
    Header,
    /// In the body, beside the rest.
    Body,
}

/// A secret in a header.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// Name of the header.
    pub header: Spanned<String>,
    /// What stands before the secret, such as `Bearer `.
    #[serde(default)]
    pub prefix: String,
    /// File with the secret.
    pub secret: Spanned<String>,
}

/// A header that holds a JSON object in base64.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonHeader {
    /// Name of the header.
    pub header: Spanned<String>,
    /// Members with their texts.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Members with the files of their texts.
    #[serde(default)]
    pub secrets: BTreeMap<String, Spanned<String>>,
}

/// What the registry's codes mean.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answers {
    /// Path of the code in an answer.
    pub code: Option<Spanned<String>>,
    /// Codes of an answer that holds what was asked for.
    pub ok: Vec<String>,
    /// What the other codes mean. One that isn't named is `refused`.
    pub words: BTreeMap<String, Word>,
    /// What statuses of HTTP mean, beside what the standard says.
    pub statuses: BTreeMap<Spanned<String>, Word>,
    /// Path of the registry's own id of the exchange.
    pub transaction: Option<Spanned<String>>,
    /// Header with the registry's own id of the exchange.
    pub transaction_header: Option<Spanned<String>>,
}

/// What alone says that nobody was found, in the answers to one question.
#[cfg(any(feature = "rest", feature = "soap"))]
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NothingWhen {
    /// Path in the answer, such as that of a count.
    pub path: Spanned<String>,
    /// What stands there then.
    pub equals: Spanned<String>,
}

impl Server {
    pub(crate) fn files(&self) -> Vec<&Spanned<String>> {
        [&self.ca, &self.certificate, &self.key]
            .into_iter()
            .flatten()
            .collect()
    }
}

impl SignIn {
    pub(crate) fn files(&self) -> Vec<&Spanned<String>> {
        let servers = self.oauth2.iter().map(|oauth2| oauth2.server.get_ref());
        let public = servers.flat_map(|server| server.ca.iter().chain(&server.certificate));
        public.chain(self.secrets()).collect()
    }

    /// Those of them that hold secrets.
    pub(crate) fn secrets(&self) -> Vec<&Spanned<String>> {
        let mut secrets = Vec::new();
        if let Some(oauth2) = &self.oauth2 {
            secrets.extend(&oauth2.server.get_ref().key);
            secrets.push(&oauth2.client_secret);
        }
        secrets.extend(self.api_key.as_ref().map(|key| &key.secret));
        secrets.extend(self.json_header.iter().flat_map(|header| header.secrets.values()));
        secrets
    }
}

fn one_second() -> Interval {
    Interval(Duration::from_secs(1))
}
