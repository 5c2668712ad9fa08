//! From a question to a request of HTTP.

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
use crate::http::{Arguments, Asked, Headers, Origin, Template, XRoad, asked, check_name, percent, plain};
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
            query: texts(&request.query, problems),
            headers: Headers::new(&request.headers, digits, problems),
            json_headers,
            content,
            answer: request.answer,
        };
        if !question.takes_key(request) {
            problems.push(Problem::at(request.path.span(), "found no {key} in the request"));
        }
        question
    }

    fn takes_key(&self, request: &Request) -> bool {
        let texts = |texts: &[(String, Template)]| texts.iter().any(|(_, text)| text.takes_key());
        self.path.takes_key()
            || texts(&self.query)
            || request
                .headers
                .values()
                .any(|text| text.get_ref().contains("{key}"))
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
        arguments: Arguments<'_>,
    ) -> Result<HttpRequest<Full<Bytes>>, Error> {
        let mut path = self.path.fill(arguments, percent);
        // A name of dots alone leads elsewhere, however it is encoded: it is nobody's.
        if path.split('/').any(|name| name == "." || name == "..") {
            return Err(Error::NotFound);
        }
        if let Some(xroad) = xroad {
            path.insert_str(0, &format!("/r1/{}", XRoad::encoded(xroad.service.get_ref())));
        }
        let query = form(&self.query, arguments);
        if !query.is_empty() {
            path.push('?');
            path.push_str(&query);
        }
        let (content_type, body) = match &self.content {
            Content::None => (None, Bytes::new()),
            Content::Json(json) => (
                Some("application/json; charset=utf-8"),
                json.fill(arguments).to_string().into(),
            ),
            Content::Form(texts) => (
                Some("application/x-www-form-urlencoded"),
                form(texts, arguments).into(),
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
            let value = BASE64_STANDARD.encode(json.fill(arguments).to_string());
            headers.insert(
                name.clone(),
                HeaderValue::from_str(&value).map_err(|_| unasked())?,
            );
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
                    if template.takes_key() && !digits && template.literals().any(markup) {
                        wanted.push(
                            "found {key} inside markup, wanted it there only for an identifier with digits = …"
                                .to_owned(),
                        );
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
            Self::Text(template) => template.takes_key(),
            Self::List(items) => items.iter().any(Self::takes_key),
            Self::Object(members) => members.iter().any(|(_, value)| value.takes_key()),
        }
    }

    fn fill(&self, arguments: Arguments<'_>) -> Value {
        match self {
            Self::Fixed(value) => value.clone(),
            Self::Text(template) => Value::String(template.fill(arguments, plain)),
            Self::List(items) => items.iter().map(|item| item.fill(arguments)).collect(),
            Self::Object(members) => {
                let member = |(name, value): &(String, Self)| (name.clone(), value.fill(arguments));
                Value::Object(members.iter().map(member).collect())
            }
        }
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
            (template, (!right).then(|| wanted.to_owned()))
        }
        Err(error) => (Template::empty(), Some(error)),
    };
    if let Some(flaw) = flaw {
        problems.push(Problem::at(text.span(), flaw));
    }
    template
}

fn texts(
    settings: &std::collections::BTreeMap<String, Spanned<String>>,
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
fn form(texts: &[(String, Template)], arguments: Arguments<'_>) -> String {
    let mut out = String::new();
    for (name, template) in texts {
        if !out.is_empty() {
            out.push('&');
        }
        percent(name, &mut out);
        out.push('=');
        percent(&template.fill(arguments, plain), &mut out);
    }
    out
}
