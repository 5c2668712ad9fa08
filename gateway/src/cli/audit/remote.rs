//! Searching over a gateway's audit service, as an auditor agency.

use std::future::Future;
use std::path::Path;

use anyhow::{Context as _, Result};
use audit::{Entry, Filter, Order, Question};
use prost::Message as _;
use proto::audit::v1 as wire;
use tokio::runtime::Runtime;
use tonic::{Code, Status};

use super::Usage;
use super::place::Take;
use crate::cli::client::{AuditClient, Client, Profile, Refused};
use crate::clock::Moment;

/// Entries of a page.
const PAGE: i32 = 500;

/// A connected auditor.
pub(super) struct Remote {
    runtime: Runtime,
    client: Client,
}

impl Remote {
    pub(super) fn connect(profile: &Path) -> Result<Self> {
        let profile = Profile::load(profile).map_err(|error| Usage(format!("{error:#}")))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("no runtime")?;
        let client = runtime.block_on(Client::connect(&profile))?;
        Ok(Self { runtime, client })
    }

    /// One call; a refusal keeps its word.
    pub(super) fn call<T, F>(&self, call: impl FnOnce(AuditClient) -> F) -> Result<T>
    where
        F: Future<Output = Result<tonic::Response<T>, Status>>,
    {
        let answer = self.runtime.block_on(call(self.client.audit()));
        Ok(answer.map_err(Refused::from)?.into_inner())
    }

    pub(super) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    pub(super) fn search(&self, question: &Question, take: &mut Take<'_>) -> Result<()> {
        let mut ask = wire::SearchEntriesRequest {
            filter: Some(filter(&question.filter)),
            order: match question.order {
                Order::NewestFirst => wire::EntryOrder::NewestFirst,
                Order::OldestFirst => wire::EntryOrder::OldestFirst,
            }
            .into(),
            page_size: PAGE,
            page_token: String::new(),
        };
        loop {
            let asked = ask.clone();
            let page = self.call(|mut log| async move { log.search_entries(asked).await })?;
            for placed in page.entries {
                if !take(placed.index, &entry(placed.entry.unwrap_or_default())?)? {
                    return Ok(());
                }
            }
            ask.page_token = page.next_page_token;
            if ask.page_token.is_empty() {
                return Ok(());
            }
        }
    }

    pub(super) fn entry(&self, index: u64) -> Result<Option<Entry>> {
        match self.proved(index) {
            Ok(answer) => Ok(Some(Entry::decode_canonical(&answer.entry_bytes)?)),
            Err(error) => match error.downcast::<Refused>() {
                Ok(refused) if refused.code == Code::NotFound => Ok(None),
                Ok(refused) => Err(refused.into()),
                Err(error) => Err(error),
            },
        }
    }

    /// One entry with its proof.
    pub(super) fn proved(&self, index: u64) -> Result<wire::GetEntryResponse> {
        self.call(|mut log| async move { log.get_entry(wire::GetEntryRequest { index }).await })
    }
}

/// The entry of an answer: the same message, other types.
pub(super) fn entry(wire: wire::Entry) -> Result<Entry> {
    Ok(Entry::decode(wire.encode_to_vec().as_slice())?)
}

/// A filter as the wire has it.
pub(super) fn filter(filter: &Filter) -> wire::EntryFilter {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    wire::EntryFilter {
        from: filter.from_unix_micros.map(|micros| Moment(micros).timestamp()),
        until: filter.until_unix_micros.map(|micros| Moment(micros).timestamp()),
        agency: text(&filter.agency),
        officer: text(&filter.officer),
        procedure: text(&filter.procedure),
        dossier: text(&filter.dossier),
        registry: text(&filter.registry),
        outcome: text(&filter.outcome),
        field: text(&filter.field_given),
        subject_pseudonyms: filter
            .subject_pseudonyms
            .iter()
            .map(|one| one.clone().into())
            .collect(),
        kind: filter.kind.map_or(0, i32::from),
        request_id: text(&filter.request_id),
        operation: text(&filter.operation),
    }
}
