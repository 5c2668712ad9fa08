//! The checks, in the order of the RFC.

use harness::attack::Stage;
use harness::wire::{INITIAL_WINDOW_SIZE, PREFACE, fields, flag, frame, kind, settings, window_update};

use super::{Check, Expected, Seen};

// Error codes (RFC 9113 §7).
const PROTOCOL_ERROR: u32 = 1;
const FLOW_CONTROL_ERROR: u32 = 3;
const STREAM_CLOSED: u32 = 5;
const FRAME_SIZE_ERROR: u32 = 6;
const REFUSED_STREAM: u32 = 7;
const COMPRESSION_ERROR: u32 = 9;

const ENABLE_PUSH: u16 = 2;
const MAX_FRAME_SIZE: u16 = 5;
const PADDED: u8 = 8;

/// Where h2 does something else than the RFC says, and why that may be.
const INSTEAD: [(&str, Seen, &str); 13] = [
    (
        "4.3 a header block that cannot be read",
        Seen::Goaway(PROTOCOL_ERROR),
        LOAD,
    ),
    (
        "6.3 PRIORITY of another length than 5",
        Seen::Goaway(PROTOCOL_ERROR),
        LOAD,
    ),
    (
        "6.4 RST_STREAM of another length than 4",
        Seen::Goaway(PROTOCOL_ERROR),
        LOAD,
    ),
    (
        "6.5 SETTINGS of a length that is not a multiple of 6",
        Seen::Goaway(PROTOCOL_ERROR),
        LOAD,
    ),
    (
        "6.5 an acknowledgement with a length",
        Seen::Goaway(PROTOCOL_ERROR),
        LOAD,
    ),
    (
        "6.5.2 INITIAL_WINDOW_SIZE above 2^31 - 1",
        Seen::Goaway(PROTOCOL_ERROR),
        LOAD,
    ),
    (
        "6.7 PING of another length than 8",
        Seen::Goaway(PROTOCOL_ERROR),
        LOAD,
    ),
    (
        "6.9 WINDOW_UPDATE of another length than 4",
        Seen::Goaway(PROTOCOL_ERROR),
        LOAD,
    ),
    ("5.1 half-closed: DATA", Seen::Goaway(PROTOCOL_ERROR), STATE),
    ("5.1 half-closed: HEADERS", Seen::Reset(PROTOCOL_ERROR), STATE),
    ("5.1 closed: HEADERS", Seen::Goaway(PROTOCOL_ERROR), STATE),
    (
        "8.3.1 no path",
        Seen::Nothing,
        "h2 asks for a path of extended CONNECT alone (server.rs, convert_poll_message); here no method \
         has that name, and the call is refused",
    ),
    (
        "8.1 a pseudo field in trailers",
        Seen::Nothing,
        "h2 leaves it out (proto/streams/recv.rs, recv_trailers); nothing here reads trailers of requests",
    ),
];
const LOAD: &str = "h2 ends the connection as it must, with one code for every frame that it cannot load \
                    (codec/framed_read.rs, decode_frame)";
const STATE: &str = "h2 refuses it as it must, with another code or the whole connection \
                     (proto/streams/state.rs, recv_open and recv_close)";

pub(super) fn all(stage: &Stage) -> Vec<Check> {
    let greeting = [PREFACE, &settings(&[])].concat();
    let mut checks = Vec::new();
    let mut add = |name, expected, frames: &[Vec<u8>]| {
        checks.push(Check {
            name,
            sent: [greeting.clone(), frames.concat()].concat(),
            expected,
            instead: None,
        });
    };
    connection(&mut add);
    states(stage, &mut add);
    frames(stage, &mut add);
    windows(stage, &mut add);
    messages(stage, &mut add);
    checks.push(Check {
        name: "3.4 a preface that is not one",
        sent: b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".to_vec(),
        expected: Expected::Connection(&[PROTOCOL_ERROR]),
        instead: None,
    });
    checks.push(Check {
        name: "3.4 a first frame that is not SETTINGS",
        sent: [PREFACE, &frame(kind::PING, flag::NONE, 0, &[0; 8])].concat(),
        expected: Expected::Connection(&[PROTOCOL_ERROR]),
        instead: None,
    });
    for (name, seen, why) in INSTEAD {
        let check = checks.iter_mut().find(|check| check.name == name);
        check.expect("a check of this name").instead = Some((seen, why));
    }
    checks
}

