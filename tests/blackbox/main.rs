//! The built program, driven over real sockets: a file a behaviour, a test a sentence.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![forbid(unsafe_code)]

mod adapter_command;
mod agreements;
mod answers;
mod audit_command;
mod audit_search;
mod audit_service;
mod boundaries;
mod broken_config;
mod catalog;
mod consistency;
mod crash;
mod demo_command;
mod denials;
mod enumeration;
mod exactness;
mod foreign;
mod freshness;
mod full_disk;
mod health;
mod http2;
mod identity;
mod index_follows;
mod intake;
mod keys_command;
mod limits;
mod malformed;
mod metrics;
mod no_log_no_data;
mod operations;
mod postgres_changes;
mod privacy;
mod quota;
mod reflection;
mod reload;
mod renewal;
mod retention;
mod routes;
mod sectoral;
mod simulate;
mod slow_disk;
mod slow_reader;
mod subjects;
mod tokens;
mod upstream_gateway;
mod witnesses;

/// The server of the adapter's own tests.
#[path = "../../adapters/src/postgres/tests/server.rs"]
#[expect(dead_code, reason = "the adapter's tests read its log and stop it")]
mod postgres_server;

/// The corpus knows nothing of the gateway: it is made from keys and facts alone, so that it can be
/// compiled into the gateway's own tests and into these.
#[path = "../../gateway/src/identity"]
mod identity_sources {
    pub(crate) mod corpus;
}
