//! Attacks on a running gateway, with an honest caller beside them.
//!
//! | file | idea |
//! |---|---|
//! | `stage` | what an attacker holds: a certificate, a token, an address of its own |
//! | `flood` | frames as fast as they go, until the gateway ends the connection |
//! | `frames` | what the floods are made of |
//! | `holding` | connections and streams that are held open |
//! | `bodies` | messages that are held open when almost all of them has come |
//! | `connecting` | connections that are opened, and what is said instead of TLS |
//! | `honest` | the honest caller, and how long its answers take |
//! | `trial` | one attack from beginning to end, and what was seen |

mod bodies;
mod connecting;
mod flood;
mod frames;
mod holding;
mod honest;
mod stage;
mod trial;

use std::time::Duration;

pub use honest::Stretch;
pub use stage::{Stage, Times};
pub use trial::{Gates, Seen, Trial};

/// An attack by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "`about` tells each")]
pub enum Attack {
    RapidReset,
    WindowOverflow,
    WindowZero,
    TooMuchContent,
    HeadersAfterEnd,
    DataAfterEnd,
    PriorityLength,
    PrioritySelf,
    Continuation,
    EmptyContinuation,
    HpackBomb,
    HeaderList,
    Ping,
    Settings,
    Priority,
    WindowUpdates,
    EmptyData,
    TinyData,
    UnknownFrames,
    RefusedStreams,
    TinyWindow,
    ZeroWindow,
    NeverReads,
    EndlessStreams,
    SlowBody,
    LargeBodies,
    SlowHandshake,
    SlowPreface,
    Idle,
    Connections,
    Garbage,
    NoAlpn,
    Nobody,
}

/// How the flood ended.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// The longest time from the first hostile byte of a connection to its end, or, where a time is
    /// allowed, from the end of that time; none when one was never ended.
    pub after: Option<Duration>,
    /// How the gateway ended it, as the attacker saw it.
    pub how: String,
    /// Connections that the attack used.
    pub connections: usize,
    /// Hostile frames, streams or connections in all.
    pub sent: u64,
}

