//! Entries as they become durable. What is ahead of the reader is bounded; one that does not keep up is ended.

use std::sync::Arc;
use std::time::Duration;

use audit::{Appender, Question, Scope};
use proto::audit::v1 as wire;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::read::read;
use super::{Searches, filter};
use crate::exchange::Exchange;
use crate::status::{Reason, Refusal};

/// The stream of an answer.
pub(super) type Tail = ReceiverStream<Result<wire::TailEntriesResponse, Status>>;

/// Entries ahead of the reader.
const AHEAD: usize = 64;

/// Entries read at once.
const CHUNK: u64 = 256;

/// How long a reader may take for one entry when as many as may be are ahead of it. Shorter than the listener waits for a peer
/// that does not read: the stream ends by name before the connection ends without a word.
const SLOWEST: Duration = Duration::from_secs(5);

/// The life of a stream: as long as a token lives at most. The reader comes back with another one.
const LIFE: Duration = Duration::from_secs(600);

/// A tail that was asked for and may be given.
pub(super) struct Asked {
    question: Question,
    next: u64,
    /// The configuration that it was permitted under.
    version: Arc<str>,
}

impl Asked {
    pub(super) fn read(
        exchange: &Exchange,
        scope: Arc<Scope>,
        asked: &wire::TailEntriesRequest,
    ) -> Result<Self, Refusal> {
        let size = exchange.log.durable().size;
        Ok(Self {
            question: Question {
                filter: filter::read(asked.filter.as_ref())?,
                scope: (*scope).clone(),
                ..Question::default()
            },
            next: asked.from_index.unwrap_or(size).min(size),
            version: Arc::clone(&exchange.directory.load().version),
        })
    }
}

/// Starts the stream; it ends when the reader goes.
pub(super) fn start(exchange: Arc<Exchange>, searches: Searches, asked: Asked) -> Tail {
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let ended = run(&exchange, searches, asked, &sender).await;
        // The reader is told once it reads again; one that went is not waited for.
        drop(sender.send(Err(ended)).await);
    });
    ReceiverStream::new(receiver)
}

/// Sends what fits until there is a reason to end.
async fn run(
    exchange: &Exchange,
    searches: Searches,
    asked: Asked,
    sender: &mpsc::Sender<Result<wire::TailEntriesResponse, Status>>,
) -> Status {
    let Asked {
        question,
        mut next,
        version,
    } = asked;
    let question = Arc::new(question);
    let end = Instant::now() + LIFE;
    let mut news = exchange.log.subscribe();
    loop {
        if exchange.directory.load().version != version {
            return again(next, "the configuration changed");
        }
        if Instant::now() >= end {
            return again(next, "the stream has lived as long as a token may");
        }
        let size = news.borrow_and_update().size;
        while next < size {
            if sender.is_closed() {
                return Status::cancelled("the reader went");
            }
            if Instant::now() >= end {
                return again(next, "the stream has lived as long as a token may");
            }
            let until = size.min(next + CHUNK);
            let entries = match chunk(&searches, &exchange.log, &question, next, until).await {
                Ok(entries) => entries,
                Err(refusal) => return refusal.status("", None),
            };
            for entry in entries {
                let at = entry.index;
                let message = wire::TailEntriesResponse { entry: Some(entry) };
                match timeout(SLOWEST, sender.send(Ok(message))).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return Status::cancelled("the reader went"),
                    Err(_) => return too_slow(at),
                }
            }
            next = until;
            if exchange.directory.load().version != version {
                return again(next, "the configuration changed");
            }
        }
        // A change of configuration writes an entry, so it wakes this too.
        tokio::select! {
            changed = timeout_at(end, news.changed()) => if matches!(changed, Ok(Err(_))) {
                return again(next, "the gateway stops");
            },
            () = sender.closed() => return Status::cancelled("the reader went"),
        }
    }
}

/// The entries that fit among a few.
async fn chunk(
    searches: &Searches,
    log: &Appender,
    question: &Arc<Question>,
    from: u64,
    until: u64,
) -> Result<Vec<wire::PlacedEntry>, Refusal> {
    let (log, question) = (log.clone(), Arc::clone(question));
    let work = move || {
        let mut entries = Vec::new();
        for index in from..until {
            if let Some(placed) = read(&log, index)?.filter(|placed| question.fits(&placed.entry)) {
                entries.push(placed.to_wire()?);
            }
        }
        Ok(entries)
    };
    searches.aside(work).await
}

fn again(next: u64, why: &str) -> Status {
    Status::unavailable(format!("{why}: call again with from_index {next}"))
}

fn too_slow(next: u64) -> Status {
    let message = format!("entries are not read as fast as they come: call again with from_index {next}");
    Refusal::new(Reason::Overloaded, message).status("", None)
}
