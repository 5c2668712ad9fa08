//! Questions and answers in the languages that are text.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Uri;
use serde_json::{Value, json};

use super::cong_dan;
use super::percent;
use super::rows::{Record, Rows};
use super::shape::Shape;
use super::tree::Tree;

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const POPULATION: &str = "http://www.mic.gov.vn/dancu/1.0";
const TABLES: &str = "urn:lienthong:simulate";

/// A language that is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    Json,
    /// SOAP 1.1.
    Soap,
}

impl Text {
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::Soap => "text/xml; charset=utf-8",
        }
    }
}

/// What is asked: a record by a column.
pub(super) struct Question<'a> {
    pub(super) record: &'a Record,
    pub(super) column: &'a str,
    pub(super) key: String,
    /// All that was told.
    pub(super) given: BTreeMap<String, String>,
}

/// The question of a request; none when it is not one that the adapter file asks.
pub(super) fn question<'a>(
    text: Text,
    shape: Shape,
    rows: &'a Rows,
    uri: &Uri,
    body: &Bytes,
) -> Option<Question<'a>> {
    let given = match (text, shape) {
        (Text::Json, Shape::Tables) => in_query(uri),
        (Text::Json, Shape::CongDan) => in_json(body)?,
        (Text::Soap, _) => in_message(body)?,
    };
    let table = match (text, shape) {
        (Text::Json, Shape::Tables) => Some(uri.path().trim_start_matches('/').to_owned()),
        (Text::Json, Shape::CongDan) => None,
        (Text::Soap, _) => given.get("").cloned(),
    };
    if shape == Shape::CongDan && !cong_dan::is_whole(&given) {
        return None;
    }
    for record in &rows.records {
        if shape == Shape::Tables && table.as_deref() != Some(record.table.as_str()) {
            continue;
        }
        for key in &record.keys {
            if let Some(key_text) = given.get(shape.key_name(&key.column)) {
                return Some(Question {
                    record,
                    column: &key.column,
                    key: key_text.clone(),
                    given,
                });
            }
        }
    }
    None
}

fn in_query(uri: &Uri) -> BTreeMap<String, String> {
    let query = uri.query().unwrap_or_default();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .filter_map(|(name, value)| Some((percent::decoded(name)?, percent::decoded(value)?)))
        .collect()
}

fn in_json(body: &Bytes) -> Option<BTreeMap<String, String>> {
    let Value::Object(members) = serde_json::from_slice(body).ok()? else {
        return None;
    };
    let texts = members
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
    Some(texts.collect())
}

/// Every element of a message with a text of its own, and under `""` the last element that has none: the table.
fn in_message(body: &Bytes) -> Option<BTreeMap<String, String>> {
    let message = std::str::from_utf8(body).ok()?;
    let document = roxmltree::Document::parse(message).ok()?;
    let mut given = BTreeMap::new();
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name().to_owned();
        if node.children().any(|child| child.is_element()) {
            given.insert(String::new(), name);
        } else {
            given.insert(name, node.text().unwrap_or_default().to_owned());
        }
    }
    Some(given)
}

/// An answer that holds this.
pub(super) fn answer(text: Text, shape: Shape, (name, content): (String, Tree), id: &str) -> String {
    match (text, shape) {
        (Text::Json, Shape::CongDan) => json!({ "error_code": "00", name: content.json() }).to_string(),
        (Text::Json, Shape::Tables) => {
            json!({ "error_code": "00", "id": id, "data": { name: content.json() } }).to_string()
        }
        (Text::Soap, Shape::CongDan) => {
            let mut inner = String::new();
            content.write_xml(&name, &mut inner);
            message(&format!(
                "<TraCuuThongTinCongDanResponse xmlns=\"{POPULATION}\">{inner}</TraCuuThongTinCongDanResponse>"
            ))
        }
        (Text::Soap, Shape::Tables) => {
            let mut inner = String::new();
            Tree::text(id).write_xml("id", &mut inner);
            content.write_xml(&name, &mut inner);
            message(&format!(
                "<TraCuuResponse xmlns=\"{TABLES}\">{inner}</TraCuuResponse>"
            ))
        }
    }
}

/// An error that comes with status 200, as the services do it: "the procedure has no licence for it".
pub(super) fn error(text: Text) -> String {
    match text {
        Text::Json => {
            json!({ "error_code": "004", "message": "Thủ tục chưa được cấp phép khai thác" }).to_string()
        }
        Text::Soap => message(
            "<soap:Fault><faultcode>soap:Server</faultcode>\
             <faultstring>Thủ tục chưa được cấp phép khai thác</faultstring>\
             <detail><MaLoi>004</MaLoi></detail></soap:Fault>",
        ),
    }
}

/// A well-formed answer to something else.
pub(super) fn other(text: Text) -> String {
    match text {
        Text::Json => json!({ "error_code": "00", "thoiTiet": { "nhietDo": 31 } }).to_string(),
        Text::Soap => message("<ThoiTietResponse xmlns=\"urn:x\"><nhietDo>31</nhietDo></ThoiTietResponse>"),
    }
}

/// A message of SOAP 1.1 with this in its body.
pub(super) fn message(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <soap:Envelope xmlns:soap=\"{SOAP}\"><soap:Body>{body}</soap:Body></soap:Envelope>"
    )
}
