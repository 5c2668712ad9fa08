//! Keys, certificates and tokens for development, tests and demonstrations. Never for real data:
//! the authority's private key lies in a plain file.
//!
//! | file | idea |
//! |---|---|
//! | `folder` | where each file lies, and that none is lost or readable by others |
//! | `log_key` | the keys of a log |
//! | `pki` | an authority, server certificates, client certificates |
//! | `revocation` | the authority's revocation list |
//! | `token` | an issuer's key pair, its key set, and tokens (RFC 9068) |

pub mod folder;
pub mod log_key;
pub mod pki;
pub mod revocation;
pub mod token;
