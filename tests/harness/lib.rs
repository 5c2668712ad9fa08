//! The stage for tests that drive the built program over real sockets: authorities, tokens,
//! registries and a configuration tree made at run time in a temporary folder, the program itself,
//! and callers that know only the wire contract.
//!
//! A map: [`scene`] sets everything up, [`gateway`] runs the program in it, [`agency`] calls it,
//! [`audit_log`] reads what it wrote, [`wire`] says what no library would, [`attack`] plays attacks. The harness knows `proto` and nothing of the gateway's insides.
#![forbid(unsafe_code)]

pub mod agency;
pub mod attack;
pub mod audit_log;
pub mod canaries;
pub mod chaos;
pub mod connections;
pub mod gateway;
mod idle;
pub mod kills;
mod memory;
pub mod merkle;
pub mod messages;
pub mod past;
pub mod pki;
pub mod program;
pub mod raw;
pub mod refused;
pub mod registries;
pub mod scene;
pub mod sectoral;
pub mod simulated;
pub mod tokens;
pub mod traces;
pub mod tree;
pub mod wire;
pub mod witness;

pub use agency::{Agency, Client};
pub use audit_log::AuditLog;
pub use gateway::Gateway;
pub use refused::Refused;
pub use scene::Scene;
pub use traces::Traces;
