//! Connections and calls: the accept loop, one single-threaded runtime a core, and the door that every
//! call comes through.
//!
//! | file | idea |
//! |---|---|
//! | `listener` | accepts, counts, deals connections out to the workers |
//! | `worker` | one runtime: TLS handshake, HTTP/2 connection |
//! | `stream` | a TLS stream that lets answers travel together |
//! | `door` | one call: lookup, or one of the other services |
//! | `frame` | gRPC's framing, deadline and trailers |

mod door;
mod frame;
pub mod listener;
mod stream;
mod worker;
