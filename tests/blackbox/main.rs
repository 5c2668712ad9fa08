//! The built program, driven over real sockets: a file a behaviour, a test a sentence.
#![forbid(unsafe_code)]

mod answers;
mod crash;
mod denials;
mod foreign;
mod identity;
mod privacy;
mod reload;
