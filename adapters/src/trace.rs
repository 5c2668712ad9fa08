//! How an answer came about, told to who asked beside the answer itself.

use std::sync::{Arc, OnceLock};

/// The trace of one question. Clones are of the same one.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    route: Arc<OnceLock<Arc<str>>>,
}

impl Trace {
    /// The route that answered, such as `ndop`, also where the answer is no record; none when no route
    /// gave an answer.
    #[must_use]
    pub fn route(&self) -> Option<Arc<str>> {
        self.route.get().cloned()
    }

    /// Of two routes that answer one question, the first counts.
    pub(crate) fn answered_by(&self, route: &Arc<str>) {
        self.route.get_or_init(|| Arc::clone(route));
    }
}
