//! Compressed answers, unfolded up to a limit.

use std::io::{BufRead, Read};

use flate2::bufread::{GzDecoder, ZlibDecoder};

use super::breath;
use super::intake::too_large;
use crate::error::Error;

/// Bytes that are unfolded in one go.
const PIECE: usize = 32 << 10;

/// How an answer is compressed, as its transport says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 1950, which HTTP calls `deflate`.
    Deflate,
}

/// What comes of unfolding.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unfolded {
    /// All of it.
    Whole(Vec<u8>),
    /// There is more than was allowed.
    More,
}

impl Unfolded {
    /// All of it.
    ///
    /// # Errors
    /// [`Error::Garbled`] when there is more than was allowed.
    pub(crate) fn whole(self) -> Result<Vec<u8>, Error> {
        match self {
            Self::Whole(bytes) => Ok(bytes),
            Self::More => Err(too_large()),
        }
    }
}

impl Compression {
    /// The compression that a `Content-Encoding` names; none where the answer comes as it is.
    ///
    /// # Errors
    /// [`Error::Garbled`] for one that nobody asked for.
    pub(crate) fn of_content_encoding(value: Option<&str>) -> Result<Option<Self>, Error> {
        match value.map(str::trim) {
            None | Some("" | "identity") => Ok(None),
            Some("gzip" | "x-gzip") => Ok(Some(Self::Gzip)),
            Some("deflate") => Ok(Some(Self::Deflate)),
            Some(_) => Err(Error::garbled("the answer is compressed in an unknown way")),
        }
    }

    /// What is packed in these bytes, as far as it is at most `most` bytes. More than that is never held.
    ///
    /// # Errors
    /// [`Error::Garbled`] for what is not packed so, was cut short, or has something behind its end.
    pub(crate) fn unfold(self, mut packed: &[u8], most: usize) -> Result<Unfolded, Error> {
        match self {
            Self::Gzip => read(GzDecoder::new(&mut packed), most),
            Self::Deflate => read(ZlibDecoder::new(&mut packed), most),
        }
        .and_then(|unfolded| match unfolded {
            Unfolded::Whole(_) if packed.fill_buf().is_ok_and(|rest| !rest.is_empty()) => Err(garbled()),
            unfolded => Ok(unfolded),
        })
    }
}

fn read(mut decoder: impl Read, most: usize) -> Result<Unfolded, Error> {
    let mut bytes = Vec::new();
    let mut piece = [0; PIECE];
    loop {
        match decoder.read(&mut piece).map_err(|_| garbled())? {
            0 => return Ok(Unfolded::Whole(bytes)),
            read if bytes.len() + read > most => return Ok(Unfolded::More),
            read => bytes.extend_from_slice(piece.get(..read).unwrap_or_default()),
        }
        breath::many();
    }
}

fn garbled() -> Error {
    Error::garbled("the answer is not compressed as it says")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression as Level;
    use flate2::write::{GzEncoder, ZlibEncoder};

    use super::*;

    const MOST: usize = 10_000;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Level::best());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Level::best());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    #[test]
    fn an_answer_within_the_limit_comes_whole() {
        let answer = b"0123456789".repeat(1_000);
        let whole = Ok(Unfolded::Whole(answer.clone()));
        assert_eq!(Compression::Gzip.unfold(&gzip(&answer), MOST), whole);
        assert_eq!(Compression::Deflate.unfold(&deflate(&answer), MOST), whole);
        assert_eq!(
            Compression::Gzip.unfold(&gzip(&answer), MOST - 1),
            Ok(Unfolded::More)
        );
    }

    #[test]
    fn an_answer_that_unfolds_too_large_is_stopped() {
        for bomb in [gzip(&vec![0; 1 << 20]), gzip(&vec![0; 10 << 20])] {
            let unfolded = Compression::Gzip.unfold(&bomb, MOST);
            assert_eq!(unfolded.and_then(Unfolded::whole), Err(too_large()));
        }
    }

    #[test]
    fn what_is_cut_short_packed_otherwise_or_has_something_behind_it_is_garbled() {
        let packed = gzip(b"an answer");
        let cut = packed.get(..packed.len() - 9).expect("long enough");
        let more = [packed.as_slice(), b"!"].concat();
        for bytes in [cut, b"an answer as it is", &more, b""] {
            assert_eq!(Compression::Gzip.unfold(bytes, MOST), Err(garbled()));
        }
        assert!(Compression::of_content_encoding(Some("br")).is_err());
        assert_eq!(
            Compression::of_content_encoding(Some("gzip")),
            Ok(Some(Compression::Gzip))
        );
        assert_eq!(Compression::of_content_encoding(Some("identity")), Ok(None));
    }
}
