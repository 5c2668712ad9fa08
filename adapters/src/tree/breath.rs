//! On the thread of large answers others go first, not only when they have waited for the kernel's slice of some
//! milliseconds: a lower priority alone takes nothing from whoever runs already. So it lets them by between the pieces.

use std::cell::Cell;

use crate::background;

/// Pieces in a row, each work of some tens of nanoseconds.
const PIECES: u32 = 1_024;

thread_local! {
    /// Pieces since the last breath, on a thread that gives way.
    static PIECES_READ: Cell<Option<u32>> = const { Cell::new(None) };
}

/// From now on this thread gives way.
pub(super) fn give_way() {
    PIECES_READ.set(Some(0));
}

/// One more piece of an answer is read, on whatever thread.
pub(crate) fn piece() {
    if let Some(read) = PIECES_READ.get() {
        let enough = read >= PIECES;
        PIECES_READ.set(Some(if enough { 0 } else { read + 1 }));
        if enough {
            background::give_way();
        }
    }
}

/// As many pieces at once as are a breath's.
#[cfg(feature = "http")]
pub(super) fn many() {
    if PIECES_READ.get().is_some() {
        background::give_way();
    }
}
