//! What a simulated registry can do wrong.

mod read;

use std::time::Duration;

pub use read::NoFault;

use super::Kind;

/// One way to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answers well, but so much later.
    Latency(Duration),
    /// Takes the question and never answers.
    Hang,
    /// Takes the connection and says nothing, not even in TLS.
    Mute,
    /// Resets the connection at once.
    Reset,
    /// Shows a certificate of an authority that nobody knows.
    WrongCertificate,
    /// Speaks no TLS where TLS is spoken.
    NoTls,
    /// Says what is no HTTP.
    Garbage,
    /// Sends headers without end.
    EndlessHead,
    /// Begins an answer and goes on with one byte a second.
    Drip,
    /// Breaks the connection off in the middle of an answer.
    Cut,
    /// Announces an answer of so many bytes and sends them.
    Oversize(u64),
    /// Answers without end.
    Endless,
    /// A small answer that unfolds to 64 MiB.
    GzipBomb,
    /// An answer in a content encoding that nobody asked for.
    Encoding,
    /// Bytes that are no text.
    Binary,
    /// Half of the answer's text, as if it were whole.
    Truncated,
    /// No text at all.
    Empty,
    /// A page for people, with status 200.
    Page,
    /// Another address.
    Redirect,
    /// Another status of HTTP, and no answer.
    Status(u16),
    /// Another code of gRPC, and no answer.
    Code(u8),
    /// An answer without a code at its end (gRPC).
    NoCode,
    /// Two messages where one is wanted (gRPC).
    Twice,
    /// An error in the service's own words: with status 200, in gRPC as the reason of an `ErrorInfo`.
    Fault,
    /// A well-formed answer to something else.
    OtherMessage,
    /// The record of another subject.
    WrongSubject,
    /// The same record twice.
    Several,
    /// Nested 100,000 deep.
    Deep,
    /// 60,000 values.
    Wide,
    /// Entities of entities of entities (XML).
    Entities,
    /// An entity that is a file of the asker's machine (XML).
    ExternalEntity,
}

/// What [`Fault::Oversize`] sends where nothing is said: 10 GiB.
const TEN_GIB: u64 = 10 << 30;

/// Every kind: its word, what may stand behind the colon, and what it does.
pub const KINDS: [(&str, &str, &str); 31] = [
    ("latency", "1s", "answers well, so much later"),
    ("hang", "", "takes the question and never answers"),
    ("mute", "", "takes the connection and says nothing"),
    ("reset", "", "resets the connection"),
    (
        "wrong-certificate",
        "",
        "has a certificate of an unknown authority",
    ),
    ("no-tls", "", "speaks no TLS where TLS is spoken"),
    ("garbage", "", "says what is no HTTP"),
    ("endless-head", "", "sends headers without end"),
    ("drip", "", "goes on with one byte a second"),
    ("cut", "", "breaks off in the middle"),
    ("oversize", "10 GiB", "announces and sends so many bytes"),
    ("endless", "", "answers without end"),
    ("gzip-bomb", "", "unfolds to 64 MiB"),
    ("encoding", "", "has a content encoding that nobody asked for"),
    ("binary", "", "bytes that are no text"),
    ("truncated", "", "half of the answer's text"),
    ("empty", "", "no text at all"),
    ("page", "", "a page for people"),
    ("redirect", "", "another address"),
    ("status", "503", "another status of HTTP"),
    ("code", "14", "another code of gRPC"),
    ("no-code", "", "an answer without a code at its end (gRPC)"),
    ("twice", "", "two messages where one is wanted (gRPC)"),
    ("fault", "", "an error in the service's own words"),
    ("other-message", "", "a well-formed answer to something else"),
    ("wrong-subject", "", "the record of another subject"),
    ("several", "", "the same record twice"),
    ("deep", "", "nested 100,000 deep"),
    ("wide", "", "60,000 values"),
    ("entities", "", "entities of entities (XML)"),
    ("external-entity", "", "an entity that is a file (XML)"),
];

impl Fault {
    /// The word that names it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Latency(_) => "latency",
            Self::Hang => "hang",
            Self::Mute => "mute",
            Self::Reset => "reset",
            Self::WrongCertificate => "wrong-certificate",
            Self::NoTls => "no-tls",
            Self::Garbage => "garbage",
            Self::EndlessHead => "endless-head",
            Self::Drip => "drip",
            Self::Cut => "cut",
            Self::Oversize(_) => "oversize",
            Self::Endless => "endless",
            Self::GzipBomb => "gzip-bomb",
            Self::Encoding => "encoding",
            Self::Binary => "binary",
            Self::Truncated => "truncated",
            Self::Empty => "empty",
            Self::Page => "page",
            Self::Redirect => "redirect",
            Self::Status(_) => "status",
            Self::Code(_) => "code",
            Self::NoCode => "no-code",
            Self::Twice => "twice",
            Self::Fault => "fault",
            Self::OtherMessage => "other-message",
            Self::WrongSubject => "wrong-subject",
            Self::Several => "several",
            Self::Deep => "deep",
            Self::Wide => "wide",
            Self::Entities => "entities",
            Self::ExternalEntity => "external-entity",
        }
    }

    /// Whether it is one of connections; all others are of questions.
    pub fn is_of_connections(self) -> bool {
        matches!(
            self,
            Self::Mute
                | Self::Reset
                | Self::WrongCertificate
                | Self::NoTls
                | Self::Garbage
                | Self::EndlessHead
        )
    }

    /// Whether it needs TLS to be one.
    pub fn needs_tls(self) -> bool {
        matches!(self, Self::WrongCertificate | Self::NoTls)
    }

    /// Whether it can be one in this language.
    pub fn is_of(self, kind: Kind) -> bool {
        match self {
            Self::Code(_) | Self::NoCode | Self::Twice => kind == Kind::Grpc,
            Self::Entities | Self::ExternalEntity => kind != Kind::Grpc,
            _ => true,
        }
    }
}
