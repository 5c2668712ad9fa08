//! Identity as a whole, with real certificates and real signatures.

mod cases;
mod certificates;
mod handshake;
pub(crate) mod odd_lists;
mod properties;
mod remembered;
mod revocation;
mod scene;
mod tokens;
