//! What stands around a message's content.

use crate::error::Error;
use crate::http::{XRoad, xml};
use crate::tree::{Node, Path};

use super::settings::Version;

const XROAD: &str = "http://x-road.eu/xsd/xroad.xsd";
const XROAD_IDENTIFIERS: &str = "http://x-road.eu/xsd/identifiers";

impl Version {
    pub(super) fn namespace(self) -> &'static str {
        match self {
            Self::V11 => "http://schemas.xmlsoap.org/soap/envelope/",
            Self::V12 => "http://www.w3.org/2003/05/soap-envelope",
        }
    }
}

/// A message with this content.
pub(super) fn wrapped(version: Version, header: &str, body: &str) -> String {
    let namespace = version.namespace();
    let header = if header.is_empty() {
        String::new()
    } else {
        format!("<soap:Header>{header}</soap:Header>")
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <soap:Envelope xmlns:soap=\"{namespace}\">{header}<soap:Body>{body}</soap:Body></soap:Envelope>"
    )
}

/// Header and body of an answer. No other document is an answer.
pub(super) fn opened(answer: Node) -> Result<(Node, Node), Error> {
    let foreign = || Error::garbled("the answer is no SOAP message");
    let Node::Fields(root) = answer else {
        return Err(foreign());
    };
    let mut parts = match root.into_iter().next() {
        Some((name, Node::Fields(parts))) if &*name == "Envelope" => parts,
        _ => return Err(foreign()),
    };
    let mut take = |name: &str| {
        let at = parts.iter().position(|(given, _)| &**given == name)?;
        Some(parts.swap_remove(at).1)
    };
    let body = take("Body").filter(|body| matches!(body, Node::Fields(_)));
    let header = take("Header").unwrap_or(Node::Absent);
    Ok((header, body.ok_or_else(foreign)?))
}

/// The header elements of X-Road's message protocol 4.0.
pub(super) fn of_xroad(xroad: &XRoad, request_id: &str) -> String {
    let client: Vec<_> = xroad.client.get_ref().split('/').collect();
    let service: Vec<_> = xroad.service.get_ref().split('/').collect();
    let kind = if client.len() == 4 { "SUBSYSTEM" } else { "MEMBER" };
    let names = ["xRoadInstance", "memberClass", "memberCode", "subsystemCode"];
    let client = identifier("client", kind, &names, &client);
    // A service of a member without a subsystem has four parts: none is the subsystem's.
    let of_member = ["xRoadInstance", "memberClass", "memberCode", "serviceCode"];
    let of_subsystem = [
        "xRoadInstance",
        "memberClass",
        "memberCode",
        "subsystemCode",
        "serviceCode",
        "serviceVersion",
    ];
    let names: &[_] = if service.len() == 4 {
        &of_member
    } else {
        &of_subsystem
    };
    let service = identifier("service", "SERVICE", names, &service);
    let mut rest = element("id", request_id);
    if let Some(user) = &xroad.user {
        rest.push_str(&element("userId", user.get_ref()));
    }
    rest.push_str(&element("protocolVersion", "4.0"));
    format!("{client}{service}{rest}")
}

fn identifier(name: &str, kind: &str, names: &[&str], parts: &[&str]) -> String {
    let mut inner = String::new();
    for (name, part) in names.iter().zip(parts) {
        inner.push_str(&format!("<iden:{name}>"));
        xml(part, &mut inner);
        inner.push_str(&format!("</iden:{name}>"));
    }
    format!(
        "<xro:{name} xmlns:xro=\"{XROAD}\" xmlns:iden=\"{XROAD_IDENTIFIERS}\" iden:objectType=\"{kind}\">\
         {inner}</xro:{name}>"
    )
}

fn element(name: &str, text: &str) -> String {
    let mut out = format!("<xro:{name} xmlns:xro=\"{XROAD}\">");
    xml(text, &mut out);
    out.push_str(&format!("</xro:{name}>"));
    out
}

/// Whether an answer is to the question with this id.
pub(super) fn answers(header: &Node, request_id: &str) -> bool {
    let path = Path::parse("id");
    let id = path.ok().and_then(|path| path.one(header).ok()?.text());
    id.is_some_and(|id| id.trim() == request_id)
}
