use serde_json::json;

use super::*;
use crate::identity::corpus::Keys;

fn keys() -> Vec<Value> {
    Keys::generate().jwks()["keys"].as_array().unwrap().clone()
}

fn parse(keys: &[Value]) -> Result<KeySet, KeySetError> {
    KeySet::parse(json!({"keys": keys}).to_string().as_bytes())
}

#[test]
fn each_kind_of_key_has_the_one_algorithm_of_its_kind() {
    let mut keys = keys();
    for key in &mut keys {
        key.as_object_mut().unwrap().remove("alg");
    }
    let set = parse(&keys).unwrap();
    assert_eq!(set.len(), 3);
    for (kid, algorithm) in [
        ("es", Algorithm::ES256),
        ("ed", Algorithm::EdDSA),
        ("rsa", Algorithm::PS256),
    ] {
        assert_eq!(set.find(kid).unwrap().algorithm, algorithm);
    }
    assert!(set.find("other").is_none());
}

#[test]
fn a_set_with_one_bad_key_is_refused_and_the_key_is_named() {
    let bits = |bits: usize| {
        let mut modulus = vec![0xff; bits / 8];
        modulus[0] = 0xff_u8 >> (7 - (bits + 7) % 8);
        URL_SAFE_NO_PAD.encode(modulus)
    };
    let rsa = |n: String, e: &[u8]| json!({"kty": "RSA", "n": n, "e": URL_SAFE_NO_PAD.encode(e)});
    let with = |mut key: Value, member: &str, value: Value| {
        key[member] = value;
        key
    };
    let keys = keys();
    let [es, ed, rsa_key] = [&keys[0], &keys[1], &keys[2]].map(Clone::clone);
    let without = |mut key: Value, member: &str| {
        key.as_object_mut().unwrap().remove(member);
        key
    };
    let x = es["x"].clone();
    let cases = [
        (json!("text"), KeyProblem::NotAnObject),
        (without(es.clone(), "kid"), KeyProblem::NoKid),
        (with(es.clone(), "kid", json!("")), KeyProblem::NoKid),
        (with(es.clone(), "kid", json!(1)), KeyProblem::NoKid),
        (with(ed.clone(), "kid", json!("first")), KeyProblem::KidTwice),
        (
            json!({"kty": "oct", "k": "AAAA", "kid": "x", "alg": "HS256"}),
            KeyProblem::Symmetric,
        ),
        (with(es.clone(), "d", json!("AAAA")), KeyProblem::Private),
        (with(rsa_key.clone(), "p", json!("AAAA")), KeyProblem::Private),
        (
            with(es.clone(), "use", json!("enc")),
            KeyProblem::NotForSignatures,
        ),
        (with(es.clone(), "use", json!(null)), KeyProblem::NotForSignatures),
        (
            with(es.clone(), "key_ops", json!(["sign"])),
            KeyProblem::NotForVerification,
        ),
        (with(es.clone(), "crv", json!("P-384")), KeyProblem::UnknownKind),
        (
            with(es.clone(), "crv", json!("secp256k1")),
            KeyProblem::UnknownKind,
        ),
        (with(ed.clone(), "crv", json!("Ed448")), KeyProblem::UnknownKind),
        (with(ed.clone(), "crv", json!("X25519")), KeyProblem::UnknownKind),
        (without(es.clone(), "kty"), KeyProblem::UnknownKind),
        (
            with(es.clone(), "alg", json!("ES384")),
            KeyProblem::WrongAlgorithm,
        ),
        (
            with(es.clone(), "alg", json!("HS256")),
            KeyProblem::WrongAlgorithm,
        ),
        (with(es.clone(), "alg", json!(null)), KeyProblem::WrongAlgorithm),
        (
            with(rsa_key.clone(), "alg", json!("RS256")),
            KeyProblem::WrongAlgorithm,
        ),
        (
            with(rsa_key.clone(), "alg", json!("RSA-OAEP")),
            KeyProblem::WrongAlgorithm,
        ),
        (with(es.clone(), "y", x), KeyProblem::BadNumbers),
        (with(es.clone(), "x", json!("AAAA")), KeyProblem::BadNumbers),
        (
            with(es.clone(), "x", json!(format!("{}=", es["x"].as_str().unwrap()))),
            KeyProblem::BadNumbers,
        ),
        (without(es.clone(), "y"), KeyProblem::BadNumbers),
        (with(ed.clone(), "x", json!("AAAA")), KeyProblem::BadNumbers),
        (
            with(rsa(bits(1024), &[1, 0, 1]), "kid", json!("x")),
            KeyProblem::RsaLength,
        ),
        (
            with(rsa(bits(2047), &[1, 0, 1]), "kid", json!("x")),
            KeyProblem::RsaLength,
        ),
        (
            with(rsa(bits(8200), &[1, 0, 1]), "kid", json!("x")),
            KeyProblem::RsaLength,
        ),
        (
            with(rsa(bits(2048), &[3]), "kid", json!("x")),
            KeyProblem::RsaExponent,
        ),
        (
            with(rsa(bits(2048), &[1]), "kid", json!("x")),
            KeyProblem::RsaExponent,
        ),
        (
            with(rsa(bits(2048), &[1, 0, 0]), "kid", json!("x")),
            KeyProblem::RsaExponent,
        ),
        (
            with(rsa(bits(2048), &[1; 9]), "kid", json!("x")),
            KeyProblem::RsaExponent,
        ),
        (
            with(rsa(bits(2048), &[]), "kid", json!("x")),
            KeyProblem::RsaExponent,
        ),
    ];
    let first = with(es.clone(), "kid", json!("first"));
    for (key, expected) in cases {
        match parse(&[first.clone(), key.clone()]) {
            Err(KeySetError::Key { key: 2, problem }) => assert_eq!(problem, expected, "{key}"),
            other => panic!("{key}: {other:?}"),
        }
    }
    assert!(parse(&[with(rsa(bits(2048), &[1, 0, 1]), "kid", json!("x"))]).is_ok());
}

#[test]
fn a_text_that_is_no_key_set_is_refused() {
    for text in [
        "",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":[],"keys":[]}"#,
        "not json",
    ] {
        assert!(
            matches!(KeySet::parse(text.as_bytes()), Err(KeySetError::NotAKeySet)),
            "{text}"
        );
    }
    assert!(matches!(
        KeySet::parse(br#"{"keys":[]}"#),
        Err(KeySetError::Empty)
    ));
    assert!(matches!(
        KeySet::load(Path::new("/nowhere")),
        Err(KeySetError::Unreadable { .. })
    ));
}
