//! The registry's file that an operator uses against a simulated registry.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use super::language::Text;
use super::rows::Record;
use super::secured::Files;
use super::shape::Shape;
use super::{Kind, cong_dan, grpc};

/// What an adapter file says of the server.
pub(super) struct Server {
    pub(super) url: String,
    /// Authority, and where the server wants one, certificate and key of the asker.
    pub(super) tls: Option<Files>,
    /// The file of the schema, for gRPC.
    pub(super) schema: String,
}

/// The file. `embedded` is the registry's file of kind `embedded`, whose titles and mapping it keeps.
pub(super) fn written(
    kind: Kind,
    shape: Shape,
    records: &[Record],
    embedded: &str,
    server: &Server,
) -> Result<String> {
    let connection = connection(kind, shape, records, server);
    let text = match shape {
        Shape::CongDan => {
            let titles = embedded.lines().filter(|line| line.starts_with("title_"));
            let titles = titles.collect::<Vec<_>>().join("\n");
            let mapping = cong_dan::MAPPING.replace("{collection}", collection(kind));
            format!("{titles}\nkind = \"{}\"\n\n{connection}\n{mapping}", kind.word())
        }
        Shape::Tables => rewritten(embedded, kind, &connection),
    };
    let head = "# Against a simulated registry, made by `lienthong simulate`.\n\n";
    let text = format!("{head}{text}");
    toml::from_str::<adapters::RegistrySettings>(&text)
        .with_context(|| "the registry's file is written in a way that can't be simulated")?;
    Ok(text)
}

/// Where citizens stand in an answer, and beside them what is said of all of them.
fn collection(kind: Kind) -> &'static str {
    match kind {
        Kind::Rest | Kind::Grpc => "CongdanCollection",
        Kind::Soap => "TraCuuThongTinCongDanResponse.CongdanCollection",
    }
}

/// Where the record stands in an answer.
fn before_table(kind: Kind) -> &'static str {
    match kind {
        Kind::Rest => "data.",
        Kind::Soap => "TraCuuResponse.",
        Kind::Grpc => "",
    }
}

fn connection(kind: Kind, shape: Shape, records: &[Record], server: &Server) -> String {
    let mut out = String::new();
    let transaction = match (kind, shape) {
        (Kind::Rest | Kind::Soap, Shape::CongDan) => &format!("{}.id", collection(kind)),
        (Kind::Rest, Shape::Tables) | (Kind::Grpc, _) => "id",
        (Kind::Soap, Shape::Tables) => "TraCuuResponse.id",
    };
    if kind == Kind::Grpc {
        let _ = write!(
            out,
            "[connection]\ndescriptors = [{}]\n\n",
            quoted(server.schema.as_ref())
        );
    }
    if kind == Kind::Soap {
        out.push_str("[connection]\nversion = \"1.1\"\nfault_code = \"detail.MaLoi\"\nfaults = { \"004\" = \"refused\" }\n\n");
    }
    let _ = write!(out, "[connection.server]\nurl = \"{}\"\n", server.url);
    match &server.tls {
        None => out.push_str("plaintext = true\n"),
        Some((ca, own)) => {
            let _ = writeln!(out, "ca = {}", quoted(ca));
            if let Some((certificate, key)) = own {
                let _ = writeln!(
                    out,
                    "certificate = {}\nkey = {}",
                    quoted(certificate),
                    quoted(key)
                );
            }
        }
    }
    let _ = write!(out, "\n[connection.answers]\ntransaction = \"{transaction}\"\n");
    if kind == Kind::Grpc {
        out.push_str("statuses = { NOT_FOUND = \"not_found\" }\nwords = { \"004\" = \"refused\" }\n");
    }
    if kind == Kind::Rest {
        out.push_str("code = \"error_code\"\nok = [\"00\"]\nwords = { \"004\" = \"refused\", \"99\" = \"unavailable\" }\n");
    }
    for record in records {
        let Some(language) = kind.text() else {
            out.push_str(&grpc::requests(record));
            continue;
        };
        for key in &record.keys {
            let _ = write!(
                out,
                "\n[[connection.requests]]\nrecord = \"{}\"\nkey = \"{}\"\n",
                record.name, key.field
            );
            out.push_str(&request(language, shape, record, &key.column));
            if shape == Shape::CongDan {
                let count = format!("{}.SoCongDan", collection(kind));
                let _ = writeln!(out, "nothing_when = {{ path = \"{count}\", equals = \"0\" }}");
            }
        }
    }
    out
}

