//! Section `[connection]` of kind `grpc`.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::http::{Answers, Server, SignIn, Word};

/// Where the registry is, what its schemas are, how it is asked and what its codes mean.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The server. Its `protocol` is always HTTP/2.
    pub server: Server,
    /// How the gateway says who it is.
    #[serde(default)]
    pub sign_in: SignIn,
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

/// One question. In its texts `{key}` is the identifier asked for and `{request_id}` the id of the call
/// that it is asked for.
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
        files.extend(&self.descriptors);
        files
    }

    /// The files that decide what is asked and how answers are read.
    #[must_use]
    pub fn schemas(&self) -> &[Spanned<String>] {
        &self.descriptors
    }
}
