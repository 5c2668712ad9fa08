//! TCVN3, the encoding of the ABC fonts: TCVN 5712:1993, its second form with the capitals of its
//! first at 0x80 to 0xFF.

use unicode_normalization::UnicodeNormalization as _;

use super::NotInEncoding;

/// The characters at 0x80 to 0xFF, of TCVN 5712:1993. 0xA0 is the blank that doesn't break; 0xB0 to
/// 0xB4 are marks that join the letter before them.
const UPPER_HALF: [char; 128] = [
    'À', 'Ả', 'Ã', 'Á', 'Ạ', 'Ặ', 'Ậ', 'È', 'Ẻ', 'Ẽ', 'É', 'Ẹ', 'Ệ', 'Ì', 'Ỉ', 'Ĩ', // 8
    'Í', 'Ị', 'Ò', 'Ỏ', 'Õ', 'Ó', 'Ọ', 'Ộ', 'Ờ', 'Ở', 'Ỡ', 'Ớ', 'Ợ', 'Ù', 'Ủ', 'Ũ', // 9
    '\u{A0}', 'Ă', 'Â', 'Ê', 'Ô', 'Ơ', 'Ư', 'Đ', 'ă', 'â', 'ê', 'ô', 'ơ', 'ư', 'đ', 'Ằ', // A
    '\u{300}', '\u{309}', '\u{303}', '\u{301}', '\u{323}', 'à', 'ả', 'ã', 'á', 'ạ', 'Ẳ', 'ằ', 'ẳ', 'ẵ', 'ắ',
    'Ẵ', // B
    'Ắ', 'Ầ', 'Ẩ', 'Ẫ', 'Ấ', 'Ề', 'ặ', 'ầ', 'ẩ', 'ẫ', 'ấ', 'ậ', 'è', 'Ể', 'ẻ', 'ẽ', // C
    'é', 'ẹ', 'ề', 'ể', 'ễ', 'ế', 'ệ', 'ì', 'ỉ', 'Ễ', 'Ế', 'Ồ', 'ĩ', 'í', 'ị', 'ò', // D
    'Ổ', 'ỏ', 'õ', 'ó', 'ọ', 'ồ', 'ổ', 'ỗ', 'ố', 'ộ', 'ờ', 'ở', 'ỡ', 'ớ', 'ợ', 'ù', // E
    'Ỗ', 'ủ', 'ũ', 'ú', 'ụ', 'ừ', 'ử', 'ữ', 'ứ', 'ự', 'ỳ', 'ỷ', 'ỹ', 'ý', 'ỵ', 'Ố', // F
];

/// The first form keeps a dozen capitals at control characters; no text of a registry has those for
/// another reason than damage, so controls but tab and line ends are refused.
pub(super) fn decode(bytes: &[u8]) -> Result<String, NotInEncoding> {
    let letter = |&byte: &u8| match byte {
        b'\t' | b'\n' | b'\r' | b' '..=b'~' => Ok(char::from(byte)),
        _ => byte
            .checked_sub(0x80)
            .and_then(|place| UPPER_HALF.get(usize::from(place)).copied())
            .ok_or(NotInEncoding),
    };
    let text: String = bytes.iter().map(letter).collect::<Result<_, _>>()?;
    Ok(text.nfc().collect())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn every_letter_of_the_alphabet_with_every_tone_has_one_place() {
        let mut letters: Vec<char> = UPPER_HALF.iter().copied().filter(|c| c.is_alphabetic()).collect();
        letters.sort_unstable();
        letters.dedup();
        assert_eq!(letters.len(), 122, "no letter stands twice");
        for c in "ăâêôơưđàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ".chars()
        {
            assert!(letters.contains(&c), "{c}");
        }
    }

    #[test]
    fn marks_join_the_letter_before_them_and_controls_are_refused() {
        assert_eq!(decode(b"Ho\xb0a").as_deref(), Ok("Hòa"));
        for bytes in [b"a\0", b"a\x01", b"a\x7f"] {
            assert_eq!(decode(bytes), Err(NotInEncoding));
        }
    }

    /// Passed over where there is no `iconv` of the GNU C library.
    #[test]
    fn iconv_reads_every_byte_and_every_vowel_with_a_mark_as_we_do() {
        let mut bytes = Vec::new();
        for first in (0x20..0x7f).chain(0x80..=0xff) {
            bytes.extend([first, b'\n']);
        }
        for vowel in b"aeiouyAEIOUY\xa1\xa2\xa3\xa4\xa5\xa6\xa8\xa9\xaa\xab\xac\xad" {
            for mark in 0xb0..=0xb4 {
                bytes.extend([b'x', *vowel, mark, b'\n']);
            }
        }
        let iconv = Command::new("iconv")
            .args(["-f", "TCVN-5712", "-t", "UTF-8"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut iconv) = iconv else { return };
        let mut stdin = iconv.stdin.take().expect("a pipe");
        let sent = bytes.clone();
        let writer = std::thread::spawn(move || stdin.write_all(&sent));
        let output = iconv.wait_with_output().expect("iconv ends");
        let written = writer.join().expect("no panic");
        if !output.status.success() && output.stdout.is_empty() {
            return;
        }
        written.expect("written");
        let theirs = String::from_utf8(output.stdout).expect("UTF-8");
        let ours = decode(&bytes).expect("every byte is a letter");
        for (ours, theirs) in ours.lines().zip(theirs.nfc().collect::<String>().lines()) {
            assert_eq!(ours, theirs);
        }
        assert_eq!(ours.lines().count(), theirs.lines().count());
    }
}
