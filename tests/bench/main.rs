//! The gateway against a bare mTLS gRPC server, in pairs, on this machine.
#![forbid(unsafe_code)]

use clap::Parser;

/// Measures the gateway against a stock tonic mTLS server.
#[derive(Debug, Parser)]
struct Arguments {}

fn main() {
    Arguments::parse();
}
