//! Connections and calls: the accept loop, one single-threaded runtime a core but one, and the door that every
//! call comes through.
//!
//! | file | idea |
//! |---|---|
//! | `listener` | accepts, counts, deals connections out to the workers |
//! | `worker` | one runtime: TLS handshake, HTTP/2 connection |
//! | `gentle` | handshakes that give way to calls |
//! | `crowd` | how many calls are under way, in all and of one client |
//! | `places` | how many connections and handshakes there may be, in all and of one address |
//! | `watched`, `heads` | a stream that sees the head of every frame, and lets answers travel together |
//! | `standing` | until when a connection's certificate stands for somebody |
//! | `conduct`, `ages`, `accounted` | how a connection behaves: budgets, what is too old, calls and answers |
//! | `door` | one call: lookup, or one of the other services |
//! | `frame` | gRPC's framing, deadline and trailers |

mod accounted;
mod ages;
mod conduct;
mod crowd;
mod door;
mod frame;
mod gentle;
mod heads;
pub mod listener;
pub mod overload;
mod places;
mod standing;
mod watched;
mod worker;
