//! Algorithm, type, key identifier, members that are not accepted.

use aws_lc_rs::hmac::{HMAC_SHA256, HMAC_SHA384, HMAC_SHA512};
use serde_json::{Value, json};

use super::*;

pub(super) fn cases(forge: &Forge<'_>) -> Vec<Case> {
    [
        algorithms(forge),
        confusions(forge),
        types(forge),
        key_identifiers(forge),
        members(forge),
    ]
    .concat()
}

fn algorithms(forge: &Forge<'_>) -> Vec<Case> {
    let mut cases = vec![hostile(
        "TOKEN_SIGNATURE",
        "alg absent",
        forge.with_header(|header| drop(header.as_object_mut().unwrap().remove("alg"))),
    )];
    for alg in [
        json!("none"),
        json!("None"),
        json!("NONE"),
        json!("nOnE"),
        json!(""),
        json!("es256"),
        json!("Es256"),
        json!("ES256 "),
        json!(" ES256"),
        json!("ES256\0"),
        json!("ES256K"),
        json!("ES384"),
        json!("ES512"),
        json!("RS256"),
        json!("PS384"),
        json!("Ed25519"),
        json!("Ed448"),
        json!("eddsa"),
        json!("EDDSA"),
        json!("ps256"),
        json!("dir"),
        json!("RSA-OAEP"),
        json!(null),
        json!(256),
        json!(true),
        json!(["ES256"]),
        json!({"alg": "ES256"}),
    ] {
        let token = forge.with_header(|header| header["alg"] = alg.clone());
        cases.push(hostile("TOKEN_SIGNATURE", format!("alg {alg}"), token));
    }
    cases
}

/// Signatures that are right under another algorithm than the key's.
fn confusions(forge: &Forge<'_>) -> Vec<Case> {
    let keys = forge.keys;
    let point = keys.es256_point();
    let jwk = p256_jwk(&keys.es256, "es").to_string();
    let rsa = RsaPublicKeyComponents::<Vec<u8>>::from(keys.rsa.public_key());
    let case = |name: &str, alg: &str, kid: &str, sign: Sign<'_>| {
        let token = forge.with_header_signed(
            |header| {
                header["alg"] = alg.into();
                header["kid"] = kid.into();
            },
            sign,
        );
        hostile("TOKEN_SIGNATURE", format!("{alg} with key {kid}: {name}"), token)
    };
    vec![
        case("secret is the public point", "HS256", "es", &|input| {
            hmac_of(HMAC_SHA256, &point, input)
        }),
        case("secret is the JWK", "HS256", "es", &|input| {
            hmac_of(HMAC_SHA256, jwk.as_bytes(), input)
        }),
        case("secret is the Ed25519 key", "HS256", "ed", &|input| {
            hmac_of(HMAC_SHA256, keys.eddsa.public_key().as_ref(), input)
        }),
        case("secret is the modulus", "HS256", "rsa", &|input| {
            hmac_of(HMAC_SHA256, &rsa.n, input)
        }),
        case("secret is the public key in DER", "HS256", "rsa", &|input| {
            hmac_of(HMAC_SHA256, keys.rsa.public_key().as_ref(), input)
        }),
        case("empty secret", "HS256", "es", &|input| {
            hmac_of(HMAC_SHA256, b"", input)
        }),
        case("secret is the public point", "HS384", "es", &|input| {
            hmac_of(HMAC_SHA384, &point, input)
        }),
        case("secret is the public point", "HS512", "es", &|input| {
            hmac_of(HMAC_SHA512, &point, input)
        }),
        case("secret is the public point", "ES256", "es", &|input| {
            hmac_of(HMAC_SHA256, &point, input)
        }),
        case("right signature", "RS256", "rsa", &|input| {
            keys.rsa_signature(&RSA_PKCS1_SHA256, input)
        }),
        case("right signature", "RS384", "rsa", &|input| {
            keys.rsa_signature(&RSA_PKCS1_SHA384, input)
        }),
        case("right signature", "RS512", "rsa", &|input| {
            keys.rsa_signature(&RSA_PKCS1_SHA512, input)
        }),
        case("right signature", "PS384", "rsa", &|input| {
            keys.rsa_signature(&RSA_PSS_SHA384, input)
        }),
        case("right signature", "PS512", "rsa", &|input| {
            keys.rsa_signature(&RSA_PSS_SHA512, input)
        }),
        case("PKCS #1 v1.5", "PS256", "rsa", &|input| {
            keys.rsa_signature(&RSA_PKCS1_SHA256, input)
        }),
        case("right signature", "ES384", "es", &|input| keys.es384(input)),
        case("right signature of the key", "ES256", "ed", &|input| {
            keys.eddsa(input)
        }),
        case("right signature of the other key", "EdDSA", "es", &|input| {
            keys.eddsa(input)
        }),
        case("right signature of the key", "EdDSA", "es", &|input| {
            keys.es256(input)
        }),
        case("right signature of the other key", "PS256", "es", &|input| {
            keys.ps256(input)
        }),
        case("right signature of the key", "ES256", "rsa", &|input| {
            keys.ps256(input)
        }),
        case("right signature of the other key", "ES256", "rsa", &|input| {
            keys.es256(input)
        }),
        case("right signature of the key", "EdDSA", "rsa", &|input| {
            keys.ps256(input)
        }),
        case("right signature of the key", "PS256", "ed", &|input| {
            keys.eddsa(input)
        }),
    ]
}

