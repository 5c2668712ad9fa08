//! Old encodings of Vietnamese, undone as the operator declares them. Nothing here guesses: a text
//! that isn't in the declared encoding is refused.
//!
//! What arrives is either the bytes themselves, or a text whose characters stand for the bytes,
//! because a database or a driver took them for Latin-1 or Windows-1252 on the way.

mod tcvn3;
mod vni;

use unicode_normalization::UnicodeNormalization as _;

/// How a source writes its texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Unicode, as it should be.
    #[default]
    Unicode,
    /// TCVN3 (ABC), the byte form of TCVN 5712:1993. Capitals with a tone are often typed as small
    /// letters in a font of capitals; they stay small.
    Tcvn3,
    /// VNI for Windows: a letter followed by its marks.
    Vni,
    /// UTF-8 that was read as Latin-1 or Windows-1252 and stored again.
    Latin1Damage,
}

/// The text isn't in the encoding that was declared for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is not in the encoding that was declared for it")]
pub struct NotInEncoding;

impl Encoding {
    /// The text in Unicode, NFC.
    ///
    /// # Errors
    /// [`NotInEncoding`] when it isn't written as declared.
    pub fn decode_text(self, text: &str) -> Result<String, NotInEncoding> {
        match self {
            Self::Unicode => Ok(text.nfc().collect()),
            _ if text.is_ascii() => Ok(text.to_owned()),
            _ => self.decode_bytes(&bytes_of(text)?),
        }
    }

    /// The text that the bytes are, NFC.
    ///
    /// # Errors
    /// [`NotInEncoding`] when they aren't written as declared.
    pub fn decode_bytes(self, bytes: &[u8]) -> Result<String, NotInEncoding> {
        match self {
            Self::Unicode | Self::Latin1Damage => {
                let text = std::str::from_utf8(bytes).map_err(|_| NotInEncoding)?;
                Ok(text.nfc().collect())
            }
            Self::Tcvn3 => tcvn3::decode(bytes),
            Self::Vni => vni::decode(bytes),
        }
    }
}

/// The characters that Windows-1252 has at 0x80 to 0x9F; zero where it has none.
const WINDOWS_1252: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘', '’', '“',
    '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

/// The bytes that a text was before it was read as Latin-1 or Windows-1252.
fn bytes_of(text: &str) -> Result<Vec<u8>, NotInEncoding> {
    let byte = |c: char| match u8::try_from(c) {
        Ok(byte) => Ok(byte),
        Err(_) => (0x80..=0x9f)
            .zip(WINDOWS_1252)
            .find(|(_, known)| *known == c)
            .map(|(byte, _)| byte)
            .ok_or(NotInEncoding),
    };
    text.chars().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_domain_page_hold() {
        for (encoding, text, wanted) in [
            (Encoding::Tcvn3, "NguyÔn ThÞ Hßa", "Nguyễn Thị Hòa"),
            (Encoding::Vni, "Nguyeãn Thò Hoøa", "Nguyễn Thị Hòa"),
            (Encoding::Vni, "Ñaëng Quoác Khaùnh", "Đặng Quốc Khánh"),
            (Encoding::Latin1Damage, "Nguyá»…n", "Nguyễn"),
            (Encoding::Latin1Damage, "Ä\u{90}áº·ng", "Đặng"),
            (Encoding::Unicode, "Nguye\u{302}\u{303}n", "Nguyễn"),
        ] {
            assert_eq!(encoding.decode_text(text).as_deref(), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn a_text_in_another_encoding_than_declared_is_refused() {
        for encoding in [Encoding::Tcvn3, Encoding::Vni, Encoding::Latin1Damage] {
            assert_eq!(
                encoding.decode_text("Nguyễn Thị Hòa"),
                Err(NotInEncoding),
                "{encoding:?}"
            );
            assert_eq!(
                encoding.decode_text("NGUYEN VAN A").as_deref(),
                Ok("NGUYEN VAN A")
            );
        }
        assert_eq!(Encoding::Latin1Damage.decode_text("Hòa"), Err(NotInEncoding));
        assert_eq!(Encoding::Vni.decode_text("NguyÔn ThÞ Hßa"), Err(NotInEncoding));
    }
}
