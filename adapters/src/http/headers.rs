//! Headers made of templates.

use std::collections::BTreeMap;

use ::http::header::{HeaderMap, HeaderName, HeaderValue};
use toml::Spanned;

use super::argument::{Argument, FactForm};
use super::arguments::Arguments;
use super::template::{Template, plain};
use crate::check::Problem;
use crate::error::Error;

/// Headers that are made for the connection, and those that the gateway signs in with.
const OWN: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers of one question.
#[derive(Debug, Default)]
pub(crate) struct Headers(Vec<(HeaderName, Template)>);

impl Headers {
    /// Reads the templates. The identifier may stand in a header only when it is made of digits, a name never: there
    /// is no way to write one in it.
    pub(crate) fn new(
        settings: &BTreeMap<Spanned<String>, Spanned<String>>,
        digits: bool,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut headers = Vec::new();
        for (name, text) in settings {
            let parsed = check_name(name, false, problems);
            match Template::parse(text.get_ref()) {
                Ok(template) => {
                    let printable =
                        |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
                    if !template.literals().all(printable) {
                        problems.push(Problem::at(
                            text.span(),
                            "found a character that can't stand in a header, wanted printable ASCII",
                        ));
                    } else if template.takes_key() && !digits {
                        problems.push(Problem::at(
                            text.span(),
                            "found {key} in a header, wanted it there only for an identifier with digits = …",
                        ));
                    } else if template.arguments().any(is_name) {
                        problems.push(Problem::at(
                            text.span(),
                            "found a fact of text in a header, wanted it in a query, a body or json_headers",
                        ));
                    } else if let Some(parsed) = parsed {
                        headers.push((parsed, template));
                    }
                }
                Err(wanted) => problems.push(Problem::at(text.span(), wanted)),
            }
        }
        Self(headers)
    }

    /// Whether the identifier stands in one of them.
    pub(crate) fn takes_key(&self) -> bool {
        self.0.iter().any(|(_, template)| template.takes_key())
    }

    /// Adds them to a question.
    pub(crate) fn fill(&self, arguments: &Arguments<'_>, headers: &mut HeaderMap) -> Result<(), Error> {
        for (name, template) in &self.0 {
            let mut value =
                HeaderValue::from_str(&template.fill(arguments, plain)?).map_err(|_| unfit(template))?;
            value.set_sensitive(
                template
                    .arguments()
                    .any(|argument| *argument != Argument::RequestId),
            );
            headers.insert(name.clone(), value);
        }
        Ok(())
    }
}

/// What can't stand in a header is no identifier of anybody; of anything else it is as if it weren't there.
fn unfit(template: &Template) -> Error {
    let other = template.arguments().find(|argument| !argument.is_plain(true));
    match other {
        // What can't stand in a header can't be asked for in one.
        None => Error::not_asked(),
        Some(Argument::Secret(_)) => Error::unavailable("a secret can't stand in a header"),
        Some(argument) => Error::Wanting {
            what: argument.field(),
        },
    }
}

fn is_name(argument: &Argument) -> bool {
    matches!(
        argument,
        Argument::Fact {
            form: FactForm::Text(_),
            ..
        }
    )
}

/// The name of a header that a file may set; `signing_in`: also one that says who the gateway is.
pub(crate) fn check_name(
    name: &Spanned<String>,
    signing_in: bool,
    problems: &mut Vec<Problem>,
) -> Option<HeaderName> {
    let parsed = HeaderName::from_bytes(name.get_ref().as_bytes()).ok();
    let parsed = parsed.filter(|parsed| {
        !OWN.contains(&parsed.as_str()) && (signing_in || parsed.as_str() != "authorization")
    });
    if parsed.is_none() {
        problems.push(Problem::at(
            name.span(),
            format!(
                "found {:?}, wanted the name of a header that isn't made for each exchange",
                name.get_ref()
            ),
        ));
    }
    parsed
}
