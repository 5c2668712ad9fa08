//! A client of a gateway: TLS 1.3 with the agency's certificate, a bound token, any lookup method by
//! its descriptor.

mod codec;
mod connection;
mod profile;
mod reflected;
mod refused;
mod request;

pub(crate) use connection::{AuditClient, Client, Token};
pub(crate) use profile::{Profile, TokenMint, TokenSource};
pub(crate) use refused::Refused;
pub(crate) use request::{Ask, Claims, lookup_method, lookup_method_of, method_names};
