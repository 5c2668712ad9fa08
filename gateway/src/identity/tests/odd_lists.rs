//! Revocation lists as RFC 5280 §5 allows them and the gateway does not read them, signed as they should be.

use rcgen::{CertificateRevocationListParams, KeyIdMethod, SigningKey, date_time_ymd};

use crate::development::pki::Authority;

/// Critical extensions: object identifier and value, each without its head.
const DELTA: (&[u8], &[u8]) = (&[0x55, 0x1d, 0x1b], &[0x02, 1, 1]);
const INDIRECT: (&[u8], &[u8]) = (&[0x55, 0x1d, 0x1c], &[0x30, 3, 0x84, 1, 0xff]);
const OF_SOME_REASONS: (&[u8], &[u8]) = (&[0x55, 0x1d, 0x1c], &[0x30, 4, 0x83, 2, 6, 0x40]);
const UNKNOWN: (&[u8], &[u8]) = (&[0x2a, 3, 4], &[0x05, 0]);

/// Each kind with its name, in DER, good from January 2026 to the year 2100.
pub(crate) fn odd_lists(authority: &Authority) -> [(&'static str, Vec<u8>); 5] {
    let plain = CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 1, 1),
        next_update: date_time_ymd(2100, 1, 1),
        crl_number: 1_u64.into(),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let plain = plain.signed_by(authority.issuer()).unwrap().der().to_vec();
    let with = |extension| {
        changed(authority, &plain, |parts| {
            let extensions = parts.pop().unwrap();
            let mut extensions = content(content(&extensions)).to_vec();
            extensions.extend(critical(extension));
            parts.push(tagged(0xa0, &tagged(0x30, &extensions)));
        })
    };
    let first_version = changed(authority, &plain, |parts| {
        parts.remove(0);
        parts.pop();
    });
    [
        ("delta", with(DELTA)),
        ("indirect", with(INDIRECT)),
        ("of some reasons", with(OF_SOME_REASONS)),
        ("with an unknown critical extension", with(UNKNOWN)),
        ("of version 1", first_version),
    ]
}

/// The list with other parts, signed anew.
fn changed(authority: &Authority, list: &[u8], change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let [signed, algorithm, _] = parts(content(list)).try_into().unwrap();
    let mut inner = parts(content(&signed));
    change(&mut inner);
    let signed = tagged(0x30, &inner.concat());
    let mut signature = vec![0];
    signature.extend(authority.issuer().key().sign(&signed).unwrap());
    tagged(0x30, &[signed, algorithm, tagged(0x03, &signature)].concat())
}

fn critical((identifier, value): (&[u8], &[u8])) -> Vec<u8> {
    let parts = [
        tagged(0x06, identifier),
        tagged(0x01, &[0xff]),
        tagged(0x04, value),
    ];
    tagged(0x30, &parts.concat())
}

pub(super) fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let head = match content.len() {
        0..=127 => vec![tag, length[1]],
        128..=255 => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [&head, content].concat()
}

/// The lengths of the head and of the whole of the element that the bytes begin with.
fn lengths(der: &[u8]) -> (usize, usize) {
    let (head, content) = match der[1] {
        0x81 => (3, usize::from(der[2])),
        0x82 => (4, usize::from(u16::from_be_bytes([der[2], der[3]]))),
        short => (2, usize::from(short)),
    };
    (head, head + content)
}

fn content(der: &[u8]) -> &[u8] {
    let (head, whole) = lengths(der);
    &der[head..whole]
}

fn parts(mut der: &[u8]) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    while !der.is_empty() {
        let (part, rest) = der.split_at(lengths(der).1);
        parts.push(part.to_vec());
        der = rest;
    }
    parts
}
