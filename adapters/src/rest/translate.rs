//! From a question to a request of HTTP.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use ::http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use ::http::{Method as HttpMethod, Request as HttpRequest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use serde_json::Value;
use toml::Spanned;

use super::settings::{Method, Request, Settings};
use crate::check::{Problem, Records};
use crate::error::Error;
use crate::http::{
    Argument, Arguments, Asked, Headers, Origin, Proof, Silence, Template, XRoad, asked, check_name, percent,
    plain,
};
use crate::mapping::Key;
use crate::settings::TextForm;

/// One question, ready but for its arguments.
pub(super) struct Question {
    method: HttpMethod,
    path: Template,
    query: Vec<(String, Template)>,
    headers: Headers,
    json_headers: Vec<(HeaderName, Json)>,
    content: Content,
    pub(super) answer: TextForm,
    /// What an answer without a record means.
    pub(super) silence: Silence,
}

enum Content {
    None,
    Json(Json),
    Form(Vec<(String, Template)>),
}

/// A JSON value with places in its texts. Names have none.
enum Json {
    Fixed(Value),
    Text(Template),
    /// The identifier as a number.
    Number(Template),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// The questions of a connection, and what is wrong with them.
pub(super) fn questions(
    settings: &Settings,
    records: &Arc<Records>,
    span: Range<usize>,
    problems: &mut Vec<Problem>,
) -> Asked<Question> {
    asked(
        &settings.requests,
        |request: &Request| (&request.record, &request.key),
        Question::new,
        records,
        span,
        problems,
    )
}

impl Question {
    fn new(request: &Request, key: &Key, problems: &mut Vec<Problem>) -> Self {
        let digits = key.digits.is_some();
        if request.body.is_some() && !request.form.is_empty() {
            problems.push(Problem::at(
                request.path.span(),
                "found body and form, wanted one of them",
            ));
        }
        let (body, form) = (&request.body, texts(&request.form, problems));
        let content = match body {
            Some(body) => Content::Json(Json::new(body, digits, problems)),
            None if form.is_empty() => Content::None,
            None => Content::Form(form),
        };
        if request.method == Method::Get && !matches!(content, Content::None) {
            problems.push(Problem::at(
                request.path.span(),
                "found a body, wanted method = \"POST\" for it",
            ));
        }
        let mut json_headers = Vec::new();
        for (name, value) in &request.json_headers {
            let json = Json::new(value, digits, problems);
            if let Some(parsed) = check_name(name, false, problems) {
                json_headers.push((parsed, json));
            }
        }
        let question = Self {
            method: match request.method {
                Method::Get => HttpMethod::GET,
                Method::Post => HttpMethod::POST,
            },
            path: path(&request.path, problems),
            query: query(&request.query, problems),
            headers: Headers::new(&request.headers, digits, problems),
            json_headers,
            content,
            answer: request.answer,
            silence: Silence::of(
                request.answer,
                Proof::new(request.nothing_when.as_ref(), problems),
            ),
        };
        if !question.takes_key() {
            problems.push(Problem::at(request.path.span(), "found no {key} in the request"));
        }
        question
    }

    fn takes_key(&self) -> bool {
        let texts = |texts: &[(String, Template)]| texts.iter().any(|(_, text)| text.takes_key());
        self.path.takes_key()
            || texts(&self.query)
            || self.headers.takes_key()
            || self.json_headers.iter().any(|(_, json)| json.takes_key())
            || match &self.content {
                Content::None => false,
                Content::Json(json) => json.takes_key(),
                Content::Form(form) => texts(form),
            }
    }

    /// The request of these arguments.
    pub(super) fn fill(
        &self,
        origin: &Origin,
        xroad: Option<&XRoad>,
        arguments: &Arguments<'_>,
    ) -> Result<HttpRequest<Full<Bytes>>, Error> {
        let mut path = self.path.fill(arguments, percent)?;
        // A name of dots alone leads elsewhere, however it is encoded.
        if path.split('/').any(|name| name == "." || name == "..") {
            return Err(Error::not_asked());
        }
        if let Some(xroad) = xroad {
            path.insert_str(0, &format!("/r1/{}", XRoad::encoded(xroad.service.get_ref())));
        }
        let query = form(&self.query, arguments)?;
        if !query.is_empty() {
            path.push('?');
            path.push_str(&query);
        }
        let (content_type, body) = match &self.content {
            Content::None => (None, Bytes::new()),
            Content::Json(json) => (
                Some("application/json; charset=utf-8"),
                json.fill(arguments)?.to_string().into(),
            ),
            Content::Form(texts) => (
                Some("application/x-www-form-urlencoded"),
                form(texts, arguments)?.into(),
            ),
        };
        let unasked = || Error::unavailable("the question can't be put into a request");
        let mut request = HttpRequest::new(Full::from(body));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = origin.uri(&path).ok_or_else(unasked)?;
        let headers = request.headers_mut();
        headers.insert(
            ACCEPT,
            HeaderValue::from_static(match self.answer {
                TextForm::Json => "application/json",
                TextForm::Xml => "application/xml, text/xml",
            }),
        );
        if let Some(content_type) = content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        self.headers.fill(arguments, headers)?;
        for (name, json) in &self.json_headers {
            let value = BASE64_STANDARD.encode(json.fill(arguments)?.to_string());
            let mut value = HeaderValue::from_str(&value).map_err(|_| unasked())?;
            value.set_sensitive(true);
            headers.insert(name.clone(), value);
        }
        if let Some(xroad) = xroad {
            let mut add = |name: &'static str, value: &str| {
                let value = HeaderValue::from_str(value).map_err(|_| unasked())?;
                headers.insert(name, value);
                Ok::<_, Error>(())
            };
            add("x-road-client", &XRoad::encoded(xroad.client.get_ref()))?;
            add("x-road-id", arguments.sent_id())?;
            if let Some(user) = &xroad.user {
                add("x-road-userid", user.get_ref())?;
            }
        }
        Ok(request)
    }
}

