//! How one connection behaves: what its frames, calls and answers were, and what that says.
//!
//! A connection, its calls and its stream run on one thread, but for calls that began before the connection was put
//! aside: only what those count is added to atomically.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32};
use std::time::Duration;

use super::ages::Ages;
use super::budget::Budget;
use crate::settings::ListenerSettings;

/// Each piece of an answer pays for so many frames: those of its call, and window updates.
const FRAMES_PER_PIECE: u32 = 4;
/// So many answered calls pay for one that was given up.
const ANSWERS_PER_RESET: u32 = 4;

/// Bytes of work that one connection gives in a row before the others have their turn. Against one
/// that floods: tokio's own budget would let it go on for two megabytes of frames.
const TURN: u32 = 16 << 10;
/// A frame is as much work as so many bytes.
const FRAME: u32 = 128;
/// So is a call that was begun for nothing.
const GIVEN_UP: u32 = 2 << 10;
/// Calls begun for nothing in about one tick, of which no honest peer has so many.
const STRIKES: u32 = 8;
/// Doubt lasts for so many ticks.
const DOUBT: u32 = 8;
/// The turn of a peer that has.
const SHORT_TURN: u32 = TURN / 8;

/// Why a connection is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// More frames that ask for nothing than its calls explain: floods of PING, SETTINGS, PRIORITY,
    /// WINDOW_UPDATE, CONTINUATION, empty DATA, of unknown types, of streams that are refused.
    Flood,
    /// More calls given up before their answer than the budget: rapid reset in all its forms.
    Resets,
    /// An answer that did not leave in time.
    SlowReader,
    /// No preface and first frame in the time that a handshake has.
    Silent,
    /// A first frame that is not SETTINGS (RFC 9113 §3.4), which h2 does not ask for.
    NotHttp2,
    /// No call for a long time.
    Idle,
}

impl Fault {
    /// How many kinds there are.
    pub(super) const COUNT: usize = Self::Idle as usize + 1;

    /// Whether what still comes is left unread. An idle peer may just have thought of a call.
    pub(super) fn is_hostile(self) -> bool {
        self != Self::Idle
    }
}

/// What one connection's stream, calls and keeper share.
pub(super) struct Conduct {
    limits: Limits,
    epoch: AtomicU32,
    greeted: AtomicBool,
    fault: AtomicU8,
    turn: AtomicU32,
    strikes: AtomicU32,
    /// The tick at which it is in doubt no more.
    doubted_until: AtomicU32,
    moves: AtomicU32,
    /// Calls that have neither been answered in full nor given up.
    open: AtomicU32,
    last_call: AtomicU32,
    answered: AtomicU32,
    pieces: AtomicU32,
    resets: Budget,
    /// Answers whose next piece waits for the peer.
    pub(super) waiting: Ages,
    /// Answers that are still being made.
    pub(super) making: Ages,
    /// Answers of which the first frame has left and the last has not.
    pub(super) leaving: Ages,
    /// Since when the socket takes nothing; 0 when it does.
    blocked: AtomicU32,
}

#[derive(Clone, Copy)]
struct Limits {
    frames: u32,
    resets: u32,
    tick: Duration,
    greeting_ticks: u32,
    idle_ticks: u32,
}

impl Conduct {
    pub(super) fn new(settings: &ListenerSettings) -> Arc<Self> {
        let send = settings.send_timeout.get_ref().0;
        let idle = settings.idle_timeout.get_ref().0;
        let tick = send.min(idle) / Ages::YOUNG;
        let ticks =
            |time: Duration| u32::try_from(time.as_nanos() / tick.as_nanos().max(1)).unwrap_or(u32::MAX);
        let limits = Limits {
            frames: *settings.max_control_frames.get_ref(),
            resets: *settings.max_resets.get_ref(),
            tick,
            greeting_ticks: ticks(settings.handshake_timeout.get_ref().0),
            idle_ticks: ticks(idle),
        };
        Arc::new(Self {
            limits,
            epoch: AtomicU32::new(0),
            greeted: AtomicBool::new(false),
            fault: AtomicU8::new(0),
            turn: AtomicU32::new(0),
            strikes: AtomicU32::new(0),
            doubted_until: AtomicU32::new(0),
            moves: AtomicU32::new(0),
            open: AtomicU32::new(0),
            last_call: AtomicU32::new(0),
            answered: AtomicU32::new(0),
            pieces: AtomicU32::new(0),
            resets: Budget::default(),
            waiting: Ages::default(),
            making: Ages::default(),
            leaving: Ages::default(),
            blocked: AtomicU32::new(0),
        })
    }

    /// How often [`Self::turn`] is called.
    pub(super) fn tick(&self) -> Duration {
        self.limits.tick
    }