impl Attack {
    /// All of them.
    pub const ALL: [Self; 33] = [
        Self::RapidReset,
        Self::WindowOverflow,
        Self::WindowZero,
        Self::TooMuchContent,
        Self::HeadersAfterEnd,
        Self::DataAfterEnd,
        Self::PriorityLength,
        Self::PrioritySelf,
        Self::Continuation,
        Self::EmptyContinuation,
        Self::HpackBomb,
        Self::HeaderList,
        Self::Ping,
        Self::Settings,
        Self::Priority,
        Self::WindowUpdates,
        Self::EmptyData,
        Self::TinyData,
        Self::UnknownFrames,
        Self::RefusedStreams,
        Self::TinyWindow,
        Self::ZeroWindow,
        Self::NeverReads,
        Self::EndlessStreams,
        Self::SlowBody,
        Self::LargeBodies,
        Self::SlowHandshake,
        Self::SlowPreface,
        Self::Idle,
        Self::Connections,
        Self::Garbage,
        Self::NoAlpn,
        Self::Nobody,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RapidReset => "rapid-reset",
            Self::WindowOverflow => "reset-by-window-overflow",
            Self::WindowZero => "reset-by-window-zero",
            Self::TooMuchContent => "reset-by-content-length",
            Self::HeadersAfterEnd => "reset-by-headers-after-end",
            Self::DataAfterEnd => "reset-by-data-after-end",
            Self::PriorityLength => "reset-by-priority-length",
            Self::PrioritySelf => "reset-by-priority-self",
            Self::Continuation => "continuation",
            Self::EmptyContinuation => "continuation-empty",
            Self::HpackBomb => "hpack-bomb",
            Self::HeaderList => "header-list",
            Self::Ping => "ping",
            Self::Settings => "settings",
            Self::Priority => "priority",
            Self::WindowUpdates => "window-updates",
            Self::EmptyData => "data-empty",
            Self::TinyData => "data-tiny",
            Self::UnknownFrames => "unknown-frames",
            Self::RefusedStreams => "refused-streams",
            Self::TinyWindow => "window-tiny",
            Self::ZeroWindow => "window-zero",
            Self::NeverReads => "never-reads",
            Self::EndlessStreams => "streams-without-end",
            Self::SlowBody => "slow-body",
            Self::LargeBodies => "large-bodies-held",
            Self::SlowHandshake => "slow-handshake",
            Self::SlowPreface => "slow-preface",
            Self::Idle => "idle-connections",
            Self::Connections => "connection-flood",
            Self::Garbage => "garbage",
            Self::NoAlpn => "no-alpn",
            Self::Nobody => "nobody",
        }
    }

    /// What it does.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::RapidReset => "whole calls, each cancelled at once (CVE-2023-44487)",
            Self::WindowOverflow => "calls whose stream window is overflowed (CVE-2025-8671)",
            Self::WindowZero => "calls with a window update of 0 (CVE-2025-8671)",
            Self::TooMuchContent => "calls with more data than their content-length (CVE-2025-8671)",
            Self::HeadersAfterEnd => "headers on a stream that has ended (CVE-2025-8671)",
            Self::DataAfterEnd => "data on a stream that has ended (CVE-2025-8671)",
            Self::PriorityLength => "calls with a PRIORITY of 4 bytes (CVE-2025-8671)",
            Self::PrioritySelf => "calls whose PRIORITY depends on itself (CVE-2025-8671)",
            Self::Continuation => "a header block without end (CVE-2024-27316)",
            Self::EmptyContinuation => "empty CONTINUATION frames without end",
            Self::HpackBomb => "16,000 references to one table entry of 4 KB, a call (CVE-2016-6581)",
            Self::HeaderList => "header lists of 64 KiB",
            Self::Ping => "PING frames without end (CVE-2019-9512)",
            Self::Settings => "SETTINGS frames without end (CVE-2019-9515)",
            Self::Priority => "PRIORITY frames without end (CVE-2019-9513)",
            Self::WindowUpdates => "WINDOW_UPDATE frames of 1 byte without end",
            Self::EmptyData => "DATA frames of 0 bytes without end (CVE-2019-9518)",
            Self::TinyData => "DATA frames of 1 byte without end",
            Self::UnknownFrames => "frames of a type that nobody knows, without end",
            Self::RefusedStreams => "streams far above the number that is allowed",
            Self::TinyWindow => "calls whose answers may leave byte by byte (CVE-2019-9511)",
            Self::ZeroWindow => "calls whose answers may not leave (CVE-2019-9517)",
            Self::NeverReads => "calls whose answers are never read from the socket",
            Self::EndlessStreams => "calls that are opened and never ended",
            Self::SlowBody => "calls whose message comes byte by byte",
            Self::LargeBodies => "calls whose message of 1 MiB comes but for its last byte",
            Self::SlowHandshake => "handshakes whose bytes come one by one",
            Self::SlowPreface => "HTTP/2 prefaces whose bytes come one by one",
            Self::Idle => "connections that ask nothing",
            Self::Connections => "connections from one address as fast as they go",
            Self::Garbage => "random bytes and plain text instead of TLS",
            Self::NoAlpn => "handshakes that do not ask for h2",
            Self::Nobody => "no attack: how much the machine itself changes from one stretch to the next",
        }
    }

    /// The attack of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|attack| attack.name() == name)
    }

    /// Plays it for about as long as asked.
    async fn play(self, stage: &Stage, length: Duration) -> Ended {
        match self {
            Self::TinyWindow => holding::window(stage, 1).await,
            Self::ZeroWindow => holding::window(stage, 0).await,
            Self::NeverReads => holding::never_reads(stage).await,
            Self::EndlessStreams => holding::endless_streams(stage).await,
            Self::SlowBody => holding::slow_body(stage).await,
            Self::LargeBodies => bodies::held(stage).await,
            Self::SlowHandshake => connecting::slow_handshake(stage).await,
            Self::SlowPreface => holding::slow_preface(stage).await,
            Self::Idle => holding::idle(stage).await,
            Self::Connections => connecting::flood(stage, length).await,
            Self::Garbage => connecting::garbage(stage, length).await,
            Self::NoAlpn => connecting::no_alpn(stage, length).await,
            Self::Nobody => {
                tokio::time::sleep(length).await;
                Ended {
                    after: Some(Duration::ZERO),
                    ..Ended::default()
                }
            }
            _ => flood::play(stage, self, length).await,
        }
    }
}
