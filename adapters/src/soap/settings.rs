//! Section `[connection]` of kind `soap`.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::http::{Answers, NothingWhen, Server, SignIn, Word, Written, WrittenText, XRoad};

/// Where the registry is, how it is asked and what its codes and faults mean.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The server. The path of its `url` is where messages go.
    pub server: Server,
    /// Version of SOAP.
    #[serde(default)]
    pub version: Version,
    /// How the gateway says who it is.
    #[serde(default)]
    pub sign_in: SignIn,
    /// Files of secrets that stand in requests as `{secret.name}`, by this name.
    #[serde(default)]
    pub secrets: BTreeMap<String, Spanned<String>>,
    /// Who asks whom over X-Road's message protocol, when `server` is a security server.
    pub xroad: Option<XRoad>,
    /// What the registry's codes mean. Paths begin in the body of the message.
    #[serde(default)]
    pub answers: Answers,
    /// Path of a fault's code, inside the fault. Without it: SOAP's own code.
    pub fault_code: Option<Spanned<String>>,
    /// What the codes of faults mean. Beside it: a fault of the sender is `refused`, any other
    /// `unavailable`.
    #[serde(default)]
    pub faults: BTreeMap<String, Word>,
    /// One for each record and each of its keys.
    pub requests: Vec<Request>,
}

/// Versions of SOAP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Version {
    /// SOAP 1.1.
    #[default]
    #[serde(rename = "1.1")]
    V11,
    /// SOAP 1.2.
    #[serde(rename = "1.2")]
    V12,
}

/// One question. In its texts `{key}` is the identifier asked for and `{request_id}` an id made for
/// the question; `docs/adapters.md` names the other arguments.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Full name of the record.
    pub record: Spanned<String>,
    /// Field of the key that it is asked by.
    pub key: Spanned<String>,
    /// The action that the service's description names.
    #[serde(default)]
    pub action: Option<Spanned<String>>,
    /// Headers of HTTP.
    #[serde(default)]
    pub headers: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Elements of the message's header, as XML.
    pub header: Option<Spanned<String>>,
    /// The elements of the message's body, as XML.
    pub body: Spanned<String>,
    /// What alone says that nobody was found; its path begins in the body of the answer. Without it: that nothing
    /// stands at the record's path, nor beside it.
    pub nothing_when: Option<NothingWhen>,
}

impl Settings {
    /// The files that the settings name, relative to the configuration folder.
    #[must_use]
    pub fn files(&self) -> Vec<&Spanned<String>> {
        let mut files = self.server.files();
        files.extend(self.sign_in.files());
        files.extend(self.secrets.values());
        files
    }

    /// Those of them that hold secrets.
    pub(crate) fn secrets(&self) -> Vec<&Spanned<String>> {
        let key = self.server.key.iter();
        key.chain(self.sign_in.secrets())
            .chain(self.secrets.values())
            .collect()
    }

    /// The texts of its requests.
    pub(crate) fn written(&self) -> Vec<Written<'_>> {
        self.requests.iter().map(Request::written).collect()
    }
}

impl Request {
    fn written(&self) -> Written<'_> {
        let mut texts: Vec<_> = self.headers.values().map(WrittenText::header).collect();
        texts.extend(self.header.iter().map(WrittenText::new));
        texts.push(WrittenText::new(&self.body));
        Written {
            record: self.record.get_ref(),
            key: self.key.get_ref(),
            texts,
        }
    }
}
