//! The parser's words in ours: what was found, what was wanted, and the nearest valid name.

use crate::settings::{day, nearest};

/// A mistake in the form of the file.
pub(super) fn syntax(message: &str) -> String {
    one_line(&message.replacen(", expected ", ", wanted ", 1))
}

/// A mistake in what the file means: the reader's words, which serde fixes, in ours.
pub(super) fn meaning(message: &str) -> String {
    let said = if let Some(rest) = message.strip_prefix("unknown field ") {
        choice(rest).map(|(found, valid)| format!("unknown key: {}", nearest::one_of(found, valid)))
    } else if let Some(rest) = message.strip_prefix("unknown variant ") {
        choice(rest).map(|(found, valid)| nearest::one_of(found, valid))
    } else if let Some(key) = missing_key(message) {
        Some(format!("missing key {key:?}"))
    } else if message == "wanted string or table" {
        Some("wanted a word in quotation marks".to_owned())
    } else {
        ["invalid type: ", "invalid value: ", "invalid length "]
            .into_iter()
            .find_map(|prefix| message.strip_prefix(prefix))
            .and_then(|rest| rest.split_once(", expected "))
            .map(|(found, wanted)| {
                format!(
                    "found {}, wanted {}",
                    found_plainly(found),
                    wanted_plainly(wanted)
                )
            })
    };
    one_line(&said.unwrap_or_else(|| message.to_owned()))
}

/// The key of `missing field`.
pub(super) fn missing_key(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.strip_suffix('`')
}

/// The first valid word of `unknown variant`.
pub(super) fn first_variant(message: &str) -> Option<&str> {
    choice(message.strip_prefix("unknown variant ")?)?
        .1
        .into_iter()
        .next()
}

/// The found and the valid words of "`x`, expected one of `a`, `b`". A found word may hold backticks.
fn choice(text: &str) -> Option<(&str, Vec<&str>)> {
    let (found, valid) = text.rsplit_once("`, ").and_then(|_| {
        text.split_once("`, expected ")
            .or_else(|| text.split_once("`, there are no "))
    })?;
    let valid = valid.split('`').skip(1).step_by(2).collect();
    Some((found.strip_prefix('`')?, valid))
}

/// What was found: the value itself where there is one.
fn found_plainly(found: &str) -> &str {
    for kind in ["string ", "integer ", "floating point ", "boolean ", "character "] {
        if let Some(value) = found.strip_prefix(kind) {
            return value.trim_matches('`');
        }
    }
    match found {
        "map" => "a table",
        "sequence" => "an array",
        other => other,
    }
}

/// What was wanted, in the words of TOML and not of Rust.
fn wanted_plainly(wanted: &str) -> &str {
    match wanted {
        "a sequence" => "an array",
        "a map" => "a table",
        "a string" | "path string" => "a text in quotation marks",
        "a boolean" => "true or false",
        "a TOML datetime" => day::WANTED,
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more and not too large",
        other if other.starts_with("struct ") => "a table",
        other => other,
    }
}

fn one_line(message: &str) -> String {
    message
        .replace(|character: char| character.is_control(), " ")
        .trim_end()
        .to_owned()
}
