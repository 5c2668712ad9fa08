//! HTTP/2 by hand (RFC 9113), so that a test can say what no library would.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Frame types (RFC 9113 §6).
pub mod kind {
    #![expect(missing_docs, reason = "the names are the RFC's")]
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const PRIORITY: u8 = 2;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PUSH_PROMISE: u8 = 5;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;
    pub const CONTINUATION: u8 = 9;
}

/// Frame flags (RFC 9113 §6).
pub mod flag {
    #![expect(missing_docs, reason = "the names are the RFC's")]
    pub const NONE: u8 = 0;
    pub const ACK: u8 = 1;
    pub const END_STREAM: u8 = 1;
    pub const END_HEADERS: u8 = 4;
}

/// What a client says first (RFC 9113 §3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// `SETTINGS_INITIAL_WINDOW_SIZE`.
pub const INITIAL_WINDOW_SIZE: u16 = 4;

/// One frame as it came.
#[derive(Debug)]
pub struct Frame {
    /// Its type.
    pub kind: u8,
    /// Its flags.
    pub flags: u8,
    /// Its stream; 0 is the connection.
    pub stream: u32,
    /// What it carries.
    pub payload: Vec<u8>,
}

impl Frame {
    /// Whether it ends its stream from the sender's side, in order or not.
    #[must_use]
    pub fn ends_stream(&self) -> bool {
        match self.kind {
            kind::DATA | kind::HEADERS => self.flags & flag::END_STREAM != 0,
            kind::RST_STREAM => true,
            _ => false,
        }
    }

    /// The error code of a GOAWAY or RST_STREAM.
    #[must_use]
    pub fn error_code(&self) -> Option<u32> {
        let at = match self.kind {
            kind::GOAWAY => 4,
            kind::RST_STREAM => 0,
            _ => return None,
        };
        let code = self.payload.get(at..at + 4)?;
        Some(u32::from_be_bytes(code.try_into().ok()?))
    }
}

/// A TCP connection from a loopback address of the caller's choice.
///
/// # Errors
/// When it is refused.
pub async fn reach(from: Ipv4Addr, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((from, 0)))?;
    let stream = socket.connect(to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The TLS handshake over it.
///
/// # Errors
/// When it fails.
pub async fn handshake(tls: &Arc<ClientConfig>, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    TlsConnector::from(tls.clone()).connect(name, stream).await
}

/// Preface and SETTINGS, after which frames may follow. The server's SETTINGS are never
/// acknowledged.
///
/// # Errors
/// When the connection is gone.
pub async fn greet(stream: &mut TlsStream<TcpStream>, settings: &[(u16, u32)]) -> io::Result<()> {
    stream.write_all(PREFACE).await?;
    stream.write_all(&self::settings(settings)).await?;
    stream.flush().await
}

/// The next frame; none when the peer has closed.
///
/// # Errors
/// When the connection breaks.
pub async fn next<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Option<Frame>> {
    let mut head = [0; 9];
    match stream.read_exact(&mut head).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = head;
    let mut payload = vec![0; u32::from_be_bytes([0, l0, l1, l2]) as usize];
    stream.read_exact(&mut payload).await?;
    Ok(Some(Frame {
        kind,
        flags,
        stream: u32::from_be_bytes([s0 & 0x7f, s1, s2, s3]),
        payload,
    }))
}

/// A frame (RFC 9113 §4.1).
///
/// # Panics
/// When the payload is longer than a frame can say.
#[must_use]
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len())
        .expect("a short payload")
        .to_be_bytes();
    let mut out = Vec::with_capacity(9 + payload.len());
    out.extend(&length[1..]);
    out.extend([kind, flags]);
    out.extend(stream.to_be_bytes());
    out.extend(payload);
    out
}

/// A SETTINGS frame.
#[must_use]
pub fn settings(settings: &[(u16, u32)]) -> Vec<u8> {
    let payload: Vec<u8> = settings
        .iter()
        .flat_map(|(name, value)| [&name.to_be_bytes()[..], &value.to_be_bytes()].concat())
        .collect();
    frame(kind::SETTINGS, flag::NONE, 0, &payload)
}

/// A WINDOW_UPDATE frame.
#[must_use]
pub fn window_update(stream: u32, increment: u32) -> Vec<u8> {
    frame(kind::WINDOW_UPDATE, flag::NONE, stream, &increment.to_be_bytes())
}

/// Header fields as literals that enter no table and are not compressed (RFC 7541 §6.2.2).
#[must_use]
pub fn fields(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in fields {
        out.push(0);
        text(&mut out, name.as_bytes());
        text(&mut out, value);
    }
    out
}

/// A header field that enters the dynamic table (RFC 7541 §6.2.1); it is then [`NEWEST`].
#[must_use]
pub fn remembered(name: &str, value: &[u8]) -> Vec<u8> {
    let mut out = vec![0x40];
    text(&mut out, name.as_bytes());
    text(&mut out, value);
    out
}

/// A reference to the newest entry of the dynamic table (RFC 7541 §6.1, §2.3.3).
pub const NEWEST: u8 = 0x80 | 62;

/// A string without Huffman code (RFC 7541 §5.2).
fn text(out: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text.len();
    if rest < 127 {
        out.push(u8::try_from(rest).expect("it is below 127"));
    } else {
        out.push(127);
        rest -= 127;
        while rest >= 128 {
            out.push(u8::try_from(rest % 128 + 128).expect("it is below 256"));
            rest /= 128;
        }
        out.push(u8::try_from(rest).expect("it is below 128"));
    }
    out.extend(text);
}
