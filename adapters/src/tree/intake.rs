//! The bounds of an answer, kept while it arrives.

use crate::error::Error;

/// How large and how intricate one raw answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerLimits {
    /// Bytes, after decompression.
    pub bytes: usize,
    /// Objects, lists or elements in each other.
    pub depth: usize,
    /// Values, objects, lists, elements and attributes together.
    pub nodes: usize,
}

impl Default for AnswerLimits {
    fn default() -> Self {
        Self {
            bytes: 1 << 20,
            depth: 32,
            nodes: 20_000,
        }
    }
}

/// Takes an answer piece by piece, and stops it as soon as it is larger than allowed.
pub(crate) struct Intake {
    bytes: Vec<u8>,
    limit: usize,
}

impl Intake {
    /// An intake for one answer, of which so many bytes are announced.
    ///
    /// # Errors
    /// [`Error::Garbled`] when those are too many.
    pub(crate) fn new(limits: AnswerLimits, announced: u64) -> Result<Self, Error> {
        let limit = limits.bytes;
        let announced = usize::try_from(announced)
            .ok()
            .filter(|announced| *announced <= limit);
        Ok(Self {
            bytes: Vec::with_capacity(announced.ok_or_else(too_large)?),
            limit,
        })
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// [`Error::Garbled`] when the answer is too large.
    pub(crate) fn take(&mut self, piece: &[u8]) -> Result<(), Error> {
        if self.bytes.len().saturating_add(piece.len()) > self.limit {
            return Err(too_large());
        }
        self.bytes.extend_from_slice(piece);
        Ok(())
    }

    /// The whole answer, as it arrived.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

pub(super) fn too_large() -> Error {
    Error::garbled("the answer is larger than max_answer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_within_the_limit_comes_whole_in_whatever_pieces_and_a_larger_one_is_stopped() {
        let limits = AnswerLimits {
            bytes: 10_000,
            ..AnswerLimits::default()
        };
        let answer = b"0123456789".repeat(1_000);
        assert!(Intake::new(limits, 10_001).is_err_and(|error| error == too_large()));
        for pieces in [1, 7, 100_000] {
            let mut intake = Intake::new(limits, 10_000).expect("within the limit");
            for piece in answer.chunks(pieces) {
                assert_eq!(intake.take(piece), Ok(()));
            }
            assert_eq!(intake.take(b"1"), Err(too_large()));
            assert_eq!(intake.finish(), answer);
        }
    }
}