    pub(super) fn epoch(&self) -> u32 {
        self.epoch.load(Relaxed)
    }

    /// One tick later: finds what has stood still for too long.
    pub(super) fn turn(&self) {
        let now = self.epoch() + 1;
        self.epoch.store(now, Relaxed);
        self.strikes.store(self.strikes.load(Relaxed) / 2, Relaxed);
        for ages in [&self.waiting, &self.making, &self.leaving] {
            ages.turn(now);
        }
        let blocked = self.blocked.load(Relaxed);
        // An answer whose maker is done and that has not left is held by the peer's window.
        let held = self.waiting.old() > 0 || self.leaving.old() > self.making.old();
        if held || (blocked != 0 && now + 1 - blocked > Ages::YOUNG) {
            self.blame(Fault::SlowReader);
        }
        if !self.has_greeted() && now > self.limits.greeting_ticks {
            self.blame(Fault::Silent);
        }
        let idle = now - self.last_call.load(Relaxed);
        if self.open.load(Relaxed) == 0 && idle > self.limits.idle_ticks {
            self.blame(Fault::Idle);
        }
    }

    /// The reason to end the connection, if there is one.
    pub(super) fn fault(&self) -> Option<Fault> {
        match self.fault.load(Relaxed) {
            0 => None,
            1 => Some(Fault::Flood),
            2 => Some(Fault::Resets),
            3 => Some(Fault::SlowReader),
            4 => Some(Fault::Silent),
            5 => Some(Fault::NotHttp2),
            _ => Some(Fault::Idle),
        }
    }

    fn blame(&self, fault: Fault) {
        if self.fault().is_none() {
            self.fault.store(fault as u8 + 1, Relaxed);
        }
    }

    /// The connection is polled anew. What it took beyond its last turn it owes.
    pub(super) fn begin_turn(&self) {
        let owed = self.turn.load(Relaxed).saturating_sub(self.whole_turn());
        self.turn.store(owed, Relaxed);
    }

    /// Whether it has had its turn.
    pub(super) fn had_turn(&self) -> bool {
        self.turn.load(Relaxed) > self.whole_turn()
    }

    fn whole_turn(&self) -> u32 {
        match self.is_striking() {
            true => SHORT_TURN,
            false => TURN,
        }
    }

    /// Whether many of its calls were begun for nothing just now.
    pub(super) fn is_striking(&self) -> bool {
        self.strikes.load(Relaxed) > STRIKES
    }

    /// Whether it does better behind everybody else.
    pub(super) fn is_doubtful(&self) -> bool {
        self.epoch() < self.doubted_until.load(Relaxed)
    }

    /// How often it went to the entrance and back.
    pub(super) fn moves(&self) -> u32 {
        self.moves.load(Relaxed)
    }

    /// It is polled by another runtime from now on.
    pub(super) fn moves_on(&self) {
        raise(&self.moves);
    }

    fn doubt(&self) {
        self.doubted_until.store(self.epoch() + DOUBT, Relaxed);
    }

    /// A call was begun for nothing: given up, or ended by a reset of ours.
    pub(super) fn strikes(&self) {
        raise(&self.strikes);
        if self.is_striking() {
            self.doubt();
        }
        self.takes(GIVEN_UP);
    }

    /// Bytes and frames came: how much work they are.
    pub(super) fn works(&self, bytes: usize, frames: u32) -> u32 {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let work = bytes.saturating_add(frames.saturating_mul(FRAME));
        self.takes(work);
        work
    }

    fn takes(&self, work: u32) {
        self.turn
            .store(self.turn.load(Relaxed).saturating_add(work), Relaxed);
    }

    /// The preface and the first frame have come.
    pub(super) fn greet(&self, settings: bool) {
        self.greeted.store(true, Relaxed);
        if !settings {
            self.blame(Fault::NotHttp2);
        }
    }

    pub(super) fn has_greeted(&self) -> bool {
        self.greeted.load(Relaxed)
    }

    /// The socket took bytes, or it did not. Whether it takes them again.
    pub(super) fn wrote(&self, ready: bool) -> bool {
        let since = self.blocked.load(Relaxed);
        match (ready, since) {
            (true, 0) | (false, 1..) => {}
            (true, _) => self.blocked.store(0, Relaxed),
            (false, 0) => self.blocked.store(self.epoch() + 1, Relaxed),
        }
        ready && since != 0
    }

    /// Whether the socket takes nothing, because the peer does not read.
    pub(super) fn is_blocked(&self) -> bool {
        self.blocked.load(Relaxed) != 0
    }

    pub(super) fn call_begins(&self) {
        raise(&self.open);
        self.last_call.store(self.epoch(), Relaxed);
    }