fn types(forge: &Forge<'_>) -> Vec<Case> {
    let mut cases = vec![hostile(
        "TOKEN_TYPE",
        "typ absent",
        forge.with_header(|header| drop(header.as_object_mut().unwrap().remove("typ"))),
    )];
    for typ in [
        json!("JWT"),
        json!("jwt"),
        json!("at+JWT"),
        json!("AT+JWT"),
        json!("at+jwt "),
        json!(" at+jwt"),
        json!("at jwt"),
        json!("application/jwt"),
        json!("Application/at+jwt"),
        json!("text/at+jwt"),
        json!("id+jwt"),
        json!("dpop+jwt"),
        json!("secevent+jwt"),
        json!("logout+jwt"),
        json!("JOSE"),
        json!(""),
        json!(null),
        json!(1),
        json!(["at+jwt"]),
        json!("at+jwt;v=1"),
    ] {
        let token = forge.with_header(|header| header["typ"] = typ.clone());
        cases.push(hostile("TOKEN_TYPE", format!("typ {typ}"), token));
    }
    cases
}

fn key_identifiers(forge: &Forge<'_>) -> Vec<Case> {
    let mut cases = vec![
        hostile(
            "TOKEN_MALFORMED",
            "kid absent",
            forge.with_header(|header| drop(header.as_object_mut().unwrap().remove("kid"))),
        ),
        hostile(
            "TOKEN_SIGNATURE",
            "kid of another issuer, signed by it",
            forge.with_header_signed(|header| header["kid"] = "other".into(), &|input| {
                forge.keys.other_es256(input)
            }),
        ),
    ];
    for kid in [json!(null), json!(1), json!(["es"]), json!({"kid": "es"})] {
        let token = forge.with_header(|header| header["kid"] = kid.clone());
        cases.push(hostile("TOKEN_MALFORMED", format!("kid {kid}"), token));
    }
    for kid in [
        "",
        "ES",
        "es ",
        "es\0",
        "../../../../dev/null",
        "es' OR '1'='1",
        "https://attacker.test/jwks",
    ] {
        let token = forge.with_header(|header| header["kid"] = kid.into());
        cases.push(hostile("TOKEN_SIGNATURE", format!("kid {kid:?}"), token));
    }
    cases
}

fn members(forge: &Forge<'_>) -> Vec<Case> {
    let jwk = p256_jwk(&forge.keys.nobody_es256, "es");
    let members: [(&str, Value); 14] = [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", json!(null)),
        ("crit", json!(["http://example.test/unknown"])),
        ("crit", json!("exp")),
        ("jku", json!("https://attacker.test/jwks")),
        ("x5u", json!("https://attacker.test/chain")),
        ("x5c", json!(["MIIB"])),
        ("x5c", json!([])),
        ("jwk", jwk.clone()),
        ("jwk", json!(null)),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
    ];
    let mut cases: Vec<_> = members
        .into_iter()
        .map(|(name, value)| {
            let token = forge.with_header(|header| header[name] = value.clone());
            hostile("TOKEN_MALFORMED", format!("member {name} {value}"), token)
        })
        .collect();
    cases.push(hostile(
        "TOKEN_MALFORMED",
        "member jwk, signed by the key in it",
        forge.with_header_signed(|header| header["jwk"] = jwk.clone(), &|input| {
            forge.keys.nobody_es256(input)
        }),
    ));
    cases
}
