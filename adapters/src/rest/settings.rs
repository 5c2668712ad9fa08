//! Section `[connection]` of kind `rest`.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::http::{Answers, NothingWhen, Server, SignIn, Written, WrittenText, XRoad};
use crate::settings::TextForm;

/// Where the registry is, how it is asked and what its codes mean.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The server.
    pub server: Server,
    /// How the gateway says who it is.
    #[serde(default)]
    pub sign_in: SignIn,
    /// Files of secrets that stand in requests as `{secret.name}`, by this name.
    #[serde(default)]
    pub secrets: BTreeMap<String, Spanned<String>>,
    /// Who asks whom over X-Road's REST protocol, when `server` is a security server.
    pub xroad: Option<XRoad>,
    /// What the registry's codes mean.
    #[serde(default)]
    pub answers: Answers,
    /// One for each record and each of its keys.
    pub requests: Vec<Request>,
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
    /// How it is asked.
    #[serde(default)]
    pub method: Method,
    /// Where. Begins with `/`.
    pub path: Spanned<String>,
    /// What stands behind the path.
    #[serde(default)]
    pub query: BTreeMap<String, Spanned<String>>,
    /// Headers.
    #[serde(default)]
    pub headers: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Headers that hold JSON in base64.
    #[serde(default)]
    pub json_headers: BTreeMap<Spanned<String>, Spanned<serde_json::Value>>,
    /// The body: a value whose texts may hold places.
    pub body: Option<Spanned<serde_json::Value>>,
    /// The body, as a form.
    #[serde(default)]
    pub form: BTreeMap<String, Spanned<String>>,
    /// What the answer is written in.
    #[serde(default = "json")]
    pub answer: TextForm,
    /// What alone says that nobody was found. Without it: that nothing stands at the record's path.
    pub nothing_when: Option<NothingWhen>,
}

/// How a question is asked. It is a read in every case: it may be asked twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Without a body.
    #[default]
    Get,
    /// With one.
    Post,
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
        let mut texts = vec![WrittenText::new(&self.path)];
        texts.extend(
            self.query
                .values()
                .chain(self.form.values())
                .map(WrittenText::new),
        );
        texts.extend(self.headers.values().map(WrittenText::header));
        texts.extend(
            self.json_headers
                .values()
                .chain(&self.body)
                .flat_map(WrittenText::of_json),
        );
        Written {
            record: self.record.get_ref(),
            key: self.key.get_ref(),
            texts,
        }
    }
}

fn json() -> TextForm {
    TextForm::Json
}
