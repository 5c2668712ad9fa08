//! The gateway: RPCs, identity, authorization, exchange, cache, settings, boot, console, CLI.
#![forbid(unsafe_code)]

pub mod authorization;
pub mod boot;
pub mod cache;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod demo;
pub mod development;
pub mod directory;
pub mod distribution;
pub mod exchange;
pub mod identity;
pub mod record;
pub mod rpc;
pub mod server;
pub mod settings;
pub mod simulate;
pub mod status;
pub mod telemetry;
pub mod witness;
