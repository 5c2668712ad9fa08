//! The outcome of authorization for one request.

use std::sync::Arc;

use super::agreement::Grant;
use crate::record::view::View;

/// What one call may see, and under what. Only `Agreements::authorize` makes one.
#[derive(Clone, Debug)]
pub struct Permit {
    grant: Arc<Grant>,
    view: Arc<View>,
}

impl Permit {
    pub(super) fn new(grant: Arc<Grant>, view: Arc<View>) -> Self {
        Self { grant, view }
    }

    /// The grant that permits the call.
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// The fields that may leave.
    pub fn view(&self) -> &View {
        &self.view
    }
}
