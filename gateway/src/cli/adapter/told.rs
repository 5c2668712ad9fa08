//! What a probe tells beside the record: the raw answer, warnings, and where the time went.

use std::io::{self, Write};
use std::time::Duration;

use adapters::trace::{Probe, Raw, Remarked};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::opened::Answer;

/// What an operator should look into.
pub(super) fn warnings(probe: &Probe) -> Vec<String> {
    let remarks = probe.remarks.iter();
    let serious = remarks.filter(|remark| remark.what != Remarked::Nothing);
    serious.map(ToString::to_string).collect()
}

/// Fields for which the answer holds nothing, with where it was looked for. Often nothing is wrong with that; a path
/// that matches in no answer is written wrongly.
pub(super) fn nothing_at(probe: &Probe) -> Vec<String> {
    let remarks = probe.remarks.iter();
    let nothing = remarks.filter(|remark| remark.what == Remarked::Nothing);
    let mut told: Vec<_> = nothing
        .map(|remark| format!("{} ({})", remark.field, remark.from))
        .collect();
    // Every item of a list says the same.
    let mut seen = std::collections::HashSet::new();
    told.retain(|one| seen.insert(one.clone()));
    told
}

/// Where the time went, in microseconds: the rest is waiting for a place and failed tries.
pub(super) fn times(answer: &Answer) -> Value {
    let micros =
        |time: Option<Duration>| time.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    json!({
        "exchange_micros": micros(answer.probe.exchange),
        "mapping_micros": micros(answer.probe.mapping),
    })
}

/// The same for people.
pub(super) fn split(answer: &Answer) -> String {
    let part = |name: &str, time: Option<Duration>| {
        time.map(|time| format!("{name} {:.1}", time.as_secs_f64() * 1_000.0))
    };
    let parts = [
        part("exchange", answer.probe.exchange),
        part("mapping", answer.probe.mapping),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    match parts.as_slice() {
        [] => String::new(),
        parts => format!(" ({})", parts.join(", ")),
    }
}

/// The raw answer for machines: as text, or as base64 where it is none.
pub(super) fn raw(probe: &Probe) -> Value {
    let Some(raw) = &probe.raw else { return Value::Null };
    let mut told = json!({ "head": raw.head, "bytes": raw.size });
    match text(raw) {
        Some(text) => told["text"] = text.into(),
        None => told["base64"] = STANDARD.encode(&raw.body).into(),
    }
    told
}

/// The raw answer for people. What would steer a terminal is shown as a dot.
pub(super) fn show_raw(probe: &Probe, out: &mut impl Write) -> io::Result<()> {
    let Some(raw) = &probe.raw else {
        return writeln!(out, "no answer was received");
    };
    for line in &raw.head {
        writeln!(out, "< {}", harmless(line))?;
    }
    match text(raw) {
        Some(text) => writeln!(out, "{}", harmless(text.trim_end()))?,
        None => writeln!(out, "{}", STANDARD.encode(&raw.body))?,
    }
    if raw.body.len() < raw.size {
        writeln!(out, "… {} bytes in all", raw.size)?;
    }
    Ok(())
}

/// The body, when it is text; a last character that the bound cut in two is left out.
fn text(raw: &Raw) -> Option<&str> {
    match std::str::from_utf8(&raw.body) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() && raw.body.len() < raw.size => {
            std::str::from_utf8(raw.body.get(..error.valid_up_to())?).ok()
        }
        Err(_) => None,
    }
}

fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && !matches!(c, '\n' | '\t') {
                '·'
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_answer_is_text_or_base64_and_steers_no_terminal() {
        let probe = |body: &[u8], size| Probe {
            raw: Some(Raw {
                head: vec!["HTTP 200".to_owned()],
                body: body.to_vec(),
                size,
            }),
            ..Probe::default()
        };
        let shown = |probe: &Probe| {
            let mut out = Vec::new();
            show_raw(probe, &mut out).expect("memory");
            String::from_utf8(out).expect("text")
        };
        assert_eq!(raw(&probe(b"\xff\xfe", 2))["base64"], "//4=");
        let cut = probe(&"Bình".as_bytes()[..2], 9);
        assert_eq!(raw(&cut)["text"], "B");
        assert_eq!(shown(&cut), "< HTTP 200\nB\n… 9 bytes in all\n");
        assert_eq!(shown(&probe(b"a\x1b[2J", 5)), "< HTTP 200\na·[2J\n");
    }
}
