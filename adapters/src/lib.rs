//! Registries: sources of records, each in its own language, all behind one trait.
//!
//! | to know | read |
//! |---|---|
//! | what a registry promises, what is asked and answered | [`registry`], [`error`] |
//! | what a registry's file says | [`settings`] |
//! | what is wrong with it | [`check`](mod@check) |
//! | how it becomes a registry, and in which order the protections stand | [`connect`](mod@connect) |
//! | what an answer becomes, without asking anybody | [`mapper`] |
//! | what is counted and timed | [`measured`] |
//! | how one answer came about | [`trace`] |
//! | what every kind promises, to be run against a new one | [`conformance`] |
//! | the kinds | [`embedded`], [`grpc`], [`postgres`], [`rest`], [`soap`] |
//! | code tables with days | [`codes`] |
//! | an answer as a tree, and its bounds | [`tree`] |
//! | names, dates and identifiers | [`text`] |
#![forbid(unsafe_code)]
#![cfg_attr(
    not(all(
        feature = "embedded",
        feature = "grpc",
        feature = "postgres",
        feature = "rest",
        feature = "soap"
    )),
    expect(
        dead_code,
        reason = "what the kinds have in common is whole in every build, also where none of its kinds is there"
    )
)]

#[cfg(not(any(
    feature = "embedded",
    feature = "grpc",
    feature = "postgres",
    feature = "rest",
    feature = "soap"
)))]
compile_error!("a registry is of some kind: wanted one of the features embedded, grpc, postgres, rest, soap");

pub mod background;
pub mod check;
pub mod codes;
pub mod conformance;
pub mod connect;
mod course;
#[cfg(test)]
mod documented;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod error;
#[cfg(feature = "grpc")]
pub mod grpc;
mod guarded;
#[cfg(test)]
mod hostile;
#[cfg(feature = "http")]
pub mod http;
pub mod mapper;
mod mapping;
pub mod measured;
#[cfg(any(feature = "http", feature = "postgres"))]
mod own_runtime;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod registry;
#[cfg(feature = "rest")]
pub mod rest;
mod routed;
pub mod settings;
#[cfg(feature = "soap")]
pub mod soap;
pub mod text;
pub mod trace;
pub mod tree;

pub use check::{Problem, check};
pub use connect::{ConnectError, connect, connect_measured};
pub use error::Error;
pub use mapper::Mapper;
pub use measured::{Measures, RouteMeasures, RouteSnapshot, Snapshot};
pub use registry::{Call, Change, ChangeSink, Fact, FactValue, Found, Kept, Question, Registry, Retrieved};
pub use settings::RegistrySettings;
pub use trace::Trace;