fn request(language: Text, shape: Shape, record: &Record, column: &str) -> String {
    let name = shape.key_name(column);
    match (language, shape) {
        (Text::Json, Shape::CongDan) => format!(
            "method = \"POST\"\npath = \"/dan-cu/tra-cuu\"\n\n[connection.requests.body]\n{}",
            cong_dan::ASKED
                .iter()
                .map(|(element, told)| format!("{element} = \"{told}\"\n"))
                .collect::<String>()
                .replace("{number}", name)
        ),
        (Text::Json, Shape::Tables) => format!(
            "path = \"/{}\"\nquery = {{ {name} = \"{{key}}\" }}\nheaders = {{ \"X-Request-Id\" = \"{{request_id}}\" }}\n",
            record.table
        ),
        (Text::Soap, Shape::CongDan) => format!(
            "action = \"urn:TraCuuThongTinCongDan\"\nbody = \"\"\"\n<d:TraCuuThongTinCongDan xmlns:d=\"http://dancuquocgia.bca\">\n{}</d:TraCuuThongTinCongDan>\"\"\"\n",
            cong_dan::ASKED
                .iter()
                .map(|(element, told)| format!("  <d:{element}>{told}</d:{element}>\n"))
                .collect::<String>()
                .replace("{number}", name)
        ),
        (Text::Soap, Shape::Tables) => {
            let table = &record.table;
            format!(
                "action = \"urn:TraCuu\"\nbody = \"\"\"\n<t:TraCuu xmlns:t=\"urn:lienthong:simulate\">\n  <t:MaYeuCau>{{request_id}}</t:MaYeuCau>\n  <t:{table}><t:{name}>{{key}}</t:{name}></t:{table}>\n</t:TraCuu>\"\"\"\n"
            )
        }
    }
}

/// The file with another kind and connection; of the mapping only the way to records and lists changes.
fn rewritten(embedded: &str, kind: Kind, connection: &str) -> String {
    let mut out = String::new();
    let (mut section, mut connected) = (Section::Head, false);
    for line in embedded.lines() {
        let trimmed = line.trim_start();
        if trimmed.starts_with('[') {
            section = Section::of(trimmed);
            // Before the first section: what follows one belongs to it.
            if !std::mem::replace(&mut connected, true) {
                let _ = writeln!(out, "{connection}");
            }
        }
        let value = |name: &str| {
            let rest = trimmed.strip_prefix(name)?.trim_start().strip_prefix('=')?;
            Some(rest.trim().trim_start_matches('"'))
        };
        match section {
            Section::Connection => continue,
            Section::Head if value("kind").is_some() => {
                let _ = writeln!(out, "kind = \"{}\"", kind.word());
                continue;
            }
            Section::Head if value("connection").is_some() => continue,
            Section::Record => {
                if let Some(table) = value("from") {
                    let _ = writeln!(out, "from = \"{}{table}", before_table(kind));
                    continue;
                }
            }
            Section::List => {
                if let Some(table) = value("from") {
                    let _ = writeln!(out, "from = \"ds_{table}");
                    continue;
                }
                if value("key").is_some() {
                    continue;
                }
            }
            Section::Head | Section::Other => {}
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// Sections of a registry's file that are not kept as they are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    /// Before the first section.
    Head,
    Connection,
    /// `[records."…"]`
    Record,
    /// `[records."…".lists.…]`
    List,
    Other,
}

impl Section {
    fn of(line: &str) -> Self {
        let name = line.trim_start_matches('[').split(']').next().unwrap_or("");
        if name.starts_with("connection") || name.starts_with("routes") {
            return Self::Connection;
        }
        let Some(rest) = name
            .strip_prefix("records.\"")
            .and_then(|rest| rest.split_once('"'))
        else {
            return Self::Other;
        };
        match rest.1.split('.').collect::<Vec<_>>().as_slice() {
            [""] => Self::Record,
            ["", "lists", _] => Self::List,
            _ => Self::Other,
        }
    }
}

/// A path as a text of TOML.
fn quoted(path: &std::path::Path) -> String {
    toml::Value::String(path.display().to_string()).to_string()
}
