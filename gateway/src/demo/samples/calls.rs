//! One sample call: a method and its request.

use anyhow::Result;
use prost_reflect::{DynamicMessage, MethodDescriptor};

use crate::cli::client::{Ask, lookup_method};
use crate::clock::Moment;

/// The dossier that a call is made for.
#[derive(Clone, Debug)]
pub(super) struct Dossier {
    procedure: &'static str,
    code: String,
    receiving: &'static str,
    competent: &'static str,
    step: &'static str,
}

impl Dossier {
    /// A dossier of the flagship procedure, received today.
    pub(super) fn new(receiving: &'static str, competent: &'static str, number: u32) -> Result<Self> {
        Self::for_procedure("2.001478", receiving, competent, number)
    }

    pub(super) fn for_procedure(
        procedure: &'static str,
        receiving: &'static str,
        competent: &'static str,
        number: u32,
    ) -> Result<Self> {
        let day = Moment::now().viet_nam_day().strftime("%y%m%d").to_string();
        let code = format!("{receiving}-{day}-{number:04}");
        Ok(Self {
            procedure,
            code,
            receiving,
            competent,
            step: "STEP_RECEIVING",
        })
    }

    #[must_use]
    pub(super) fn at_deciding(self) -> Self {
        Self {
            step: "STEP_DECIDING",
            ..self
        }
    }
}

/// A call that is ready to be made.
pub(super) struct Call {
    pub(super) method: MethodDescriptor,
    pub(super) request: DynamicMessage,
    /// Component of the dossier that the answer is to replace.
    pub(super) component: &'static str,
}

impl Call {
    pub(super) fn new(
        method: &str,
        dossier: &Dossier,
        component: &'static str,
        identifier: &str,
    ) -> Result<Self> {
        let method = lookup_method(method)?;
        let request = Ask::of(&method)
            .set("context.procedure_code", dossier.procedure)?
            .set("context.dossier_code", &dossier.code)?
            .set("context.component", component)?
            .set("context.step", dossier.step)?
            .set("context.receiving_agency", dossier.receiving)?
            .set("context.competent_agency", dossier.competent)?
            .identifier(identifier)?
            .done();
        Ok(Self {
            method,
            request,
            component,
        })
    }

    pub(super) fn with(self, path: &str, text: &str) -> Result<Self> {
        let request = Ask::from(self.request).set(path, text)?.done();
        Ok(Self { request, ..self })
    }

    pub(super) fn claiming(self, path: &str, text: &str) -> Result<Self> {
        self.with(&format!("claims.{path}"), text)
    }

    pub(super) fn asking(self, fields: &[&str]) -> Result<Self> {
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        let request = Ask::from(self.request).fields(&fields)?.done();
        Ok(Self { request, ..self })
    }
}
