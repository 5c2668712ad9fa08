//! The bounds of an answer, kept while it arrives.

use std::io::{self, Write};

use flate2::write::{GzDecoder, ZlibDecoder};

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
            nodes: 50_000,
        }
    }
}

/// How an answer is compressed, as its transport says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// As it is.
    None,
    /// RFC 1952.
    Gzip,
    /// RFC 1950, which HTTP calls `deflate`.
    Deflate,
}

impl Compression {
    /// The compression that a `Content-Encoding` names.
    ///
    /// # Errors
    /// [`Error::Garbled`] for one that nobody asked for.
    pub fn of_content_encoding(value: Option<&str>) -> Result<Self, Error> {
        match value.map(str::trim) {
            None | Some("" | "identity") => Ok(Self::None),
            Some("gzip" | "x-gzip") => Ok(Self::Gzip),
            Some("deflate") => Ok(Self::Deflate),
            Some(_) => Err(Error::garbled("the answer is compressed in an unknown way")),
        }
    }
}

/// Takes an answer piece by piece, and stops it as soon as it is larger than allowed, be it as it
/// arrives or as it unfolds. Memory held: what was let in, and 64 KiB.
pub struct Intake {
    sink: Sink,
    limit: usize,
    arrived: usize,
}

enum Sink {
    Plain(Bounded),
    Gzip(GzDecoder<Bounded>),
    Deflate(ZlibDecoder<Bounded>),
}

impl Intake {
    /// An intake for one answer.
    #[must_use]
    pub fn new(limits: AnswerLimits, compression: Compression) -> Self {
        let bounded = Bounded {
            bytes: Vec::new(),
            limit: limits.bytes,
        };
        Self {
            sink: match compression {
                Compression::None => Sink::Plain(bounded),
                Compression::Gzip => Sink::Gzip(GzDecoder::new(bounded)),
                Compression::Deflate => Sink::Deflate(ZlibDecoder::new(bounded)),
            },
            limit: limits.bytes,
            arrived: 0,
        }
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// [`Error::Garbled`] when the answer is too large or is not compressed as it says.
    pub fn take(&mut self, piece: &[u8]) -> Result<(), Error> {
        self.arrived = self.arrived.saturating_add(piece.len());
        if self.arrived > self.limit {
            return Err(too_large());
        }
        let written = match &mut self.sink {
            Sink::Plain(sink) => sink.write_all(piece),
            Sink::Gzip(sink) => sink.write_all(piece),
            Sink::Deflate(sink) => sink.write_all(piece),
        };
        written.map_err(|error| refusal(&error))
    }

    /// The whole answer.
    ///
    /// # Errors
    /// [`Error::Garbled`] when the answer is too large or was cut short.
    pub fn finish(self) -> Result<Vec<u8>, Error> {
        let sink = match self.sink {
            Sink::Plain(sink) => Ok(sink),
            Sink::Gzip(sink) => sink.finish(),
            Sink::Deflate(sink) => sink.finish(),
        };
        sink.map(|sink| sink.bytes).map_err(|error| refusal(&error))
    }
}

/// Grows up to a limit.
struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
}

impl Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.bytes.len().saturating_add(piece.len()) > self.limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn refusal(error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::FileTooLarge {
        too_large()
    } else {
        Error::garbled("the answer is not compressed as it says")
    }
}

fn too_large() -> Error {
    Error::garbled("the answer is larger than max_answer")
}

#[cfg(test)]
mod tests {
    use flate2::Compression as Level;
    use flate2::write::GzEncoder;

    use super::*;

    const LIMITS: AnswerLimits = AnswerLimits {
        bytes: 10_000,
        depth: 8,
        nodes: 100,
    };

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Level::best());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    fn taken(bytes: &[u8], compression: Compression, pieces: usize) -> Result<Vec<u8>, Error> {
        let mut intake = Intake::new(LIMITS, compression);
        for piece in bytes.chunks(pieces) {
            intake.take(piece)?;
        }
        intake.finish()
    }

    #[test]
    fn an_answer_within_the_limit_comes_whole_in_whatever_pieces() {
        let answer = b"0123456789".repeat(1_000);
        for pieces in [1, 7, 100_000] {
            assert_eq!(taken(&answer, Compression::None, pieces), Ok(answer.clone()));
            assert_eq!(
                taken(&gzip(&answer), Compression::Gzip, pieces),
                Ok(answer.clone())
            );
        }
    }

    #[test]
    fn an_answer_that_is_or_unfolds_too_large_is_stopped() {
        let bomb = gzip(&vec![0; 10 << 20]);
        // Twice packed it is smaller still, and stopped all the same.
        assert!(bomb.len() > 10_000 && gzip(&bomb).len() < 10_000);
        let small_bomb = gzip(&vec![0; 1 << 20]);
        assert!(small_bomb.len() < 2_000);
        for (bytes, compression) in [
            (vec![0; 10_001], Compression::None),
            (bomb, Compression::Gzip),
            (small_bomb, Compression::Gzip),
        ] {
            assert_eq!(taken(&bytes, compression, 512), Err(too_large()));
        }
    }

    #[test]
    fn what_is_cut_short_or_packed_otherwise_is_garbled() {
        let packed = gzip(b"an answer");
        let cut = packed.get(..packed.len() - 9).expect("long enough");
        for bytes in [cut, b"an answer as it is".as_slice()] {
            assert!(matches!(
                taken(bytes, Compression::Gzip, 4),
                Err(Error::Garbled { .. })
            ));
        }
        assert!(Compression::of_content_encoding(Some("br")).is_err());
        assert_eq!(
            Compression::of_content_encoding(Some("gzip")),
            Ok(Compression::Gzip)
        );
    }
}
