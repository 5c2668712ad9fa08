//! Who may read the log, and what of it.

use std::sync::Arc;

use audit::Scope;

use crate::identity::Caller;
use crate::status::{Reason, Refusal};

/// What the caller may see.
pub(super) fn sight(caller: &Caller) -> Result<Arc<Scope>, Refusal> {
    let refusal = || Refusal::new(Reason::RoleNotAgreed, "only an auditor agency reads the log");
    caller.sight().cloned().ok_or_else(refusal)
}

/// An entry that is not there, and one out of sight: the two are told apart for nobody.
pub(super) fn no_such_entry() -> Refusal {
    Refusal::new(Reason::NotFound, "the log has no such entry")
}
