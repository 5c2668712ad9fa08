//! From a question to a message.

use std::ops::Range;
use std::sync::Arc;

use ::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use ::http::{Method, Request as HttpRequest};
use bytes::Bytes;
use http_body_util::Full;
use roxmltree::{Document, NodeType};
use toml::Spanned;

use super::envelope;
use super::settings::{Request, Settings, Version};
use crate::check::{Problem, Records};
use crate::error::Error;
use crate::http::{Arguments, Asked, Headers, Origin, Proof, Silence, Template, XRoad, asked, xml};
use crate::mapping::Key;
use crate::settings::TextForm;

/// What stands for an argument while a template is looked at.
const PROBE: &str = "e5b9c2probe";

/// One question, ready but for its arguments.
pub(super) struct Question {
    version: Version,
    content_type: HeaderValue,
    action: Option<HeaderValue>,
    headers: Headers,
    header: Option<Template>,
    body: Template,
    /// What an answer without a record means.
    pub(super) silence: Silence,
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
        |request, key, problems| Question::new(settings.version, request, key, problems),
        records,
        span,
        problems,
    )
}

impl Question {
    fn new(version: Version, request: &Request, key: &Key, problems: &mut Vec<Problem>) -> Self {
        let action = request.action.as_ref().and_then(|action| {
            let text = action.get_ref();
            let plain = text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte));
            if !plain {
                problems.push(Problem::at(
                    action.span(),
                    format!("found {text:?}, wanted an action such as \"urn:TraCuu\""),
                ));
            }
            plain.then_some(text.as_str())
        });
        let (content_type, action) = match version {
            Version::V11 => (
                "text/xml; charset=utf-8".to_owned(),
                // The header must be there, and be empty when nothing is meant (SOAP 1.1 §6.1.1).
                Some(format!("\"{}\"", action.unwrap_or_default())),
            ),
            Version::V12 => {
                let action = action.map_or_else(String::new, |action| format!("; action=\"{action}\""));
                (format!("application/soap+xml; charset=utf-8{action}"), None)
            }
        };
        let body = template(&request.body, problems);
        if !body.takes_key() {
            problems.push(Problem::at(request.body.span(), "found no {key} in the body"));
        }
        Self {
            version,
            content_type: value(&content_type),
            action: action.as_deref().map(value),
            headers: Headers::new(&request.headers, key.digits.is_some(), problems),
            header: request.header.as_ref().map(|header| template(header, problems)),
            body,
            silence: Silence::of(TextForm::Xml, Proof::new(request.nothing_when.as_ref(), problems)),
        }
    }

    /// The request of these arguments.
    pub(super) fn fill(
        &self,
        origin: &Origin,
        xroad: Option<&XRoad>,
        arguments: &Arguments<'_>,
    ) -> Result<HttpRequest<Full<Bytes>>, Error> {
        let mut header = xroad.map_or_else(String::new, |xroad| {
            envelope::of_xroad(xroad, arguments.sent_id())
        });
        if let Some(template) = &self.header {
            header.push_str(&template.fill(arguments, xml)?);
        }
        let message = envelope::wrapped(self.version, &header, &self.body.fill(arguments, xml)?);
        let mut request = HttpRequest::new(Full::from(message));
        *request.method_mut() = Method::POST;
        let uri = origin.uri("");
        *request.uri_mut() =
            uri.ok_or_else(|| Error::unavailable("the question can't be put into a request"))?;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, self.content_type.clone());
        if let Some(action) = &self.action {
            headers.insert(HeaderName::from_static("soapaction"), action.clone());
        }
        self.headers.fill(arguments, headers)?;
        Ok(request)
    }
}

/// What was looked at before is always a header's value.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// XML whose places stand in texts and attribute values alone.
fn template(text: &Spanned<String>, problems: &mut Vec<Problem>) -> Template {
    let parsed = Template::parse(text.get_ref());
    let template = match parsed {
        Ok(template) => template,
        Err(wanted) => {
            problems.push(Problem::at(text.span(), wanted));
            return Template::empty();
        }
    };
    let filled = template.filled_with(PROBE);
    if let Some(flaw) = flaw(&filled) {
        problems.push(Problem::at(text.span(), flaw));
    }
    template
}

/// What is wrong with XML in which every place holds [`PROBE`].
fn flaw(filled: &str) -> Option<String> {
    // Around it stands what gives the content one root.
    let whole = format!("<content>{filled}</content>");
    let document = match Document::parse(&whole) {
        Ok(document) => document,
        Err(error) => return Some(format!("found no XML, wanted elements: {error}")),
    };
    if filled.contains("<![CDATA[") {
        return Some("found CDATA, wanted text: an argument in it could end it".to_owned());
    }
    let mut seen = 0;
    for node in document.descendants() {
        match node.node_type() {
            NodeType::Text => seen += node.text().unwrap_or("").matches(PROBE).count(),
            NodeType::Element => {
                let of = |attribute: roxmltree::Attribute<'_, '_>| attribute.value().matches(PROBE).count();
                seen += node.attributes().map(of).sum::<usize>();
            }
            NodeType::Comment | NodeType::PI => {
                return Some("found a comment or an instruction, wanted elements alone".to_owned());
            }
            NodeType::Root => {}
        }
    }
    let inside = document.root_element().children().any(|node| {
        let text = node.text().unwrap_or("");
        node.is_text() && !text.trim().is_empty()
    });
    if inside {
        return Some("found text beside the elements, wanted elements alone".to_owned());
    }
    (seen != filled.matches(PROBE).count())
        .then(|| "found a place in a name or a namespace, wanted it in texts and attribute values".to_owned())
}
