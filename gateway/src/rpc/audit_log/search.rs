//! A page of what the index finds: each entry is read from the log and asked again whether it fits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use audit::{Appender, Index, IndexError, Question, Scope};
use prost::Message as _;
use proto::audit::v1 as wire;

use super::page::Page;
use super::read::{Placed, read};
use super::{AuditLog, filter};
use crate::identity::Caller;
use crate::status::{Reason, Refusal};

/// The longest answer, in bytes of entries. A page ends there, whatever its size.
const LONGEST: usize = 1 << 20;

/// The longest that one page is looked for. What is left is for the next one.
const PATIENCE: Duration = Duration::from_secs(2);

/// What one page holds.
pub(super) struct Found {
    pub(super) entries: Vec<Placed>,
    pub(super) next: Option<u64>,
    pub(super) size: u64,
}

impl AuditLog {
    pub(super) async fn search(
        &self,
        caller: &Caller,
        scope: Arc<Scope>,
        mut asked: wire::SearchEntriesRequest,
    ) -> Result<wire::SearchEntriesResponse, Refusal> {
        let size = std::mem::take(&mut asked.page_size);
        let token = std::mem::take(&mut asked.page_token);
        let question = Question {
            filter: filter::read(asked.filter.as_ref())?,
            scope: (*scope).clone(),
            order: filter::order(asked.order)?,
            from: None,
        };
        let seen = scope.agencies().join(" ");
        let bound = [
            b"search",
            caller.agency().as_bytes(),
            seen.as_bytes(),
            &asked.encode_to_vec(),
        ];
        let page = Page::read(size, &token, &bound)?;
        let found = self.find(question, &page).await?;
        Ok(wire::SearchEntriesResponse {
            entries: found
                .entries
                .iter()
                .map(Placed::to_wire)
                .collect::<Result<_, _>>()?,
            next_page_token: page.next(found.next),
            searched_size: found.size,
        })
    }

    /// The entries of a page.
    pub(super) async fn find(&self, question: Question, page: &Page) -> Result<Found, Refusal> {
        let (log, index) = (self.exchange.log.clone(), Arc::clone(&self.index));
        let (from, size) = (page.from, page.size);
        self.searches
            .aside(move || find(&log, &index, Question { from, ..question }, size))
            .await
    }
}

fn find(log: &Appender, index: &Index, mut question: Question, most: usize) -> Result<Found, Refusal> {
    let (begun, end) = (Instant::now(), log.durable().size);
    let mut bytes = 0;
    let mut found = Found {
        entries: Vec::new(),
        next: None,
        size: 0,
    };
    loop {
        let narrowed = index
            .narrow(&question, most - found.entries.len(), end)
            .map_err(unavailable)?;
        found.size = narrowed.size;
        for place in narrowed.places {
            let Some(placed) = read(log, place)?.filter(|placed| question.fits(&placed.entry)) else {
                continue;
            };
            bytes += placed.bytes.len();
            if bytes > LONGEST && !found.entries.is_empty() {
                found.next = Some(place);
                return Ok(found);
            }
            found.entries.push(placed);
        }
        found.next = narrowed.next;
        let full = found.entries.len() >= most || begun.elapsed() > PATIENCE;
        match narrowed.next {
            Some(next) if !full => question.from = Some(next),
            _ => return Ok(found),
        }
    }
}

fn unavailable(error: IndexError) -> Refusal {
    let message = match error {
        IndexError::Building => "the index of the log is being built",
        error => {
            tracing::warn!(%error, "the audit index can't be asked");
            "the index of the log can't be asked now"
        }
    };
    Refusal::new(Reason::IndexUnavailable, message).retry_after(Duration::from_secs(1))
}
