//! The heads of HTTP/2 frames in a stream of bytes (RFC 9113 §4.1); what the frames carry is passed over.

const HEAD: usize = 9;

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) length: usize,
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
}

/// Where in the stream of bytes one is.
pub(super) struct Heads {
    /// Bytes to pass over before the next head.
    skip: usize,
    /// A head of which some bytes have come.
    partial: [u8; HEAD],
    have: usize,
}

impl Heads {
    /// The first head comes after so many bytes.
    pub(super) fn after(skip: usize) -> Self {
        Self {
            skip,
            partial: [0; HEAD],
            have: 0,
        }
    }

    /// Gives each head that ends within these bytes.
    pub(super) fn each(&mut self, mut bytes: &[u8], mut give: impl FnMut(Head)) {
        loop {
            let passed = self.skip.min(bytes.len());
            self.skip -= passed;
            bytes = &bytes[passed..];
            if bytes.is_empty() {
                return;
            }
            if self.have == 0
                && let Some((head, rest)) = bytes.split_first_chunk::<HEAD>()
            {
                bytes = rest;
                self.read(*head, &mut give);
                continue;
            }
            let taken = (HEAD - self.have).min(bytes.len());
            let (some, rest) = bytes.split_at(taken);
            self.partial[self.have..self.have + taken].copy_from_slice(some);
            self.have += taken;
            bytes = rest;
            if self.have == HEAD {
                self.have = 0;
                self.read(self.partial, &mut give);
            }
        }
    }

    fn read(&mut self, head: [u8; HEAD], give: &mut impl FnMut(Head)) {
        let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = head;
        let length = u32::from_be_bytes([0, l0, l1, l2]) as usize;
        self.skip = length;
        give(Head {
            length,
            kind,
            flags,
            stream: u32::from_be_bytes([s0 & 0x7f, s1, s2, s3]),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Head, Heads};

    #[test]
    fn the_same_heads_are_seen_however_the_bytes_are_cut() {
        let mut bytes = b"preface".to_vec();
        let mut expected = Vec::new();
        for (length, kind) in [(0, 4), (300, 1), (1, 0), (0, 6), (9, 9), (10, 0)] {
            let stream = u32::try_from(length).unwrap() * 2 + 1;
            bytes.extend([0, (length >> 8) as u8, length as u8, kind, 5]);
            bytes.extend(stream.to_be_bytes());
            bytes.extend(vec![0xff; length]);
            expected.push(Head {
                length,
                kind,
                flags: 5,
                stream,
            });
        }
        for cut in 1..bytes.len() {
            let mut heads = Heads::after(7);
            let mut seen = Vec::new();
            for piece in bytes.chunks(cut) {
                heads.each(piece, |head| seen.push(head));
            }
            assert_eq!(seen, expected, "in pieces of {cut}");
        }
    }
}
