//! HTTP as the kinds that use it have it in common.
//!
//! | file | idea |
//! |---|---|
//! | `settings` | what a registry's file says |
//! | `origin` | the one host and port that questions go to |
//! | `address` | the addresses that it may have |
//! | `connector` | a connection: address, TLS, version of HTTP |
//! | `client` | one exchange, within limits: no redirect, no proxy, no more bytes than allowed |
//! | `sign_in`, `token` | how the gateway says who it is |
//! | `argument` | what a place of a template can be filled with |
//! | `arguments` | those of one question: there, and what they should be |
//! | `template` | texts with places for arguments, encoded for where they stand |
//! | `wants` | what the requests of a file want to know of the call |
//! | `headers` | headers of templates |
//! | `request` | the question of each record and identifier |
//! | `word`, `verdict` | what a registry's codes and statuses mean |
//! | `xroad` | the identifiers of X-Road |

mod address;
mod argument;
mod arguments;
mod client;
mod connector;
mod handshakes;
mod headers;
mod origin;
mod request;
mod settings;
mod sign_in;
mod template;
mod token;
mod verdict;
mod wants;
mod word;
mod xroad;

#[cfg(test)]
pub(crate) mod tests;

#[cfg(feature = "rest")]
pub(crate) use argument::Argument;
pub(crate) use arguments::{Arguments, Secrets};
pub(crate) use client::Answer;
#[cfg(any(feature = "rest", feature = "soap"))]
pub(crate) use client::Client;
#[cfg(feature = "grpc")]
pub(crate) use client::lines;
#[cfg(feature = "grpc")]
pub(crate) use client::{CONNECTION_WINDOW, LARGEST_HEAD_H2, LONGEST_IDLE, SILENCE, STREAM_WINDOW};
#[cfg(feature = "grpc")]
pub(crate) use connector::{Connector, Stream};
pub(crate) use headers::Headers;
#[cfg(feature = "rest")]
pub(crate) use headers::check_name;
pub(crate) use origin::{Origin, check_server};
pub(crate) use request::{Asked, asked, known};
#[cfg(any(feature = "rest", feature = "soap"))]
pub use settings::NothingWhen;
pub use settings::{Answers, ApiKey, CredentialPlace, JsonHeader, OAuth2, Protocol, Server, SignIn};
pub(crate) use sign_in::{SignedIn, check_sign_in};
pub(crate) use template::Template;
#[cfg(feature = "rest")]
pub(crate) use template::percent;
#[cfg(any(feature = "grpc", feature = "rest"))]
pub(crate) use template::plain;
#[cfg(feature = "soap")]
pub(crate) use template::xml;
#[cfg(any(feature = "rest", feature = "soap"))]
pub(crate) use verdict::{Proof, check_answers};
pub(crate) use verdict::{Silence, Verdict};
#[cfg(feature = "grpc")]
pub(crate) use verdict::{check_answers_by, presentable_id};
#[cfg(any(feature = "rest", feature = "soap"))]
pub(crate) use wants::of_call;
pub(crate) use wants::{Complete, Written, WrittenText, check as check_places};
pub use word::Word;
#[cfg(feature = "soap")]
pub(crate) use word::presentable;
pub use xroad::XRoad;
