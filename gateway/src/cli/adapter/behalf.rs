//! On whose behalf a probe asks: what another gateway, or a registry whose requests have more places than the
//! identifier, wants to know before it answers.

use std::sync::Arc;

use adapters::text::date;
use adapters::{Call, Fact, FactValue};
use anyhow::{Context as _, Result};
use clap::Args;
use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor, MethodDescriptor};
use proto::lookup::v1::Operation;
use uuid::Uuid;

use super::super::client::Ask;
use crate::clock::Moment;

/// On whose behalf, where the registry wants to know. Given all together.
#[derive(Debug, Args)]
pub(super) struct Behalf {
    /// The officer.
    #[arg(long, requires_all = ["role", "procedure", "dossier", "receiving", "competent"])]
    officer: Option<String>,
    /// The agency whose system asks.
    #[arg(long, requires = "officer")]
    agency: Option<String>,
    /// The officer's role.
    #[arg(long, requires = "officer")]
    role: Option<String>,
    /// Code of the procedure.
    #[arg(long, requires = "officer")]
    procedure: Option<String>,
    /// Code of the dossier.
    #[arg(long, requires = "officer")]
    dossier: Option<String>,
    /// Step of the dossier: receiving or deciding.
    #[arg(long, requires = "officer", default_value = "receiving")]
    step: String,
    /// Component of the dossier that the answer is to replace.
    #[arg(long, requires = "officer")]
    component: Option<String>,
    /// Agency that receives the dossier.
    #[arg(long, requires = "officer")]
    receiving: Option<String>,
    /// Agency that decides it.
    #[arg(long, requires = "officer")]
    competent: Option<String>,
    /// Second fact: the person's full name.
    #[arg(long, requires = "officer")]
    name: Option<String>,
    /// Second fact: the birth date.
    #[arg(long, requires = "officer")]
    birth: Option<String>,
}

impl Behalf {
    /// The call that a record is asked for; none when nobody is named.
    pub(super) fn call(&self, record: &MessageDescriptor, key: &str) -> Result<Option<Arc<Call>>> {
        let Some(officer) = &self.officer else {
            return Ok(None);
        };
        let method = method(record).with_context(|| format!("no lookup gives {}", record.full_name()))?;
        let request = Ask::of(&method)
            .identifier(key)?
            .maybe("key.full_name", self.name.as_deref())?
            .maybe("key.birth_date", self.birth.as_deref())?
            .maybe("context.procedure_code", self.procedure.as_deref())?
            .maybe("context.dossier_code", self.dossier.as_deref())?
            .maybe("context.component", self.component.as_deref())?
            .set("context.step", &self.step)?
            .maybe("context.receiving_agency", self.receiving.as_deref())?
            .maybe("context.competent_agency", self.competent.as_deref())?
            .done();
        Ok(Some(Arc::new(Call {
            request_id: Uuid::now_v7().to_string().into(),
            at: Moment::now().0,
            agency: self.agency.as_deref().unwrap_or_default().into(),
            officer: officer.as_str().into(),
            role: self.role.as_deref().unwrap_or_default().into(),
            context: part(&request, "context").into(),
            key: part(&request, "key").into(),
            facts: self.facts()?,
            max_age: None,
        })))
    }
}

impl Behalf {
    fn facts(&self) -> Result<Vec<Fact>> {
        let mut facts = Vec::new();
        let mut add = |name: &str, value| {
            let name = name.into();
            facts.push(Fact { name, value });
        };
        if let Some(name) = &self.name {
            add("full_name", FactValue::Text(name.as_str().into()));
        }
        if let Some(birth) = &self.birth {
            let parsed = date::parse(birth).ok().flatten();
            let date = parsed.context("--birth is no date")?.date;
            add("birth_date", FactValue::Date(date));
        }
        Ok(facts)
    }
}

/// The lookup that gives a record.
fn method(record: &MessageDescriptor) -> Option<MethodDescriptor> {
    record.parent_pool().services().find_map(|service| {
        service.methods().find(|method| {
            let lookup = proto::rules::lookup_method(method);
            lookup.is_some_and(|lookup| {
                lookup.record == record.full_name() && lookup.operation() == Operation::Get
            })
        })
    })
}

fn part(request: &DynamicMessage, name: &str) -> Vec<u8> {
    let value = request.get_field_by_name(name);
    let message = value.as_ref().and_then(|value| value.as_message());
    message.map(|message| message.encode_to_vec()).unwrap_or_default()
}
