//! Connections and calls: the entrance, one single-threaded runtime a core but one, and the door that every
//! call comes through.
//!
//! | file | idea |
//! |---|---|
//! | `listener` | the socket, and the threads that serve it |
//! | `entrance` | accepts, counts, shakes hands, deals connections out to the workers |
//! | `worker` | one runtime: HTTP/2 connections |
//! | `aside`, `movable` | a connection of doubtful conduct is served at the entrance, behind everybody else |
//! | `turns` | clients are read and begin calls in turns: no one's thousand before the others' next |
//! | `beat` | when the calls of peers begin that have just given up many |
//! | `crowd` | how many calls are under way and bytes of large messages here, in all and of one client |
//! | `places` | how many connections and handshakes there may be, in all and of one address |
//! | `watched`, `heads` | a stream that sees the head of every frame, and lets answers travel together |
//! | `standing` | until when a connection's certificate stands for somebody |
//! | `conduct`, `budget`, `ages`, `accounted` | how a connection behaves: budgets, what is too old, calls and answers |
//! | `door` | one call: lookup, or one of the other services |
//! | `services` | the services that are not lookups |
//! | `intake` | the messages of a request, refused by what they announce |
//! | `told` | lines of the process log that anybody could cause, once a second |
//! | `frame` | gRPC's framing, deadline and trailers |
//! | `traffic` | the counts of all these, for metrics |

mod accounted;
mod ages;
mod aside;
mod beat;
mod budget;
mod conduct;
mod crowd;
mod door;
mod entrance;
mod frame;
mod heads;
mod intake;
pub mod listener;
mod movable;
pub mod overload;
mod places;
mod services;
mod standing;
mod told;
pub mod traffic;
mod turns;
mod watched;
mod worker;
