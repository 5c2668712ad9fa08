//! The services that are not lookups.

mod audit_log;
mod caller;
mod catalog;
mod operation;

pub(crate) use audit_log::Kinds;
use std::sync::Arc;

use audit::Index;
use tonic::service::Routes;
use tonic_health::pb::health_server::{Health, HealthServer};

use crate::exchange::Exchange;
use crate::record::method::Methods;

/// Health, reflection, the audit service and the catalog.
pub fn others(
    exchange: &Arc<Exchange>,
    methods: &Methods,
    index: Arc<Index>,
    health: HealthServer<impl Health>,
) -> anyhow::Result<Routes> {
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
        .build_v1()?;
    let audit = proto::audit::v1::audit_service_server::AuditServiceServer::new(audit_log::AuditLog::new(
        exchange.clone(),
        index,
        Kinds::of(methods.values()),
    ));
    let catalog = proto::catalog::v1::catalog_service_server::CatalogServiceServer::new(catalog::Catalog {
        exchange: exchange.clone(),
    });
    Ok(Routes::new(health)
        .add_service(reflection)
        .add_service(audit)
        .add_service(catalog))
}
