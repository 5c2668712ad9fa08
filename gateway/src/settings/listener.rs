//! Section `[listener]`: where connections are taken, and the caps that keep one peer from taking all.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use adapters::settings::{Interval, Size};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

/// Where and how connections are taken. Every cap has a default; none can be switched off.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListenerSettings {
    /// Address and port, such as `"127.0.0.1:8443"`. Port 0 takes a free one.
    #[serde(deserialize_with = "address")]
    pub address: SocketAddr,
    /// Threads, each with its own runtime. 0: one per core but one, which is left to the log's writer and the
    /// registries (fewer threads make larger batches; measured on two cores).
    pub workers: Spanned<usize>,
    /// Longest TLS handshake. Against peers that connect and say nothing.
    pub handshake_timeout: Spanned<Interval>,
    /// Connections at one moment. Against running out of file descriptors.
    pub max_connections: Spanned<u32>,
    /// Connections at one moment from one address. Against one peer taking every place.
    pub max_connections_per_peer: Spanned<u32>,
    /// Handshakes at one moment. Against buying CPU time with empty connections (200 µs a handshake).
    pub max_handshakes: Spanned<u32>,
    /// Handshakes at one moment with one address; more wait. Against one peer taking every handshake.
    pub max_handshakes_per_peer: Spanned<u32>,
    /// Calls under way at one moment, from their first header to the last byte of their answer.
    /// Against running out of memory.
    pub max_calls: Spanned<u32>,
    /// Calls under way at one moment with one client certificate. Against one agency's system taking
    /// every place, with streams that it never ends.
    pub max_calls_per_client: Spanned<u32>,
    /// Frames that carry little or no data, which one connection may send beyond what its answered
    /// calls explain; spent ones come back within 5 s. Against floods of PING, SETTINGS, PRIORITY,
    /// WINDOW_UPDATE, CONTINUATION, empty and tiny DATA, and refused streams.
    pub max_control_frames: Spanned<u32>,
    /// Calls that one connection may give up before their answer; four answered ones pay for one, and
    /// spent ones come back within 5 s. Against rapid reset in all its forms.
    pub max_resets: Spanned<u32>,
    /// Streams at one moment on one connection. Against 20,000 streams on one connection, which took 166 MB.
    pub max_streams: Spanned<u32>,
    /// Largest list of headers of one call. Against header floods.
    pub max_header_list: Spanned<Size>,
    /// Largest message. Against bodies that fill the memory.
    pub max_message: Spanned<Size>,
    /// Bytes of messages above 4 KiB at one moment, from what they announce until their calls end. Against calls without
    /// number whose large messages are held open or wait for a registry: 1 MiB each, 4 GiB at `max_calls`.
    pub message_memory: Spanned<Size>,
    /// The same of one client certificate. Against one agency's system taking all of it.
    pub message_memory_per_client: Spanned<Size>,
    /// Bytes that a peer may send on one stream before it has to wait.
    pub stream_window: Spanned<Size>,
    /// Bytes that a peer may send on one connection before it has to wait.
    pub connection_window: Spanned<Size>,
    /// Time between two pings on a silent connection. Against connections whose peer is gone.
    pub keep_alive_interval: Spanned<Interval>,
    /// Longest wait for the answer to a ping.
    pub keep_alive_timeout: Spanned<Interval>,
    /// Longest time that an answer, once made, takes to leave. Against peers that do not read, or open
    /// their windows byte by byte.
    pub send_timeout: Spanned<Interval>,
    /// Longest time without a call on a connection. Against connections that only take a place.
    pub idle_timeout: Spanned<Interval>,
    /// Longest time that calls under way get when the gateway stops.
    pub drain_time: Spanned<Interval>,
    /// Longest time of a call whose caller sets none.
    pub call_timeout: Spanned<Interval>,
}

impl Default for ListenerSettings {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8443)),
            workers: unwritten(0),
            handshake_timeout: unwritten(Interval(Duration::from_secs(5))),
            max_connections: unwritten(10_000),
            max_connections_per_peer: unwritten(1_000),
            max_handshakes: unwritten(256),
            max_handshakes_per_peer: unwritten(64),
            max_calls: unwritten(4_000),
            max_calls_per_client: unwritten(1_000),
            max_control_frames: unwritten(1_000),
            max_resets: unwritten(200),
            max_streams: unwritten(100),
            max_header_list: unwritten(Size(16 << 10)),
            max_message: unwritten(Size(1 << 20)),
            message_memory: unwritten(Size(32 << 20)),
            message_memory_per_client: unwritten(Size(4 << 20)),
            stream_window: unwritten(Size(64 << 10)),
            connection_window: unwritten(Size(1 << 20)),
            keep_alive_interval: unwritten(Interval(Duration::from_secs(30))),
            keep_alive_timeout: unwritten(Interval(Duration::from_secs(10))),
            send_timeout: unwritten(Interval(Duration::from_secs(10))),
            idle_timeout: unwritten(Interval(Duration::from_secs(600))),
            drain_time: unwritten(Interval(Duration::from_secs(10))),
            call_timeout: unwritten(Interval(Duration::from_secs(10))),
        }
    }
}

/// A value that stands in no file.
fn unwritten<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        D::Error::custom(format!(
            "found {text:?}, wanted an address and a port such as \"127.0.0.1:8443\" or \"[::1]:0\""
        ))
    })
}
