//! An answer in text, well or with a fault in it.

use std::io::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION};
use http::{Response, StatusCode};

use super::body::Body;
use super::fault::Fault;
use super::language::{self, Text};

/// What a bomb unfolds to.
const UNFOLDED: usize = 64 << 20;
pub(super) const DEPTH: usize = 100_000;
pub(super) const WIDTH: usize = 60_000;
pub(super) const PIECE: usize = 16 << 10;

/// The answer `text` as it leaves. Faults that are no matter of the answer leave it as it is.
pub(super) fn spoiled(language: Text, text: String, fault: Option<Fault>) -> Response<Body> {
    let well = |text: String| response(language, Body::whole(text));
    let Some(fault) = fault else { return well(text) };
    match fault {
        Fault::Drip => {
            let mut answer = response(language, Body::drip(text.into(), Duration::from_secs(1)));
            put(&mut answer, CONTENT_LENGTH, HeaderValue::from_static("1000000"));
            answer
        }
        Fault::Cut => {
            let half: Bytes = halved(&text).into();
            let mut answer = response(language, Body::cut(half));
            put(&mut answer, CONTENT_LENGTH, text.len().into());
            answer
        }
        Fault::Oversize(size) => {
            let mut answer = response(language, Body::repeat(vec![b' '; PIECE].into(), Some(size)));
            put(&mut answer, CONTENT_LENGTH, size.into());
            answer
        }
        Fault::Endless => response(language, Body::repeat(vec![b' '; PIECE].into(), None)),
        Fault::GzipBomb => {
            let mut answer = response(language, Body::whole(bomb()));
            put(&mut answer, CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            answer
        }
        Fault::Encoding => {
            let mut answer = well(text);
            put(&mut answer, CONTENT_ENCODING, HeaderValue::from_static("br"));
            answer
        }
        Fault::Binary => response(language, Body::whole(vec![0xff, 0xfe, 0x00, 0x80, 0xc3])),
        Fault::Truncated => well(halved(&text)),
        Fault::Empty => well(String::new()),
        Fault::Page => {
            let page = "<!doctype html><title>Bảo trì</title><p>Hệ thống đang bảo trì, mời quay lại sau.<br>";
            let mut answer = well(page.to_owned());
            put(
                &mut answer,
                CONTENT_TYPE,
                HeaderValue::from_static("text/html; charset=utf-8"),
            );
            answer
        }
        Fault::Redirect => {
            let mut answer = response(language, Body::whole(String::new()));
            *answer.status_mut() = StatusCode::FOUND;
            put(&mut answer, LOCATION, HeaderValue::from_static("/other"));
            answer
        }
        Fault::Status(status) => {
            let mut answer = response(language, Body::whole(String::new()));
            *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            answer
        }
        Fault::Fault => well(language::error(language)),
        Fault::OtherMessage => well(language::other(language)),
        Fault::Deep => well(match language {
            Text::Json => "[".repeat(DEPTH),
            Text::Soap => language::message(&format!("{}{}", "<a>".repeat(DEPTH), "</a>".repeat(DEPTH))),
        }),
        Fault::Wide => well(match language {
            Text::Json => format!("{{\"data\":[{}0]}}", "0,".repeat(WIDTH)),
            Text::Soap => language::message(&"<a/>".repeat(WIDTH)),
        }),
        Fault::Entities => well(entities()),
        Fault::ExternalEntity => {
            well("<!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]><x>&y;</x>".to_owned())
        }
        Fault::Latency(_)
        | Fault::Hang
        | Fault::WrongSubject
        | Fault::Several
        | Fault::Code(_)
        | Fault::NoCode
        | Fault::Twice
        | Fault::Mute
        | Fault::Reset
        | Fault::WrongCertificate
        | Fault::NoTls
        | Fault::Garbage
        | Fault::EndlessHead => well(text),
    }
}

fn response(language: Text, body: Body) -> Response<Body> {
    let mut answer = Response::new(body);
    put(
        &mut answer,
        CONTENT_TYPE,
        HeaderValue::from_static(language.media_type()),
    );
    answer
}

pub(super) fn put(answer: &mut Response<Body>, name: http::HeaderName, value: HeaderValue) {
    answer.headers_mut().insert(name, value);
}

/// The first half, which ends between two characters.
fn halved(text: &str) -> String {
    text.chars().take(text.chars().count() / 2).collect()
}

/// Ten entities, each of ten of the one before.
fn entities() -> String {
    let mut declared = "<!ENTITY e0 \"ha\">".to_owned();
    for number in 1..10 {
        let inner = format!("&e{};", number - 1).repeat(10);
        declared.push_str(&format!("<!ENTITY e{number} \"{inner}\">"));
    }
    format!("<!DOCTYPE x [{declared}]><x>&e9;</x>")
}

/// Blanks, packed once.
pub(super) fn bomb() -> Bytes {
    static BOMB: OnceLock<Bytes> = OnceLock::new();
    let packed = || {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let piece = vec![b' '; 1 << 20];
        // Memory takes what is written to it.
        let written = (0..UNFOLDED / piece.len()).try_for_each(|_| encoder.write_all(&piece));
        written.and_then(|()| encoder.finish()).unwrap_or_default().into()
    };
    BOMB.get_or_init(packed).clone()
}
