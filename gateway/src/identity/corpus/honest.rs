//! Tokens that must be accepted: the same rules, kept to the edge.

use serde_json::{Value, json};

use super::signature::malleated;
use super::*;

pub(super) fn cases(forge: &Forge<'_>) -> Vec<Case> {
    let (keys, facts) = (forge.keys, forge.facts);
    let now = facts.now;
    let honest = |name: &str, token: String| headers(None, name, &[format!("Bearer {token}").as_bytes()]);
    let by = |alg: &str, kid: &str, sign: Sign<'_>| {
        let token = forge.with_header_signed(
            |header| {
                header["alg"] = alg.into();
                header["kid"] = kid.into();
            },
            sign,
        );
        honest(alg, token)
    };
    let set = |name: &str, pairs: &[(&str, Value)]| {
        let token = forge.with_claims(|claims| {
            for (claim, value) in pairs {
                claims[*claim] = value.clone();
            }
        });
        honest(name, token)
    };
    vec![
        by("ES256", "es", &|input| keys.es256(input)),
        by("EdDSA", "ed", &|input| keys.eddsa(input)),
        by("PS256", "rsa", &|input| keys.ps256(input)),
        honest(
            "the other form of an ES256 signature",
            forge.with_header_signed(|_| {}, &|input| malleated(keys.es256(input))),
        ),
        honest(
            "application/at+jwt",
            forge.with_header(|header| header["typ"] = "application/at+jwt".into()),
        ),
        honest(
            "an unknown header member",
            forge.with_header(|header| header["x5t"] = "abc".into()),
        ),
        headers(
            None,
            "scheme in small letters",
            &[format!("bearer {}", forge.token()).as_bytes()],
        ),
        set("aud is a list", &[("aud", json!(["other", facts.audience]))]),
        set("the other role", &[("role", json!(facts.roles[1]))]),
        set(
            "role is a list with one that is listed",
            &[("role", json!(["director", facts.roles[0]]))],
        ),
        set("nbf is now", &[("nbf", json!(now))]),
        set("nbf within the leeway", &[("nbf", json!(now + 10))]),
        set(
            "iat as far ahead as allowed",
            &[("iat", json!(now + 60)), ("exp", json!(now + 360))],
        ),
        set(
            "exp past within the leeway",
            &[("iat", json!(now - 309)), ("exp", json!(now - 9))],
        ),
        set("the longest lifetime", &[("exp", json!(now + 600))]),
        set(
            "more in cnf",
            &[("cnf", json!({"x5t#S256": b64(&facts.certificate), "jkt": "x"}))],
        ),
        set(
            "marks in names",
            &[
                ("sub", json!("Nguyễn Thị Ánh")),
                ("unit", json!("Bộ phận một cửa")),
            ],
        ),
    ]
}
