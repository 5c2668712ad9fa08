//! What is known of one call so far: what its entry will tell, whatever its outcome.

use std::sync::Arc;
use std::time::Instant;

use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::authorization::Permit;
use crate::clock::Moment;
use crate::directory::Directory;
use crate::identity::{Caller, PeerCertificate};
use crate::record::method::Method;
use crate::record::query::Context;
use crate::record::view::Names;

use super::subject::Named;

/// The story of one call, or of one item of a stream.
#[derive(Clone)]
pub(super) struct Story<'a> {
    pub(super) request_id: RequestId,
    pub(super) received: Moment,
    pub(super) started: Instant,
    /// The configuration that all of the call is decided from.
    pub(super) directory: &'a Directory,
    pub(super) method: &'a Arc<Method>,
    pub(super) peer: &'a PeerCertificate,
    /// The agency of the certificate, when there is no caller.
    pub(super) agency: Option<Arc<str>>,
    pub(super) caller: Option<Arc<Caller>>,
    pub(super) context: Context,
    pub(super) subject: Option<Named>,
    pub(super) fields_asked: Option<Names>,
    pub(super) permit: Option<Permit>,
    /// Number of the item of a stream, from 1; 0 for a unary call.
    pub(super) item: u32,
}

impl<'a> Story<'a> {
    pub(super) fn begin(
        method: &'a Arc<Method>,
        peer: &'a PeerCertificate,
        directory: &'a Directory,
    ) -> Self {
        Self {
            request_id: RequestId::new(),
            received: Moment::now(),
            started: Instant::now(),
            directory,
            method,
            peer,
            agency: None,
            caller: None,
            context: Context::default(),
            subject: None,
            fields_asked: None,
            permit: None,
            item: 0,
        }
    }

    /// Forgets a component that the procedure does not have: any word could stand there, the name of a person too, and it
    /// would stand in the log in clear. Whether there is none to forget.
    pub(super) fn keep_known_component(&mut self) -> bool {
        let Context {
            procedure, component, ..
        } = &mut self.context;
        let components = self.directory.procedures.get(procedure);
        let known = component.is_empty() || components.is_some_and(|known| known.contains(component));
        if !known {
            component.clear();
        }
        known
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

/// Number of a call: a UUID of version 7 (RFC 9562 section 5.7) as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RequestId([u8; Hyphenated::LENGTH]);

impl RequestId {
    fn new() -> Self {
        let mut text = [0; Hyphenated::LENGTH];
        Uuid::now_v7().hyphenated().encode_lower(&mut text);
        Self(text)
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}
