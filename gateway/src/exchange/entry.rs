//! Entries of the access log, written straight into the log's buffer in canonical form: fields in
//! ascending order, default values left out. The numbers are those of `lienthong.audit.v1.Entry`.

use audit::EntryKind;

use super::answer::Answer;
use super::story::Story;
use crate::cache::Exchanged;
use crate::clock::Moment;
use crate::record::wire::{put_bytes, put_varint};
use crate::status::Refusal;

/// Version of the entry's form.
const VERSION: u64 = 1;

/// The entry that says that a registry is about to be asked.
pub(super) fn intent(story: &Story<'_>, now: Moment, out: &mut Vec<u8>) {
    head(story, EntryKind::Intent, now, out);
    put_list(out, 23, story.fields_asked.as_deref().unwrap_or_default());
    tail(story, Tail::default(), out);
}

/// The entry that says how a call ended.
pub(super) fn outcome(story: &Story<'_>, outcome: &Result<Answer, Refusal>, now: Moment, out: &mut Vec<u8>) {
    head(story, EntryKind::Outcome, now, out);
    put_list(out, 23, story.fields_asked.as_deref().unwrap_or_default());
    match outcome {
        Ok(answer) => {
            put_list(out, 24, &answer.given);
            put_text(out, 25, "OK");
            put_text(out, 26, answer.from.word());
            put_number(out, 27, answer.as_of.unwrap_or(0).cast_unsigned());
        }
        Err(refusal) => put_text(out, 25, refusal.reason.word()),
    }
    let answer_hmac = outcome.as_ref().ok().map(|answer| &answer.hmac);
    let clause = outcome
        .as_ref()
        .err()
        .and_then(|refusal| refusal.clause.as_deref());
    let exchanged = match outcome {
        Ok(answer) => Some(&*answer.exchanged),
        Err(refusal) => refusal.refused_in.as_deref(),
    };
    let latency = u64::try_from(story.started.elapsed().as_micros()).unwrap_or(u64::MAX);
    tail(
        story,
        Tail {
            answer_hmac,
            exchanged,
            latency,
            clause,
        },
        out,
    );
}

fn head(story: &Story<'_>, kind: EntryKind, now: Moment, out: &mut Vec<u8>) {
    put_number(out, 1, VERSION);
    put_number(out, 2, now.0.cast_unsigned());
    put_text(out, 3, story.request_id.as_str());
    put_number(out, 4, kind as u64);
    if let Some(caller) = &story.caller {
        put_text(out, 5, caller.agency());
        put_text(out, 6, caller.system());
        put_text(out, 7, caller.officer());
        put_text(out, 8, caller.role());
    } else if let Some(agency) = &story.agency {
        put_text(out, 5, agency);
    }
    put_bytes(out, 9, story.peer.fingerprint());
    if let Some(caller) = &story.caller {
        put_bytes(out, 10, caller.token_id_hash());
    }
    put_text(out, 11, &story.context.receiving_agency);
    put_text(out, 12, &story.context.competent_agency);
    put_text(out, 13, &story.context.procedure);
    put_text(out, 14, story.context.step_word());
    put_text(out, 15, &story.context.component);
    put_text(out, 16, &story.context.dossier);
    if let Some(permit) = &story.permit {
        let agreement = &permit.grant().agreement;
        put_text(out, 17, &agreement.legal_basis);
        put_text(out, 18, &agreement.name);
        put_text(out, 19, &agreement.version);
    }
    put_text(out, 20, &story.directory.version);
    put_text(out, 21, &story.method.registry);
    put_text(out, 22, story.method.operation_word);
}

#[derive(Default)]
struct Tail<'a> {
    answer_hmac: Option<&'a [u8; 32]>,
    exchanged: Option<&'a Exchanged>,
    latency: u64,
    clause: Option<&'a str>,
}

fn tail(story: &Story<'_>, tail: Tail<'_>, out: &mut Vec<u8>) {
    if let Some(hmac) = tail.answer_hmac {
        put_bytes(out, 28, hmac);
    }
    let exchanged = tail.exchanged;
    let transaction = exchanged.and_then(|exchanged| exchanged.transaction.as_deref());
    put_text(out, 29, transaction.unwrap_or(""));
    put_number(out, 30, tail.latency);
    if let Some(subject) = &story.subject {
        put_bytes(out, 31, &subject.pseudonym);
        if let Some(sealed) = subject.sealed() {
            put_bytes(out, 32, sealed);
        }
    }
    put_text(out, 33, &story.method.record.name);
    put_text(out, 34, tail.clause.unwrap_or(""));
    put_number(out, 35, u64::from(story.item));
    if let Some(subject) = &story.subject {
        put_text(out, 36, subject.keys.name());
    }
    let route = exchanged.and_then(|exchanged| exchanged.route.as_deref());
    put_text(out, 37, route.unwrap_or(""));
    let unit = story.caller.as_ref().and_then(|caller| caller.unit());
    put_text(out, 38, unit.unwrap_or(""));
}

fn put_text(out: &mut Vec<u8>, number: u32, text: &str) {
    if !text.is_empty() {
        put_bytes(out, number, text.as_bytes());
    }
}

fn put_number(out: &mut Vec<u8>, number: u32, value: u64) {
    if value != 0 {
        put_varint(out, number, value);
    }
}

fn put_list(out: &mut Vec<u8>, number: u32, texts: &[std::sync::Arc<str>]) {
    for text in texts {
        put_bytes(out, number, text.as_bytes());
    }
}