impl Json {
    fn new(value: &Spanned<Value>, digits: bool, problems: &mut Vec<Problem>) -> Self {
        let mut wanted = Vec::new();
        let json = Self::of(value.get_ref(), digits, &mut wanted);
        let at = |wanted| Problem::at(value.span(), wanted);
        problems.extend(wanted.into_iter().map(at));
        json
    }

    fn of(value: &Value, digits: bool, wanted: &mut Vec<String>) -> Self {
        match value {
            Value::String(text) => match Template::parse(text) {
                Ok(template) => {
                    // What is markup inside a text is not encoded for it.
                    let markup = |text: &str| text.contains(['<', '"', '\\']);
                    let unfit = template.arguments().find(|argument| !argument.is_plain(digits));
                    if let Some(unfit) = unfit
                        && template.literals().any(markup)
                    {
                        wanted.push(format!(
                            "found {} inside markup, wanted what is made of digits and codes there",
                            unfit.field()
                        ));
                    }
                    if template.alone() == Some(&Argument::KeyNumber) {
                        return Self::Number(template);
                    }
                    Self::Text(template)
                }
                Err(error) => {
                    wanted.push(error);
                    Self::Fixed(Value::Null)
                }
            },
            Value::Array(items) => {
                Self::List(items.iter().map(|item| Self::of(item, digits, wanted)).collect())
            }
            Value::Object(members) => {
                let member =
                    |(name, value): (&String, &Value)| (name.clone(), Self::of(value, digits, wanted));
                Self::Object(members.iter().map(member).collect())
            }
            other => Self::Fixed(other.clone()),
        }
    }

    fn takes_key(&self) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Text(template) | Self::Number(template) => template.takes_key(),
            Self::List(items) => items.iter().any(Self::takes_key),
            Self::Object(members) => members.iter().any(|(_, value)| value.takes_key()),
        }
    }

    fn fill(&self, arguments: &Arguments<'_>) -> Result<Value, Error> {
        Ok(match self {
            Self::Fixed(value) => value.clone(),
            Self::Text(template) => Value::String(template.fill(arguments, plain)?),
            Self::Number(template) => {
                let number = template.fill(arguments, plain)?.parse::<u64>();
                // What fits into no such number is nobody's.
                number.map_err(|_| Error::NotFound)?.into()
            }
            Self::List(items) => {
                let items = items.iter().map(|item| item.fill(arguments));
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            Self::Object(members) => {
                let member = |(name, value): &(String, Self)| Ok((name.clone(), value.fill(arguments)?));
                Value::Object(members.iter().map(member).collect::<Result<_, Error>>()?)
            }
        })
    }
}

fn path(text: &Spanned<String>, problems: &mut Vec<Problem>) -> Template {
    let wanted = "wanted a path such as \"/citizens/{key}\", without query and blanks";
    let (template, flaw) = match Template::parse(text.get_ref()) {
        Ok(template) => {
            let plain = |literal: &str| {
                literal
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && !b"?#\\%<>\"".contains(&byte))
            };
            let text = text.get_ref();
            let leads_up = text.split('/').any(|name| name == "." || name == "..");
            let right = text.starts_with('/') && !leads_up && template.literals().all(plain);
            // A path stands in every log on the way.
            let telling = |argument: &&Argument| !argument.is_key() && !argument.is_plain(true);
            let telling = template.arguments().find(telling).map(|argument| {
                format!(
                    "found {} in a path, wanted it in a header, a query or a body",
                    argument.field()
                )
            });
            let flaw = (!right).then(|| wanted.to_owned()).or(telling);
            (template, flaw)
        }
        Err(error) => (Template::empty(), Some(error)),
    };
    if let Some(flaw) = flaw {
        problems.push(Problem::at(text.span(), flaw));
    }
    template
}

/// A query stands in every log on the way: no secret in it.
fn query(
    settings: &BTreeMap<String, Spanned<String>>,
    problems: &mut Vec<Problem>,
) -> Vec<(String, Template)> {
    for text in settings.values() {
        let template = Template::parse(text.get_ref());
        let mut secrets = template.iter().flat_map(Template::arguments);
        if let Some(secret) = secrets.find(|argument| matches!(argument, Argument::Secret(_))) {
            let message = format!(
                "found {} in a query, wanted it in a header or a body",
                secret.field()
            );
            problems.push(Problem::at(text.span(), message));
        }
    }
    texts(settings, problems)
}

fn texts(
    settings: &BTreeMap<String, Spanned<String>>,
    problems: &mut Vec<Problem>,
) -> Vec<(String, Template)> {
    let mut texts = Vec::new();
    for (name, text) in settings {
        match Template::parse(text.get_ref()) {
            Ok(template) => texts.push((name.clone(), template)),
            Err(wanted) => problems.push(Problem::at(text.span(), wanted)),
        }
    }
    texts
}

/// Names and values of a query or a form. Texts of the file are encoded as arguments are.
fn form(texts: &[(String, Template)], arguments: &Arguments<'_>) -> Result<String, Error> {
    let mut out = String::new();
    for (name, template) in texts {
        if !out.is_empty() {
            out.push('&');
        }
        percent(name, &mut out);
        out.push('=');
        percent(&template.fill(arguments, plain)?, &mut out);
    }
    Ok(out)
}