    pub(super) fn call_ends(&self) {
        self.open.fetch_sub(1, Relaxed);
        self.last_call.store(self.epoch(), Relaxed);
    }

    /// A call has its answer.
    pub(super) fn answers(&self) {
        raise(&self.answered);
        raise(&self.pieces);
    }

    /// A piece of an answer was given to the connection.
    pub(super) fn gives(&self) {
        raise(&self.pieces);
    }

    /// A call was given up before its answer.
    pub(super) fn gives_up(&self) {
        self.strikes();
        let earned = self.answered.load(Relaxed) / ANSWERS_PER_RESET;
        if !self.resets.spend(1, self.limits.resets, earned) {
            self.blame(Fault::Resets);
        }
    }

    /// A frame came that carries no data, or so much work as some. `budget` is the stream's own.
    pub(super) fn control_frame(&self, budget: &Budget, price: u32) -> bool {
        let earned = self.pieces.load(Relaxed).wrapping_mul(FRAMES_PER_PIECE);
        let within = budget.spend(price, self.limits.frames, earned);
        if !within {
            self.blame(Fault::Flood);
        }
        if budget.is_drawn_on(self.limits.frames) {
            self.doubt();
        }
        within
    }
}

fn raise(counter: &AtomicU32) {
    counter.fetch_add(1, Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_pay_for_calls_that_are_given_up_and_nothing_else_does() {
        let conduct = Conduct::new(&ListenerSettings::default());
        for _ in 0..200 {
            conduct.gives_up();
        }
        assert_eq!(conduct.fault(), None);
        for _ in 0..4 {
            conduct.answers();
        }
        conduct.gives_up();
        assert_eq!(conduct.fault(), None, "four answers pay for one");
        for _ in 0..20 {
            conduct.gives_up();
        }
        assert_eq!(conduct.fault(), Some(Fault::Resets));
    }

    #[test]
    fn who_begins_calls_for_nothing_has_a_short_turn_and_owes_what_it_took_beyond() {
        let conduct = Conduct::new(&ListenerSettings::default());
        conduct.works(TURN as usize, 0);
        assert!(!conduct.had_turn(), "a whole turn");
        conduct.works(TURN as usize, 0);
        assert!(conduct.had_turn());
        conduct.begin_turn();
        assert!(!conduct.had_turn(), "one turn was owed and is taken");
        conduct.begin_turn();
        for _ in 0..=STRIKES {
            conduct.strikes();
        }
        assert!(conduct.had_turn() && conduct.is_striking());
        let turns = (0..100).take_while(|_| {
            conduct.begin_turn();
            conduct.had_turn()
        });
        assert_eq!(
            turns.count(),
            STRIKES as usize - 1,
            "each call costs a short turn"
        );
        conduct.turn();
        conduct.begin_turn();
        conduct.works(TURN as usize, 0);
        assert!(!conduct.had_turn(), "it is forgotten in time");
    }

    #[test]
    fn frames_that_no_answer_explains_bring_doubt_and_frames_that_one_does_bring_none() {
        let limits = ListenerSettings::default();
        let most = *limits.max_control_frames.get_ref();
        let conduct = Conduct::new(&limits);
        let budget = Budget::default();
        for _ in 0..most {
            (0..FRAMES_PER_PIECE).for_each(|_| assert!(conduct.control_frame(&budget, 1)));
            conduct.answers();
        }
        assert!(!conduct.is_doubtful());
        (0..most / 2).for_each(|_| assert!(conduct.control_frame(&budget, 1)));
        assert!(conduct.is_doubtful());
        (0..DOUBT).for_each(|_| conduct.turn());
        assert!(!conduct.is_doubtful(), "it is forgotten in time");
    }

    #[test]
    fn an_answer_that_stays_and_a_peer_that_says_nothing_are_faults_and_honest_waiting_is_none() {
        let limits = ListenerSettings::default();
        let making = Conduct::new(&limits);
        making.greet(true);
        making.call_begins();
        making.making.enter(0);
        making.leaving.enter(0);
        let held = Conduct::new(&limits);
        held.greet(true);
        held.call_begins();
        held.leaving.enter(0);
        let silent = Conduct::new(&limits);
        silent.call_begins();
        for _ in 0..Ages::YOUNG {
            [&making, &held].into_iter().for_each(|conduct| conduct.turn());
        }
        assert_eq!(held.fault(), None);
        for _ in 0..Ages::YOUNG * 5 {
            [&making, &held, &silent]
                .into_iter()
                .for_each(|conduct| conduct.turn());
        }
        assert_eq!(making.fault(), None, "its maker is not done");
        assert_eq!(held.fault(), Some(Fault::SlowReader));
        assert_eq!(silent.fault(), Some(Fault::Silent));
    }
}
