//! A registry that misbehaves, and what becomes of the gateway before it: the answer word, its time, the
//! gateway's memory, and the calls to a healthy registry beside it.
//!
//! | file | idea |
//! |---|---|
//! | `case` | the faults, and the answer words that are right for each |
//! | `stage` | a gateway, a registry that misbehaves and a healthy neighbour |
//! | `load` | calls to both at a steady rate |
//! | `trial` | one fault from beginning to end, and what was seen |
//! | `flight` | equal calls at once, which are one question |

mod case;
mod flight;
mod load;
mod stage;
mod trial;

pub use case::{Case, KINDS, cases};
pub use flight::{Flown, fly};
pub use load::Stretch;
pub use stage::Stage;
pub use trial::{Gates, Seen};
