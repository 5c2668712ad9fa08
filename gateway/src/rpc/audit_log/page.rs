//! Size and token of a page (AIP-158). A token says where to go on and belongs to one question of one agency.

use sha2::{Digest as _, Sha256};

use super::filter::malformed;
use crate::status::{Reason, Refusal};

/// Entries of a page when nobody says how many.
const USUAL: usize = 50;

/// The most entries of a page. Against an answer that is too long.
const MOST: usize = 500;

/// Bytes of the question's hash in a token.
const BINDING: usize = 16;

/// The page that is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) size: usize,
    /// Where to go on; none on the first page.
    pub(super) from: Option<u64>,
    binding: [u8; BINDING],
}

impl Page {
    /// Reads size and token. `question` is everything that the answer depends on, in bytes.
    pub(super) fn read(size: i32, token: &str, question: &[&[u8]]) -> Result<Self, Refusal> {
        let size = match usize::try_from(size) {
            Ok(0) => USUAL,
            Ok(size) => size.min(MOST),
            Err(_) => return Err(malformed("page_size")),
        };
        let binding = binding(question);
        let from = match token {
            "" => None,
            token => Some(place(token, &binding).ok_or_else(|| {
                let message = "page_token is not one of this question; begin with the first page";
                Refusal::new(Reason::Malformed, message).naming("page_token")
            })?),
        };
        Ok(Self { size, from, binding })
    }

    /// The token of the page that goes on at a place; empty when there is none.
    pub(super) fn next(&self, place: Option<u64>) -> String {
        place.map_or_else(String::new, |place| {
            hex::encode([&place.to_be_bytes()[..], &self.binding].concat())
        })
    }
}

fn place(token: &str, binding: &[u8; BINDING]) -> Option<u64> {
    let bytes = hex::decode(token).ok()?;
    let (place, bound) = bytes.split_first_chunk::<8>()?;
    (bound == binding).then(|| u64::from_be_bytes(*place))
}

/// Each part with its length before it, so that no two questions are the same bytes.
fn binding(question: &[&[u8]]) -> [u8; BINDING] {
    let mut digest = Sha256::new();
    for part in question {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let hash: [u8; 32] = digest.finalize().into();
    let mut binding = [0; BINDING];
    binding.copy_from_slice(&hash[..BINDING]);
    binding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_on_with_its_own_question_alone() {
        let first = Page::read(0, "", &[b"agency", b"question"]).expect("good");
        assert_eq!((first.size, first.from), (USUAL, None));
        let token = first.next(Some(77));
        let second = Page::read(1000, &token, &[b"agency", b"question"]).expect("good");
        assert_eq!((second.size, second.from), (MOST, Some(77)));
        assert_eq!(first.next(None), "");
        for (size, token, question) in [
            (0, token.as_str(), [&b"agency"[..], b"another"]),
            (0, token.as_str(), [b"agencyq", b"uestion"]),
            (0, &token[1..], [b"agency", b"question"]),
            (0, "zz", [b"agency", b"question"]),
            (-1, "", [b"agency", b"question"]),
        ] {
            let refused = Page::read(size, token, &question).expect_err("refused");
            assert_eq!(refused.reason, Reason::Malformed);
        }
    }
}
