//! Identity as a whole, with real certificates and real signatures.

mod cases;
mod certificates;
mod handshake;
mod properties;
mod remembered;
mod revocation;
mod scene;
mod tokens;
