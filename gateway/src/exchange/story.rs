//! What is known of one call so far: what its entry will tell, whatever its outcome.

use std::sync::Arc;
use std::time::Instant;

use uuid::Uuid;

use crate::authorization::Permit;
use crate::clock::Moment;
use crate::identity::{Caller, PeerCertificate};
use crate::record::method::Method;
use crate::record::query::Context;

/// The story of one call, or of one item of a stream.
#[derive(Clone)]
pub(super) struct Story {
    pub(super) request_id: String,
    pub(super) received: Moment,
    pub(super) started: Instant,
    pub(super) config_version: Arc<str>,
    pub(super) method: Arc<Method>,
    pub(super) certificate: [u8; 32],
    /// The agency of the certificate, when there is no caller.
    pub(super) agency: Option<Arc<str>>,
    pub(super) caller: Option<Arc<Caller>>,
    pub(super) context: Context,
    pub(super) pseudonym: Option<[u8; 32]>,
    pub(super) fields_asked: Vec<Arc<str>>,
    pub(super) permit: Option<Permit>,
    /// Number of the item of a stream, from 1; 0 for a unary call.
    pub(super) item: u32,
}

impl Story {
    pub(super) fn begin(method: &Arc<Method>, peer: &PeerCertificate, config_version: &Arc<str>) -> Self {
        Self {
            request_id: Uuid::now_v7().to_string(),
            received: Moment::now(),
            started: Instant::now(),
            config_version: config_version.clone(),
            method: method.clone(),
            certificate: *peer.fingerprint(),
            agency: None,
            caller: None,
            context: Context::default(),
            pseudonym: None,
            fields_asked: Vec::new(),
            permit: None,
            item: 0,
        }
    }

    pub(super) fn item(&self, number: u32) -> Self {
        Self {
            item: number,
            received: Moment::now(),
            started: Instant::now(),
            ..self.clone()
        }
    }
}
