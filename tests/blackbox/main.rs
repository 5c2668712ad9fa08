//! The built program, driven over real sockets: a file a behaviour, a test a sentence.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![forbid(unsafe_code)]

mod answers;
mod boundaries;
mod consistency;
mod crash;
mod denials;
mod exactness;
mod foreign;
mod identity;
mod no_log_no_data;
mod privacy;
mod reload;
