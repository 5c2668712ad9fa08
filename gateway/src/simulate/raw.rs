//! What goes over a connection without any protocol, or against it.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::fault::Fault;

/// What a client of HTTP/2 begins with (RFC 9113 §3.4).
const PREFACE: usize = 24;
const HEAD: usize = 9;
/// Kinds of frames.
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
/// Longest frame that every peer takes.
const LONGEST: usize = 16 << 10;

/// Plays garbage, or a head without end, until the other side goes away.
pub(super) async fn play<S>(mut stream: S, fault: Fault, second_version: bool)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if second_version {
        // Asked to speak before it asks.
        let _ = stream.write_all(&frame(SETTINGS, 0, 0, &[])).await;
        until_asked(&mut stream).await;
    } else {
        let _ = stream.read(&mut [0; 4096]).await;
    }
    if fault == Fault::Garbage {
        let _ = stream.write_all(b"\x00\xffthis is no protocol\r\n\r\n").await;
        let _ = stream.flush().await;
        return;
    }
    if !second_version {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        let line = b"x-a: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n";
        while stream.write_all(line).await.is_ok() {}
        return;
    }
    // Status 200, and then headers in frames that never say that they are the last.
    let mut written = stream.write_all(&frame(HEADERS, 0, 1, &[0x88])).await;
    let mut field = vec![0, 3, b'x', b'-', b'a', 127, 0];
    field.extend_from_slice(&[b'b'; 127]);
    let more = frame(CONTINUATION, 0, 1, &field);
    while written.is_ok() {
        written = stream.write_all(&more).await;
    }
}

/// Reads until the headers of a question have begun, or there is nothing more.
async fn until_asked(stream: &mut (impl AsyncRead + Unpin)) {
    let mut preface = [0; PREFACE];
    let mut read = stream.read_exact(&mut preface).await.is_ok();
    while read {
        let mut head = [0; HEAD];
        if stream.read_exact(&mut head).await.is_err() {
            return;
        }
        let [a, b, c, kind, ..] = head;
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        if kind == HEADERS || length > LONGEST {
            return;
        }
        read = stream.read_exact(&mut vec![0; length]).await.is_ok();
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(0).to_be_bytes();
    let mut frame = length.get(1..).unwrap_or_default().to_vec();
    frame.extend_from_slice(&[kind, flags]);
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}
