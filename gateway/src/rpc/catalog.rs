//! The catalog service: what there is to ask, and what the caller's own agency may ask. Each call has
//! its entry in the access log.

mod page;

use std::sync::Arc;

use proto::catalog::v1::catalog_service_server::CatalogService;
use proto::catalog::v1::{
    ExplainDecisionRequest, ExplainDecisionResponse, ListPermissionsRequest, ListPermissionsResponse,
    ListProceduresRequest, ListProceduresResponse, ListRegistriesRequest, ListRegistriesResponse,
};
use proto::lookup::v1::{Operation, Step};
use tonic::{Request, Response, Status};

use super::caller::caller;
use crate::catalog::{self, Asking};
use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::identity::Caller;
use crate::status::{Reason, Refusal};
use page::Page;

pub(super) struct Catalog {
    pub(super) exchange: Arc<Exchange>,
}

#[tonic::async_trait]
impl CatalogService for Catalog {
    async fn list_registries(
        &self,
        request: Request<ListRegistriesRequest>,
    ) -> Result<Response<ListRegistriesResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.get_ref();
        let directory = self.exchange.directory.load_full();
        let page = Page::read(asked.page_size, &asked.page_token, &directory.version);
        let listed = page.map(|page| {
            let (registries, next_page_token) = page.of(&directory.catalog.registries);
            ListRegistriesResponse {
                registries,
                next_page_token,
            }
        });
        self.answer(&caller, audit::Operation::ListRegistries, listed)
            .await
    }

    async fn list_procedures(
        &self,
        request: Request<ListProceduresRequest>,
    ) -> Result<Response<ListProceduresResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.get_ref();
        let directory = self.exchange.directory.load_full();
        let page = Page::read(asked.page_size, &asked.page_token, &directory.version);
        let listed = page.map(|page| {
            let (procedures, next_page_token) = page.of(&directory.catalog.procedures);
            ListProceduresResponse {
                procedures,
                next_page_token,
            }
        });
        self.answer(&caller, audit::Operation::ListProcedures, listed)
            .await
    }

    async fn list_permissions(
        &self,
        request: Request<ListPermissionsRequest>,
    ) -> Result<Response<ListPermissionsResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.get_ref();
        let directory = self.exchange.directory.load_full();
        let page = Page::read(asked.page_size, &asked.page_token, &directory.version);
        let listed = page.map(|page| {
            let all = catalog::permissions(
                &directory.catalog,
                &directory.agreements,
                caller.agency(),
                (&asked.registry, &asked.procedure_code),
                Moment::now().viet_nam_day(),
            );
            let (permissions, next_page_token) = page.of(&all);
            ListPermissionsResponse {
                permissions,
                next_page_token,
            }
        });
        self.answer(&caller, audit::Operation::ListPermissions, listed)
            .await
    }

    async fn explain_decision(
        &self,
        request: Request<ExplainDecisionRequest>,
    ) -> Result<Response<ExplainDecisionResponse>, Status> {
        let caller = caller(&request)?;
        let explained = self.explain(&caller, request.get_ref());
        self.answer(&caller, audit::Operation::ExplainDecision, explained)
            .await
    }
}

impl Catalog {
    fn explain(
        &self,
        caller: &Caller,
        asked: &ExplainDecisionRequest,
    ) -> Result<ExplainDecisionResponse, Refusal> {
        let directory = self.exchange.directory.load_full();
        let operation = Operation::try_from(asked.operation).map_err(|_| malformed("operation"))?;
        let step = Step::try_from(asked.step).map_err(|_| malformed("step"))?;
        let asking = Asking {
            agency: caller.agency(),
            registry: &asked.registry,
            record: &asked.record,
            operation: Some(operation).filter(|operation| *operation != Operation::Unspecified),
            procedure: &asked.procedure_code,
            step: Some(step).filter(|step| *step != Step::Unspecified),
            role: if asked.role.is_empty() {
                caller.role()
            } else {
                &asked.role
            },
            fields: &asked.fields,
        };
        let today = Moment::now().viet_nam_day();
        // What was found is the caller's own text and is not reflected.
        catalog::explain(&directory.catalog, &directory.agreements, &asking, today)
            .map_err(|unclear| malformed(unclear.part))
    }

    async fn answer<T>(
        &self,
        caller: &Caller,
        operation: audit::Operation,
        outcome: Result<T, Refusal>,
    ) -> Result<Response<T>, Status> {
        self.exchange
            .logged(caller, operation, outcome)
            .await
            .map(Response::new)
    }
}

fn malformed(part: &'static str) -> Refusal {
    Refusal::new(Reason::Malformed, format!("{part} names nothing that there is")).naming(part)
}
