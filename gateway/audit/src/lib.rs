//! The audit log: an append-only Merkle tree of entries on disk, signed at every commit, and the verifier of it.
//!
//! A map, in the order in which an entry meets the parts (`README.md` tells the same as a story):
//!
//! - [`entry`]: what is written; [`pseudonym`], [`periods`], [`sealing`]: how a subject is named without being named.
//! - [`appender`]: the line that callers put entries in, and the thread that commits them; [`waiters`]: how callers learn of it.
//! - [`tree`], [`proof`], [`checkpoint`], [`receipt`]: hashing, proofs, signed notes, what is handed out.
//! - [`storage`], `frame`, `segment`, `seal`, `tiles`, `recovery`: bytes on disk and how they survive.
//! - [`verify`](mod@verify), [`reader`]: those who only read; [`retention`], [`witness`]: what ages, and who vouches.
//! - [`index`]: which entries may fit a question; [`prove`](mod@prove): a receipt from the files alone.

pub mod appender;
pub mod checkpoint;
pub mod clock;
pub mod durable;
pub mod entry;
mod frame;
pub mod index;
mod journal;
mod layout;
mod locate;
mod pace;
pub mod periods;
pub mod proof;
pub mod prove;
pub mod pseudonym;
pub mod reader;
pub mod receipt;
pub mod recovery;
pub mod retention;
mod seal;
pub mod sealing;
mod segment;
#[cfg(any(test, feature = "simulation"))]
pub mod simulation;
pub mod storage;
mod tiles;
pub mod tree;
#[cfg(test)]
mod trial;
pub mod verify;
pub mod waiters;
pub mod witness;

pub use appender::{Appender, Linger, Log, Options, ReadError};
pub use checkpoint::{Checkpoint, KeyError, NoteError, SignedCheckpoint, Signer, VerifyingKey};
pub use durable::{Durable, Failure, Logged, State, Ticket, Unavailable};
pub use entry::{Entry, EntryKind, Operation};
pub use index::{EntriesAt, Follower, Index, IndexError, Narrowed, Order, Question, Scope};
pub use periods::{Period, PeriodLength, SubjectKeyFolder, SubjectKeys};
pub use prove::{ProveError, prove};
pub use pseudonym::PeriodKeys;
pub use reader::{Entries, Filter, entries};
pub use receipt::Receipt;
pub use recovery::{OpenError, Recovery};
pub use retention::{Removal, RetentionError};
pub use sealing::{AuditorKey, AuditorPrivateKey, Sealer, Subject, open_subject};
pub use tree::Hash;
pub use verify::{Damage, Finding, Progress, Report, VerifyError, VerifyOptions, Witnessed, verify};
pub use waiters::Waiters;
