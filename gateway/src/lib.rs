//! The gateway: RPCs, identity, authorization, exchange, cache, settings, boot, console, CLI.
#![forbid(unsafe_code)]

pub mod cli;
pub mod clock;
pub mod development;
pub mod identity;
pub mod record;
pub mod settings;
pub mod status;
