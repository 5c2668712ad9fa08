//! Who calls a service that is not a lookup.

use std::sync::Arc;

use tonic::{Request, Status};

use crate::identity::Caller;
use crate::status::{Reason, Refusal};

/// Whom the door let in.
pub(super) fn caller<T>(request: &Request<T>) -> Result<Arc<Caller>, Status> {
    let caller = request.extensions().get::<Arc<Caller>>().cloned();
    caller.ok_or_else(|| Refusal::new(Reason::Internal, "no caller").status("", None))
}
