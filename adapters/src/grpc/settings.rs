//! Section `[connection]` of kind `grpc`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use crate::http::{Answers, Server, SignIn, Word, Written, WrittenText};
use crate::settings::Interval;

/// Where the registry is, what its schemas are, how it is asked and what its codes mean.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The server. Its `protocol` is always HTTP/2.
    pub server: Server,
    /// How the gateway says who it is.
    #[serde(default)]
    pub sign_in: SignIn,
    /// Files of secrets that stand in requests as `{secret.name}`, by this name.
    #[serde(default)]
    pub secrets: BTreeMap<String, Spanned<String>>,
    /// When it is another gateway of this kind: how the gateway vouches for the officers who ask. The
    /// record is then taken as it is, and nothing below is wanted.
    pub lienthong: Option<Spanned<Lienthong>>,
    /// Schemas of the methods: `.proto` files, or encoded descriptor sets by any other ending.
    #[serde(default)]
    pub descriptors: Vec<Spanned<String>>,
    /// What the registry's codes mean. `statuses` are codes of gRPC by name, such as `NOT_FOUND`;
    /// `words` counts for the reason of a `google.rpc.ErrorInfo` too.
    #[serde(default)]
    pub answers: Answers,
    /// One for each record and each of its keys.
    #[serde(default)]
    pub requests: Vec<Request>,
}

/// How this gateway vouches for an officer at another one: by a token of its own (RFC 9068), bound to its
/// certificate (RFC 8705).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lienthong {
    /// The issuer, as the other gateway knows it.
    pub issuer: Spanned<String>,
    /// The other gateway's audience.
    pub audience: Spanned<String>,
    /// This gateway, as a system of its agency.
    pub client_id: Spanned<String>,
    /// File of the key that signs: P-256 or Ed25519, PKCS #8 in PEM.
    pub signing_key: Spanned<String>,
    /// The key's identifier in the issuer's key set.
    pub key_id: Spanned<String>,
    /// The claim of the officer's role.
    #[serde(default = "role")]
    pub role_claim: Spanned<String>,
    /// How long a token holds.
    #[serde(default = "five_minutes")]
    pub lifetime: Interval,
}

/// One question. In its texts `{key}` is the identifier asked for and `{request_id}` the id of the call
/// that it is asked for; `docs/adapters.md` names the other arguments.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Full name of the record.
    pub record: Spanned<String>,
    /// Field of the key that it is asked by.
    pub key: Spanned<String>,
    /// Full name of the method, such as `vn.land.v1.LandService/GetParcel`.
    pub method: Spanned<String>,
    /// Metadata.
    #[serde(default)]
    pub metadata: BTreeMap<Spanned<String>, Spanned<String>>,
    /// The fields of the message, in the form of canonical JSON; its texts may hold places.
    #[serde(default)]
    pub message: BTreeMap<Spanned<String>, Spanned<serde_json::Value>>,
    /// What an answer without anything at the record's path means. Without it, it is garbled: a server
    /// that failed may answer an empty message.
    pub nothing: Option<Spanned<Word>>,
}

impl Settings {
    /// The files that the settings name, relative to the configuration folder.
    #[must_use]
    pub fn files(&self) -> Vec<&Spanned<String>> {
        let mut files = self.server.files();
        files.extend(self.sign_in.files());
        files.extend(self.secrets.values());
        files.extend(self.lienthong.iter().map(|other| &other.get_ref().signing_key));
        files.extend(&self.descriptors);
        files
    }

    /// Those of them that hold secrets.
    pub(crate) fn secrets(&self) -> Vec<&Spanned<String>> {
        let mut secrets = self.sign_in.secrets();
        secrets.extend(&self.server.key);
        secrets.extend(self.secrets.values());
        secrets.extend(self.lienthong.iter().map(|other| &other.get_ref().signing_key));
        secrets
    }

    /// The files that decide what is asked and how answers are read.
    #[must_use]
    pub fn schemas(&self) -> &[Spanned<String>] {
        &self.descriptors
    }

    /// The texts of its requests.
    pub(crate) fn written(&self) -> Vec<Written<'_>> {
        self.requests.iter().map(Request::written).collect()
    }
}

impl Request {
    fn written(&self) -> Written<'_> {
        let mut texts: Vec<_> = self.metadata.values().map(WrittenText::header).collect();
        texts.extend(self.message.values().flat_map(WrittenText::of_json));
        Written {
            record: self.record.get_ref(),
            key: self.key.get_ref(),
            texts,
        }
    }
}

fn role() -> Spanned<String> {
    Spanned::new(0..0, "role".to_owned())
}

fn five_minutes() -> Interval {
    Interval(Duration::from_secs(300))
}
