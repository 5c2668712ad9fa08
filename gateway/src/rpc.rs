//! The services that are not lookups.

mod audit_log;
mod caller;
mod catalog;
mod operation;

pub(crate) use audit_log::Kinds;
use std::sync::Arc;

use audit::Index;
use proto::schemas::Schemas;
use tonic::service::Routes;
use tonic_health::pb::health_server::{Health, HealthServer};

use crate::exchange::Exchange;

/// Reflection over the built-in schemas and those of a configuration.
pub fn reflection(schemas: &Schemas) -> Result<Routes, tonic_reflection::server::Error> {
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(&schemas.added)
        .build_v1()?
        .max_decoding_message_size(usize::MAX);
    Ok(Routes::new(reflection))
}

/// Health, the audit service and the catalog. How long a message may be is the door's rule: it gives whole ones.
pub fn others(exchange: &Arc<Exchange>, index: Arc<Index>, health: HealthServer<impl Health>) -> Routes {
    let audit = proto::audit::v1::audit_service_server::AuditServiceServer::new(audit_log::AuditLog::new(
        exchange.clone(),
        index,
    ))
    .max_decoding_message_size(usize::MAX);
    let catalog = proto::catalog::v1::catalog_service_server::CatalogServiceServer::new(catalog::Catalog {
        exchange: exchange.clone(),
    })
    .max_decoding_message_size(usize::MAX);
    let health = health.max_decoding_message_size(usize::MAX);
    Routes::new(health).add_service(audit).add_service(catalog)
}
