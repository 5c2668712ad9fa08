//! The faults, and the answer words that are right for each.

/// One fault of a registry of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// The kind of the registry.
    pub kind: &'static str,
    /// The fault, as `lienthong simulate` takes it.
    pub fault: &'static str,
    /// The words that an answer may have.
    pub wanted: &'static [&'static str],
}

/// The kinds that are tried.
pub const KINDS: [&str; 3] = ["rest", "soap", "grpc"];

const FOUND: &[&str] = &["OK"];
const GONE: &[&str] = &["UPSTREAM_UNAVAILABLE"];
const UNREADABLE: &[&str] = &["UPSTREAM_GARBLED"];
/// No HTTP may be a broken connection or a broken answer.
const NO_HTTP: &[&str] = &["UPSTREAM_UNAVAILABLE", "UPSTREAM_GARBLED"];

/// Faults of every kind.
const ALL: [(&str, &[&str]); 26] = [
    ("latency:200ms", FOUND),
    ("hang", GONE),
    ("mute", GONE),
    ("reset", GONE),
    ("wrong-certificate", GONE),
    ("no-tls", GONE),
    ("garbage", NO_HTTP),
    ("endless-head", NO_HTTP),
    ("drip", GONE),
    ("cut", GONE),
    // 10 GiB.
    ("oversize", UNREADABLE),
    ("endless", UNREADABLE),
    ("gzip-bomb", UNREADABLE),
    ("encoding", UNREADABLE),
    ("binary", UNREADABLE),
    ("truncated", UNREADABLE),
    ("empty", UNREADABLE),
    ("page", UNREADABLE),
    ("redirect", GONE),
    ("status:503", GONE),
    ("fault", &["UPSTREAM_REFUSED"]),
    ("other-message", UNREADABLE),
    ("wrong-subject", UNREADABLE),
    ("several", &["SEVERAL"]),
    ("deep", UNREADABLE),
    ("wide", UNREADABLE),
];

/// Faults of text.
const TEXT: [(&str, &[&str]); 2] = [("entities", UNREADABLE), ("external-entity", UNREADABLE)];

/// Faults of gRPC.
const GRPC: [(&str, &[&str]); 4] = [
    ("code:14", GONE),
    ("code:15", UNREADABLE),
    ("no-code", GONE),
    ("twice", UNREADABLE),
];

/// The faults of a kind.
#[must_use]
pub fn cases(kind: &'static str) -> Vec<Case> {
    let own: &[_] = if kind == "grpc" { &GRPC } else { &TEXT };
    let of_kind = |(fault, wanted): &(&'static str, &'static [&'static str])| Case { kind, fault, wanted };
    ALL.iter().chain(own).map(of_kind).collect()
}
