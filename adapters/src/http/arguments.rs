//! The arguments of one question, and that each of them is there and is what it should be.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use prost::Message as _;
use proto::lookup::v1::LookupContext;
use secrecy::{ExposeSecret as _, SecretString};
use toml::Spanned;

use super::argument::{Argument, FactForm};
use super::sign_in::read_secret;
use crate::error::Error;
use crate::registry::{Call, FactValue};
use crate::trace::Trace;

/// Longest text of a caller that is passed on, in bytes.
const LONGEST: usize = 1024;

/// The arguments of one question.
pub(crate) struct Arguments<'a> {
    key: &'a str,
    request_id: &'a str,
    call: Option<&'a Call>,
    context: LookupContext,
    secrets: &'a Secrets,
    /// Where it is told that the id is sent.
    trace: Option<&'a Trace>,
}

impl<'a> Arguments<'a> {
    /// What a question can be asked with.
    pub(crate) fn new(
        key: &'a str,
        request_id: &'a str,
        call: Option<&'a Call>,
        secrets: &'a Secrets,
    ) -> Self {
        // What can't be read is as if it hadn't been said.
        let context = call.and_then(|call| LookupContext::decode(&*call.context).ok());
        Self {
            key,
            request_id,
            call,
            context: context.unwrap_or_default(),
            secrets,
            trace: None,
        }
    }

    /// The same, that tell this trace of the id when it is sent.
    pub(crate) fn told_to(self, trace: &'a Trace) -> Self {
        Self {
            trace: Some(trace),
            ..self
        }
    }

    /// The id of this question, which is sent with it.
    pub(crate) fn sent_id(&self) -> &'a str {
        if let Some(trace) = self.trace {
            trace.sent_as(self.request_id);
        }
        self.request_id
    }

    /// The text of an argument. It is never empty, and no control character stands in it.
    ///
    /// # Errors
    /// [`Error::Wanting`] when the call doesn't have it as it is wanted.
    pub(super) fn of(&self, argument: &Argument) -> Result<Cow<'_, str>, Error> {
        let text = match argument {
            Argument::Key => return Ok(self.key.into()),
            Argument::KeyNumber => {
                let number = self.key.trim_start_matches('0');
                return Ok(if number.is_empty() { "0" } else { number }.into());
            }
            Argument::RequestId => return Ok(self.sent_id().into()),
            Argument::Procedure => code(&self.context.procedure_code),
            Argument::Dossier => code(&self.context.dossier_code),
            Argument::Agency => self.call.and_then(|call| code(&call.agency)),
            Argument::ReceivingAgency => code(&self.context.receiving_agency),
            Argument::CompetentAgency => code(&self.context.competent_agency),
            Argument::Officer => self.call.and_then(|call| printable(&*call.officer)),
            Argument::Role => self.call.and_then(|call| printable(&*call.role)),
            Argument::Fact { name, form } => self.fact(name, form),
            Argument::Secret(name) => {
                let secret = self.secrets.0.get(name);
                let secret = secret.ok_or_else(|| Error::unavailable("a secret isn't there"))?;
                return Ok(secret.expose_secret().into());
            }
        };
        text.ok_or_else(|| Error::Wanting {
            what: argument.field(),
        })
    }

    fn fact(&self, name: &str, form: &FactForm) -> Option<Cow<'_, str>> {
        let facts = &self.call?.facts;
        let fact = facts.iter().find(|fact| &*fact.name == name)?;
        match (&fact.value, form) {
            // Before blanks are folded: a line's end is one of them.
            (FactValue::Text(text), FactForm::Text(spelling)) => {
                printable(&**text).and_then(|text| printable(spelling.of(&text)))
            }
            (FactValue::Date(date), FactForm::Date(forms)) => {
                forms.iter().find_map(|form| form.of(*date)).map(Cow::Owned)
            }
            _ => None,
        }
    }
}

/// A code: a letter or digit, then letters, digits, dots, underscores and hyphens. So no name of a path is made of
/// dots alone.
fn code(text: &str) -> Option<Cow<'_, str>> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let right = text.len() <= LONGEST
        && text.bytes().all(plain)
        && text
            .bytes()
            .next()
            .is_some_and(|first| first.is_ascii_alphanumeric());
    right.then_some(Cow::Borrowed(text))
}

/// A text that says something, in one line.
fn printable<'a>(text: impl Into<Cow<'a, str>>) -> Option<Cow<'a, str>> {
    let text = text.into();
    let right = !text.trim().is_empty() && text.len() <= LONGEST && !text.contains(|c: char| c.is_control());
    right.then_some(text)
}

/// Secrets of a connection that stand in its requests, by name. `Debug` hides them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets(BTreeMap<String, SecretString>);

impl Secrets {
    /// Reads their files. The error says what stands in the way, and nothing of a secret.
    pub(crate) fn read(settings: &BTreeMap<String, Spanned<String>>, base: &Path) -> Result<Self, String> {
        let mut secrets = BTreeMap::new();
        for (name, file) in settings {
            let secret = read_secret(base, file.get_ref())?;
            if secret.expose_secret().contains(|c: char| c.is_control()) {
                return Err(format!(
                    "{}: found a control character, wanted a secret of one line",
                    file.get_ref()
                ));
            }
            secrets.insert(name.clone(), secret);
        }
        Ok(Self(secrets))
    }
}
