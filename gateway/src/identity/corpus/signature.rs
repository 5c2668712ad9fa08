//! The signature.

use super::form::split;
use super::*;

/// The order of P-256 (SP 800-186 §3.2.1.3).
const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
/// The order of Ed25519's group, little-endian (RFC 8032 §5.1).
const ED_ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

pub(super) fn cases(forge: &Forge<'_>) -> Vec<Case> {
    [ecdsa_signatures(forge), other_signatures(forge), moved(forge)].concat()
}

fn ecdsa_signatures(forge: &Forge<'_>) -> Vec<Case> {
    let keys = forge.keys;
    let order = hex::decode(ORDER).unwrap();
    let case = |name: &str, change: &dyn Fn(Vec<u8>) -> Vec<u8>| {
        let token = forge.with_header_signed(|_| {}, &|input| change(keys.es256(input)));
        hostile("TOKEN_SIGNATURE", format!("ES256: {name}"), token)
    };
    let put = |at: usize, value: &[u8]| {
        let value = value.to_vec();
        move |mut signature: Vec<u8>| {
            signature[at..at + value.len()].copy_from_slice(&value);
            signature
        }
    };
    vec![
        case("first bit flipped", &|mut s| {
            s[0] ^= 0x80;
            s
        }),
        case("a middle bit flipped", &|mut s| {
            s[31] ^= 1;
            s
        }),
        case("last bit flipped", &|mut s| {
            s[63] ^= 1;
            s
        }),
        case("cut by one byte", &|s| s[..63].to_vec()),
        case("half", &|s| s[..32].to_vec()),
        case("one byte", &|s| s[..1].to_vec()),
        case("one byte more", &|s| [s, vec![0]].concat()),
        case("zero byte before", &|s| [vec![0], s].concat()),
        case("twice", &|s| [s.clone(), s].concat()),
        case("r and s swapped", &|s| [&s[32..], &s[..32]].concat()),
        case("little-endian", &|s| {
            s.chunks(32).flat_map(|half| half.iter().rev().copied()).collect()
        }),
        case("r is 0", &put(0, &[0; 32])),
        case("s is 0", &put(32, &[0; 32])),
        case("both are 0", &|_| vec![0; 64]),
        case("r is 1 and s is 1", &|_| {
            [vec![0; 31], vec![1], vec![0; 31], vec![1]].concat()
        }),
        case("r is the order", &put(0, &order)),
        case("s is the order", &put(32, &order)),
        case("both are the order", &|_| [order.clone(), order.clone()].concat()),
        case("all ones", &|_| vec![0xff; 64]),
        hostile(
            "TOKEN_SIGNATURE",
            "ES256: in DER",
            forge.with_header_signed(|_| {}, &|input| keys.es256_der(input)),
        ),
        hostile(
            "TOKEN_SIGNATURE",
            "ES256: by a key of nobody",
            forge.with_header_signed(|_| {}, &|input| keys.nobody_es256(input)),
        ),
        hostile(
            "TOKEN_SIGNATURE",
            "ES256: by the key of another issuer",
            forge.with_header_signed(|_| {}, &|input| keys.other_es256(input)),
        ),
    ]
}

fn other_signatures(forge: &Forge<'_>) -> Vec<Case> {
    let keys = forge.keys;
    let case = |alg: &str, kid: &str, name: &str, sign: Sign<'_>| {
        let token = forge.with_header_signed(
            |header| {
                header["alg"] = alg.into();
                header["kid"] = kid.into();
            },
            sign,
        );
        hostile("TOKEN_SIGNATURE", format!("{alg}: {name}"), token)
    };
    let flipped = |mut signature: Vec<u8>, at: usize| {
        signature[at] ^= 1;
        signature
    };
    vec![
        case("EdDSA", "ed", "first byte changed", &|input| {
            flipped(keys.eddsa(input), 0)
        }),
        case("EdDSA", "ed", "last byte changed", &|input| {
            flipped(keys.eddsa(input), 63)
        }),
        case("EdDSA", "ed", "zeros", &|_| vec![0; 64]),
        case("EdDSA", "ed", "small order", &|_| [vec![1], vec![0; 63]].concat()),
        case("EdDSA", "ed", "s plus the order", &|input| {
            let mut signature = keys.eddsa(input);
            let mut carry = 0;
            for (byte, order) in signature[32..].iter_mut().zip(hex::decode(ED_ORDER).unwrap()) {
                carry += u16::from(*byte) + u16::from(order);
                *byte = carry.to_le_bytes()[0];
                carry >>= 8;
            }
            signature
        }),
        case("EdDSA", "ed", "cut", &|input| keys.eddsa(input)[..63].to_vec()),
        case("PS256", "rsa", "first byte changed", &|input| {
            flipped(keys.ps256(input), 0)
        }),
        case("PS256", "rsa", "last byte changed", &|input| {
            flipped(keys.ps256(input), 255)
        }),
        case("PS256", "rsa", "cut", &|input| keys.ps256(input)[..255].to_vec()),
        case("PS256", "rsa", "zeros", &|_| vec![0; 256]),
        case("PS256", "rsa", "one", &|_| [vec![0; 255], vec![1]].concat()),
        case("PS256", "rsa", "all ones", &|_| vec![0xff; 256]),
    ]
}

/// Right signatures of something else.
fn moved(forge: &Forge<'_>) -> Vec<Case> {
    let honest = forge.token();
    let other = forge.with_claims(|claims| claims["sub"] = "officer-18".into());
    let respelt = forge.signed(forge.header().to_string(), format!("{} ", forge.claims()));
    let [header, claims, signature] = split(&honest);
    let [_, other_claims, other_signature] = split(&other);
    let bad = |name: &str, token: String| hostile("TOKEN_SIGNATURE", name, token);
    let other_header = b64(format!("{} ", forge.header()).as_bytes());
    vec![
        bad(
            "the signature of another token",
            format!("{header}.{claims}.{other_signature}"),
        ),
        bad(
            "claims changed after signing",
            format!("{header}.{other_claims}.{signature}"),
        ),
        bad(
            "header respelt after signing",
            format!("{other_header}.{claims}.{signature}"),
        ),
        bad(
            "claims respelt after signing",
            format!("{header}.{claims}.{}", split(&respelt)[2]),
        ),
        bad(
            "signature over the claims alone",
            format!("{header}.{claims}.{}", b64(&forge.keys.es256(claims.as_bytes()))),
        ),
        bad(
            "signature over the decoded bytes",
            format!(
                "{header}.{claims}.{}",
                b64(&forge
                    .keys
                    .es256(format!("{}.{}", forge.header(), forge.claims()).as_bytes()))
            ),
        ),
    ]
}

/// The other signature of the same message: s becomes the order minus s. Anybody can make it, and
/// it is valid ECDSA (FIPS 186-5 §6.4.2); nothing may hang on a token's bytes being the only ones.
pub(super) fn malleated(mut signature: Vec<u8>) -> Vec<u8> {
    let mut borrow = 0;
    for (byte, order) in signature[32..].iter_mut().zip(hex::decode(ORDER).unwrap()).rev() {
        let difference = i16::from(order) - i16::from(*byte) - borrow;
        borrow = i16::from(difference < 0);
        *byte = difference.to_le_bytes()[0];
    }
    signature
}
