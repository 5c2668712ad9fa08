//! What the gateway tells of itself to whoever looks after it: metrics, in the text form of OpenMetrics 1.0.
//!
//! Nearly all is read when it is asked for, from what the parts count anyway. The values of labels are words of this
//! program and names of the configuration: nothing of a call stands in any.
//!
//! | file | idea |
//! |---|---|
//! | `endpoint` | the one page, over plain HTTP, on a thread of its own |
//! | `page` | families of metrics, written in one form |
//! | `gateway` | configuration, revocation lists, key sets, the listener, the access log |
//! | `calls` | outcomes, quotas, registries and their routes |
//! | `reloads` | how reloads went |

mod calls;
mod endpoint;
mod gateway;
mod page;
mod reloads;

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, text};
use prometheus_client::registry::Registry;

use crate::distribution::Confirmed;
use crate::exchange::Exchange;
use crate::server::traffic::Traffic;
pub use endpoint::Endpoint;
use page::Page;
pub use reloads::Reloads;

/// What the metrics are read from.
pub struct Watched {
    /// Lookups, and the configuration in force.
    pub exchange: Arc<Exchange>,
    /// The listener.
    pub traffic: Traffic,
    /// How reloads went.
    pub reloads: Arc<Reloads>,
    /// When key sets were last fetched.
    pub confirmed: Arc<Confirmed>,
}

impl Watched {
    /// Everything as it is now, each time that it is asked for.
    pub(crate) fn registry(self) -> Registry {
        let mut registry = Registry::with_prefix("lienthong");
        registry.register_collector(Box::new(self));
        registry
    }
}

impl Collector for Watched {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let page = &mut Page::new(encoder);
        gateway::configuration(page, &self.exchange, &self.reloads)?;
        gateway::trust(page, &self.exchange, &self.confirmed)?;
        gateway::listener(page, &self.traffic)?;
        gateway::log(page, &self.exchange)?;
        calls::outcomes(page, &self.exchange)?;
        calls::registries(page, &self.exchange)
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").finish_non_exhaustive()
    }
}

/// The page of a registry.
fn page(registry: &Registry) -> Result<String, fmt::Error> {
    let mut page = String::new();
    text::encode(&mut page, registry)?;
    Ok(page)
}
