//! From a question to a message and its metadata.

use std::ops::Range;
use std::sync::Arc;

use prost_reflect::{DescriptorPool, MessageDescriptor, MethodDescriptor};
use toml::Spanned;

use super::message::{Fields, complete};
use super::paths;
use super::settings::{Request, Settings};
use crate::check::{Problem, Records};
use crate::error::Error;
use crate::http::{Arguments, Asked, Headers, Silence, Word, asked};
use crate::mapping::{Key, suggestion};
use crate::tree::Omission;

/// Beginnings of names that the protocol keeps to itself.
const OWN: &[&str] = &["grpc-", ":"];

/// One question, ready but for its arguments.
pub(super) struct Question {
    /// `/package.Service/Method`.
    pub(super) path: String,
    pub(super) metadata: Headers,
    message: Fields,
    /// What is answered.
    pub(super) answer: MessageDescriptor,
    /// What an answer without a record means.
    pub(super) silence: Silence,
}

/// The questions of a connection, and what is wrong with them. One of which the method is wrong is none.
pub(super) fn questions(
    settings: &Settings,
    pool: &DescriptorPool,
    records: &Arc<Records>,
    span: Range<usize>,
    problems: &mut Vec<Problem>,
) -> Asked<Option<Question>> {
    let asked = asked(
        &settings.requests,
        |request: &Request| (&request.record, &request.key),
        |request, key, problems| Question::new(request, key, pool, problems),
        records,
        span,
        problems,
    );
    for request in &settings.requests {
        let record = records.get(request.record.get_ref().as_str());
        if let (Some(record), Some(method)) = (record, method(pool, request.method.get_ref())) {
            paths::check(&record.plan, &settings.answers, &method.output(), problems);
        }
    }
    asked
}

impl Question {
    fn new(request: &Request, key: &Key, pool: &DescriptorPool, problems: &mut Vec<Problem>) -> Option<Self> {
        let digits = key.digits.is_some();
        let metadata = Headers::new(&request.metadata, digits, problems);
        for name in request.metadata.keys() {
            let lower = name.get_ref().to_ascii_lowercase();
            if OWN.iter().any(|own| lower.starts_with(own))
                || lower == "content-type"
                || lower.ends_with("-bin")
            {
                let message =
                    format!("found {lower:?}, wanted metadata of text that the protocol doesn't use itself");
                problems.push(Problem::at(name.span(), message));
            }
        }
        if let Some(word) = &request.nothing
            && *word.get_ref() == Word::Ok
        {
            problems.push(Problem::at(
                word.span(),
                "found \"ok\", wanted what it means that there is no record",
            ));
        }
        let Some(method) = method(pool, request.method.get_ref()) else {
            problems.push(unknown(pool, &request.method));
            return None;
        };
        if method.is_client_streaming() || method.is_server_streaming() {
            problems.push(Problem::at(
                request.method.span(),
                "found a stream, wanted a unary method",
            ));
        }
        let input = method.input();
        let mut message = Fields::default();
        let mut whole = true;
        for (name, value) in &request.message {
            if let Err(wanted) = message.add(&input, name.get_ref(), value.get_ref(), digits) {
                let place = if input.get_field_by_name(name.get_ref()).is_some() {
                    value.span()
                } else {
                    name.span()
                };
                problems.push(Problem::at(place, wanted));
                whole = false;
            }
        }
        if let Err(wanted) = complete(&input, request.message.keys().map(|name| name.get_ref().as_str())) {
            problems.push(Problem::at(request.method.span(), wanted));
        }
        if whole && !message.takes_key() && !metadata.takes_key() {
            problems.push(Problem::at(
                request.method.span(),
                "found no {key} in the request",
            ));
        }
        Some(Self {
            path: format!("/{}/{}", method.parent_service().full_name(), method.name()),
            metadata,
            message,
            answer: method.output(),
            silence: Silence {
                nothing: request.nothing.as_ref().map(|word| *word.get_ref()),
                proof: None,
                omission: Omission::Alone,
            },
        })
    }

    /// The message of these arguments.
    pub(super) fn fill(&self, arguments: &Arguments<'_>) -> Result<Vec<u8>, Error> {
        let mut message = Vec::new();
        self.message.fill(arguments, &mut message)?;
        Ok(message)
    }
}

/// The method of a full name, `package.Service/Method` or `package.Service.Method`.
fn method(pool: &DescriptorPool, name: &str) -> Option<MethodDescriptor> {
    let name = name.strip_prefix('/').unwrap_or(name);
    let (service, method) = name.rsplit_once('/').or_else(|| name.rsplit_once('.'))?;
    let service = pool.get_service_by_name(service)?;
    service.methods().find(|known| known.name() == method)
}

fn unknown(pool: &DescriptorPool, name: &Spanned<String>) -> Problem {
    let mut valid = Vec::new();
    for service in pool.services() {
        valid.extend(
            service
                .methods()
                .map(|method| format!("{}/{}", service.full_name(), method.name())),
        );
    }
    let near = suggestion(name.get_ref(), valid.iter().map(String::as_str));
    Problem::at(
        name.span(),
        format!(
            "found {:?}, wanted a method of the descriptors{near}",
            name.get_ref()
        ),
    )
}