type Add<'a> = &'a mut dyn FnMut(&'static str, Expected, &[Vec<u8>]);

const CONNECTION: Expected = Expected::Connection(&[PROTOCOL_ERROR]);
const STREAM: Expected = Expected::Stream(&[PROTOCOL_ERROR]);
const SIZE: Expected = Expected::Connection(&[FRAME_SIZE_ERROR]);
const CLOSED: Expected = Expected::Stream(&[STREAM_CLOSED]);

fn plain(kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    frame(kind, flag::NONE, stream, payload)
}

fn connection(add: Add<'_>) {
    add("3.4 nothing but the greeting", Expected::Nothing, &[]);
    add(
        "5.5 a frame of an unknown type",
        Expected::Nothing,
        &[plain(0xfa, 0, b"hello")],
    );
    add(
        "6.5 SETTINGS on a stream",
        CONNECTION,
        &[plain(kind::SETTINGS, 1, &[])],
    );
    add(
        "6.5 an acknowledgement with a length",
        SIZE,
        &[frame(kind::SETTINGS, flag::ACK, 0, &[0; 6])],
    );
    add(
        "6.5 SETTINGS of a length that is not a multiple of 6",
        SIZE,
        &[plain(kind::SETTINGS, 0, &[0; 5])],
    );
    add(
        "6.5.2 ENABLE_PUSH of 2",
        CONNECTION,
        &[settings(&[(ENABLE_PUSH, 2)])],
    );
    add(
        "6.5.2 MAX_FRAME_SIZE below 16384",
        CONNECTION,
        &[settings(&[(MAX_FRAME_SIZE, 16_383)])],
    );
    add(
        "6.5.2 MAX_FRAME_SIZE above 2^24 - 1",
        CONNECTION,
        &[settings(&[(MAX_FRAME_SIZE, 1 << 24)])],
    );
    add(
        "6.5.2 an unknown setting",
        Expected::Nothing,
        &[settings(&[(0xff, 1)])],
    );
    add(
        "6.7 PING on a stream",
        CONNECTION,
        &[plain(kind::PING, 1, &[0; 8])],
    );
    add(
        "6.7 PING of another length than 8",
        SIZE,
        &[plain(kind::PING, 0, &[0; 6])],
    );
    add(
        "6.8 GOAWAY on a stream",
        CONNECTION,
        &[plain(kind::GOAWAY, 1, &[0; 8])],
    );
    add(
        "6.6 PUSH_PROMISE of a client",
        CONNECTION,
        &[frame(kind::PUSH_PROMISE, flag::END_HEADERS, 1, &[0, 0, 0, 2])],
    );
}

fn states(stage: &Stage, add: Add<'_>) {
    let (open, call) = (stage.open(1), stage.call(1));
    let cancel = plain(kind::RST_STREAM, 1, &[0, 0, 0, 8]);
    let data = plain(kind::DATA, 1, b"data");
    add("5.1 idle: DATA", CONNECTION, std::slice::from_ref(&data));
    add("5.1 idle: RST_STREAM", CONNECTION, std::slice::from_ref(&cancel));
    add("5.1 idle: WINDOW_UPDATE", CONNECTION, &[window_update(1, 100)]);
    add(
        "5.1 idle: CONTINUATION",
        CONNECTION,
        &[frame(
            kind::CONTINUATION,
            flag::END_HEADERS,
            1,
            &stage.headers(&[]),
        )],
    );
    add("5.1 half-closed: DATA", CLOSED, &[call.clone(), data.clone()]);
    add("5.1 half-closed: HEADERS", CLOSED, &[call.clone(), open.clone()]);
    add(
        "5.1 half-closed: PRIORITY",
        Expected::Nothing,
        &[call.clone(), plain(kind::PRIORITY, 1, &[0, 0, 0, 0, 1])],
    );
    add("5.1 closed: DATA", CLOSED, &[open.clone(), cancel.clone(), data]);
    add(
        "5.1 closed: HEADERS",
        CLOSED,
        &[open.clone(), cancel.clone(), open.clone()],
    );
    add(
        "5.1 closed: RST_STREAM",
        Expected::Nothing,
        &[open.clone(), cancel.clone(), cancel.clone()],
    );
    add("5.1.1 an even stream", CONNECTION, &[stage.open(2)]);
    add(
        "5.1.1 a stream below the last one",
        Expected::Stream(&[PROTOCOL_ERROR, STREAM_CLOSED]),
        &[stage.call(5), stage.call(3)],
    );
    let many: Vec<_> = (0..120).map(|number| stage.open(number * 2 + 1)).collect();
    add(
        "5.1.2 more streams than are allowed",
        Expected::Stream(&[REFUSED_STREAM, PROTOCOL_ERROR]),
        &many,
    );
}

fn frames(stage: &Stage, add: Add<'_>) {
    let open = stage.open(1);
    let block = stage.headers(&[]);
    let begun = plain(kind::HEADERS, 1, &block);
    add(
        "4.2 a frame above the largest length",
        SIZE,
        &[open.clone(), plain(kind::DATA, 1, &vec![0; 16_385])],
    );
    add(
        "4.3 a header block that cannot be read",
        Expected::Connection(&[COMPRESSION_ERROR]),
        &[frame(kind::HEADERS, flag::END_HEADERS, 1, &[0xff; 16])],
    );
    add(
        "4.3 another frame inside a header block",
        CONNECTION,
        &[begun.clone(), plain(kind::PRIORITY, 1, &[0, 0, 0, 0, 1])],
    );
    add(
        "5.5 an unknown frame inside a header block",
        CONNECTION,
        &[begun.clone(), plain(0xfa, 0, b"hello")],
    );
    add(
        "6.1 DATA on stream 0",
        CONNECTION,
        &[plain(kind::DATA, 0, b"data")],
    );
    add(
        "6.1 DATA with more padding than payload",
        CONNECTION,
        &[open.clone(), frame(kind::DATA, PADDED, 1, &[5, 0])],
    );
    add(
        "6.2 HEADERS on stream 0",
        CONNECTION,
        &[frame(kind::HEADERS, flag::END_HEADERS, 0, &block)],
    );
    add(
        "6.2 HEADERS with more padding than payload",
        CONNECTION,
        &[frame(kind::HEADERS, flag::END_HEADERS | PADDED, 1, &[5, 0])],
    );
    add(
        "6.2 HEADERS of another stream inside a header block",
        CONNECTION,
        &[begun.clone(), stage.open(3)],
    );
    add(
        "6.3 PRIORITY on stream 0",
        CONNECTION,
        &[plain(kind::PRIORITY, 0, &[0, 0, 0, 0, 1])],
    );
    add(
        "6.3 PRIORITY of another length than 5",
        Expected::Stream(&[FRAME_SIZE_ERROR]),
        &[open.clone(), plain(kind::PRIORITY, 1, &[0; 4])],
    );
    add(
        "6.4 RST_STREAM on stream 0",
        CONNECTION,
        &[plain(kind::RST_STREAM, 0, &[0; 4])],
    );
    add(
        "6.4 RST_STREAM of another length than 4",
        SIZE,
        &[open, plain(kind::RST_STREAM, 1, &[0; 3])],
    );
    add(
        "6.10 CONTINUATION after the end of the headers",
        CONNECTION,
        &[
            stage.open(1),
            frame(kind::CONTINUATION, flag::END_HEADERS, 1, &block),
        ],
    );
    add(
        "6.10 CONTINUATION of another stream",
        CONNECTION,
        &[
            begun.clone(),
            frame(kind::CONTINUATION, flag::END_HEADERS, 3, &block),
        ],
    );
    add(
        "6.10 CONTINUATION on stream 0",
        CONNECTION,
        &[begun, frame(kind::CONTINUATION, flag::END_HEADERS, 0, &block)],
    );
}

fn windows(stage: &Stage, add: Add<'_>) {
    const MOST: u32 = (1 << 31) - 1;
    let (open, call) = (stage.open(1), stage.call(1));
    add(
        "6.5.2 INITIAL_WINDOW_SIZE above 2^31 - 1",
        Expected::Connection(&[FLOW_CONTROL_ERROR]),
        &[settings(&[(INITIAL_WINDOW_SIZE, 1 << 31)])],
    );
    add(
        "6.9 WINDOW_UPDATE of 0 on the connection",
        CONNECTION,
        &[window_update(0, 0)],
    );
    add(
        "6.9 WINDOW_UPDATE of 0 on a stream",
        STREAM,
        &[open.clone(), window_update(1, 0)],
    );
    add(
        "6.9 WINDOW_UPDATE of another length than 4",
        SIZE,
        &[plain(kind::WINDOW_UPDATE, 0, &[0; 3])],
    );
    add(
        "6.9.1 a connection's window above 2^31 - 1",
        Expected::Connection(&[FLOW_CONTROL_ERROR]),
        &[window_update(0, MOST), window_update(0, MOST)],
    );
    add(
        "6.9.1 a stream's window above 2^31 - 1",
        Expected::Stream(&[FLOW_CONTROL_ERROR]),
        &[open.clone(), window_update(1, MOST), window_update(1, MOST)],
    );
    add(
        "6.9.2 a window that becomes negative",
        Expected::Nothing,
        &[call, settings(&[(INITIAL_WINDOW_SIZE, 0)]), window_update(1, 1)],
    );
}

fn messages(stage: &Stage, add: Add<'_>) {
    let with = |more: &[(&str, &[u8])]| {
        frame(
            kind::HEADERS,
            flag::END_HEADERS | flag::END_STREAM,
            1,
            &stage.headers(more),
        )
    };
    let only = |list: &[(&str, &[u8])]| {
        frame(
            kind::HEADERS,
            flag::END_HEADERS | flag::END_STREAM,
            1,
            &fields(list),
        )
    };
    let method: (&str, &[u8]) = (":method", b"POST");
    let scheme: (&str, &[u8]) = (":scheme", b"https");
    let path: (&str, &[u8]) = (":path", b"/a/b");
    add(
        "8.2.1 a field name in capital letters",
        STREAM,
        &[with(&[("X-Test", b"1")])],
    );
    add(
        "8.2.1 a line end in a field value",
        STREAM,
        &[with(&[("x-test", b"a\r\nb: c")])],
    );
    add(
        "8.2.2 a connection field",
        STREAM,
        &[with(&[("connection", b"keep-alive")])],
    );
    add(
        "8.2.2 te that is not trailers",
        STREAM,
        &[only(&[method, scheme, path, ("te", b"gzip")])],
    );
    add(
        "8.3 an unknown pseudo field",
        STREAM,
        &[only(&[method, scheme, path, (":test", b"1")])],
    );
    add(
        "8.3 a pseudo field of responses",
        STREAM,
        &[only(&[method, scheme, path, (":status", b"200")])],
    );
    add(
        "8.3 a pseudo field after a field",
        STREAM,
        &[only(&[method, scheme, ("x-test", b"1"), path])],
    );
    add("8.3.1 no method", STREAM, &[only(&[scheme, path])]);
    add("8.3.1 no scheme", STREAM, &[only(&[method, path])]);
    add("8.3.1 no path", STREAM, &[only(&[method, scheme])]);
    add(
        "8.3.1 an empty path",
        STREAM,
        &[only(&[method, scheme, (":path", b"")])],
    );
    add(
        "8.3.1 the method twice",
        STREAM,
        &[only(&[method, method, scheme, path])],
    );
    add(
        "8.3.1 the path twice",
        STREAM,
        &[only(&[method, scheme, path, path])],
    );
    let promised = stage.headers(&[("content-length", b"3")]);
    let promise = frame(kind::HEADERS, flag::END_HEADERS, 1, &promised);
    let end = |data: &[u8]| frame(kind::DATA, flag::END_STREAM, 1, data);
    add(
        "8.1.1 less data than content-length",
        STREAM,
        &[promise.clone(), end(b"a")],
    );
    add(
        "8.1.1 more data than content-length",
        STREAM,
        &[promise, end(b"abcdef")],
    );
    let trailers = fields(&[(":path", b"/again")]);
    add(
        "8.1 a pseudo field in trailers",
        STREAM,
        &[
            stage.open(1),
            frame(kind::HEADERS, flag::END_HEADERS | flag::END_STREAM, 1, &trailers),
        ],
    );
    add(
        "8.1 trailers that do not end the stream",
        STREAM,
        &[
            stage.open(1),
            frame(kind::HEADERS, flag::END_HEADERS, 1, &fields(&[("x-test", b"1")])),
        ],
    );
}
