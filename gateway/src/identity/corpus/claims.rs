//! Every claim, absent, mistyped or wrong; all well signed.

use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::{Value, json};

use super::*;

pub(super) fn cases(forge: &Forge<'_>) -> Vec<Case> {
    [
        names(forge),
        issuers(forge),
        audiences(forge),
        clients(forge),
        times(forge),
        bindings(forge),
        roles(forge),
    ]
    .concat()
}

fn set(forge: &Forge<'_>, reason: &'static str, claim: &str, value: Value) -> Case {
    let shown: String = value.to_string().chars().take(60).collect();
    let token = forge.with_claims(|claims| claims[claim] = value.clone());
    hostile(reason, format!("{claim} {shown}"), token)
}

fn absent(forge: &Forge<'_>, reason: &'static str, claim: &str) -> Case {
    let token = forge.with_claims(|claims| drop(claims.as_object_mut().unwrap().remove(claim)));
    hostile(reason, format!("{claim} absent"), token)
}

/// What no text claim may be.
fn names(forge: &Forge<'_>) -> Vec<Case> {
    let mut cases = Vec::new();
    for claim in ["iss", "sub", "client_id", "jti", "unit"] {
        cases.push(absent(forge, "TOKEN_MALFORMED", claim));
        for value in [
            json!(null),
            json!(1),
            json!(true),
            json!(""),
            json!(["officer-17"]),
            json!({}),
            json!("x".repeat(257)),
            json!("line\nbreak"),
            json!("zero\0"),
            json!("escape\u{1b}[2J"),
        ] {
            cases.push(set(forge, "TOKEN_MALFORMED", claim, value));
        }
    }
    cases
}

fn issuers(forge: &Forge<'_>) -> Vec<Case> {
    let issuer = &forge.facts.issuer;
    let mut cases: Vec<_> = [
        format!("{issuer}/"),
        format!("{issuer} "),
        format!(" {issuer}"),
        format!("{issuer}.attacker.test"),
        issuer[..issuer.len() - 1].to_owned(),
        issuer.to_uppercase(),
        issuer.replacen("https", "http", 1),
        forge.facts.other_issuer.clone(),
        "https://attacker.test".to_owned(),
    ]
    .into_iter()
    .map(|value| set(forge, "TOKEN_ISSUER", "iss", value.into()))
    .collect();
    cases.push(hostile(
        "TOKEN_ISSUER",
        "a whole token of another issuer, well signed by it",
        raw(
            json!({"alg": "ES256", "typ": "at+jwt", "kid": "other"}).to_string(),
            {
                let mut claims = forge.claims();
                claims["iss"] = forge.facts.other_issuer.as_str().into();
                claims.to_string()
            },
            &|input| forge.keys.other_es256(input),
        ),
    ));
    cases
}

fn audiences(forge: &Forge<'_>) -> Vec<Case> {
    let audience = &forge.facts.audience;
    let mut cases = vec![absent(forge, "TOKEN_MALFORMED", "aud")];
    for value in [
        json!(null),
        json!(1),
        json!({}),
        json!(""),
        json!([]),
        json!([1]),
        json!([audience, 1]),
        json!([audience, null]),
        json!([[audience]]),
    ] {
        cases.push(set(forge, "TOKEN_MALFORMED", "aud", value));
    }
    for value in [
        json!("other"),
        json!(["other", "another"]),
        json!(audience.to_uppercase()),
        json!(format!("{audience}/")),
        json!(format!("{audience} ")),
        json!(&audience[..audience.len() - 1]),
        json!("*"),
        json!([format!("{audience},other")]),
        json!(forge.facts.client),
    ] {
        cases.push(set(forge, "TOKEN_AUDIENCE", "aud", value));
    }
    cases
}

fn clients(forge: &Forge<'_>) -> Vec<Case> {
    let client = &forge.facts.client;
    let mut cases: Vec<_> = [
        forge.facts.other_client.clone(),
        client.to_uppercase(),
        format!("{client} "),
        client[..client.len() - 1].to_owned(),
        "*".to_owned(),
    ]
    .into_iter()
    .map(|value| set(forge, "CLIENT_UNKNOWN", "client_id", value.into()))
    .collect();
    cases.push(hostile(
        "TOKEN_MALFORMED",
        "azp instead of client_id",
        forge.with_claims(|claims| {
            claims["azp"] = claims.as_object_mut().unwrap().remove("client_id").unwrap();
        }),
    ));
    cases
}

fn times(forge: &Forge<'_>) -> Vec<Case> {
    let now = forge.facts.now;
    let mut cases = vec![
        absent(forge, "TOKEN_MALFORMED", "iat"),
        absent(forge, "TOKEN_MALFORMED", "exp"),
    ];
    for claim in ["iat", "exp", "nbf"] {
        for value in [
            json!(null),
            json!(true),
            json!((now + 60).to_string()),
            json!(now as f64 + 0.5),
            json!(-1),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(1e18),
            json!(1e300),
            json!([now]),
            json!({}),
        ] {
            cases.push(set(forge, "TOKEN_MALFORMED", claim, value));
        }
    }
    for (reason, claim, value) in [
        ("TOKEN_EXPIRED", "exp", now - 10),
        ("TOKEN_EXPIRED", "exp", now - 3600),
        ("TOKEN_EXPIRED", "exp", 0),
        ("TOKEN_NOT_YET_VALID", "nbf", now + 11),
        ("TOKEN_NOT_YET_VALID", "nbf", i64::MAX),
        ("TOKEN_NOT_YET_VALID", "iat", now + 61),
        ("TOKEN_NOT_YET_VALID", "iat", i64::MAX),
        ("TOKEN_LIFETIME", "exp", now + 601),
        ("TOKEN_LIFETIME", "exp", now + 86_400 * 365),
        ("TOKEN_LIFETIME", "exp", i64::MAX),
        ("TOKEN_LIFETIME", "exp", now),
        ("TOKEN_LIFETIME", "exp", now - 9),
        ("TOKEN_LIFETIME", "iat", now - 301),
        ("TOKEN_LIFETIME", "iat", 0),
        // Milliseconds.
        ("TOKEN_LIFETIME", "exp", (now + 300) * 1000),
    ] {
        cases.push(set(forge, reason, claim, value.into()));
    }
    cases
}

fn bindings(forge: &Forge<'_>) -> Vec<Case> {
    let own = &forge.facts.certificate;
    let thumb = b64(own);
    let mut cases = vec![absent(forge, "TOKEN_BINDING", "cnf")];
    for value in [
        json!(null),
        json!(1),
        json!(thumb),
        json!([]),
        json!([{"x5t#S256": thumb}]),
    ] {
        cases.push(set(forge, "TOKEN_MALFORMED", "cnf", value));
    }
    for value in [
        json!({}),
        json!({"x5t": thumb}),
        json!({"x5t#s256": thumb}),
        json!({"x5t#S512": thumb}),
        json!({"jkt": thumb}),
        json!({"jwk": {"kty": "EC"}}),
        json!({"x5t#S256": null}),
        json!({"x5t#S256": 1}),
        json!({"x5t#S256": [thumb]}),
        json!({"x5t#S256": ""}),
        json!({"x5t#S256": b64(&forge.facts.other_certificate)}),
        json!({"x5t#S256": b64(&[0; 32])}),
        json!({"x5t#S256": hex::encode(own)}),
        json!({"x5t#S256": hex::encode_upper(own)}),
        json!({"x5t#S256": URL_SAFE.encode(own)}),
        json!({"x5t#S256": format!("+{}", STANDARD.encode(own))}),
        json!({"x5t#S256": format!("{thumb} ")}),
        json!({"x5t#S256": b64(&own[..31])}),
        json!({"x5t#S256": b64(&own[..20])}),
        json!({"x5t#S256": b64(&[own.as_slice(), &[0]].concat())}),
        json!({"x5t#S256": b64(hex::encode(own).as_bytes())}),
    ] {
        cases.push(set(forge, "TOKEN_BINDING", "cnf", value));
    }
    let mut near = *own;
    near[31] ^= 1;
    cases.push(set(
        forge,
        "TOKEN_BINDING",
        "cnf",
        json!({"x5t#S256": b64(&near)}),
    ));
    cases
}

fn roles(forge: &Forge<'_>) -> Vec<Case> {
    let [one, two] = &forge.facts.roles;
    let mut cases = vec![absent(forge, "TOKEN_MALFORMED", "role")];
    for value in [
        json!(null),
        json!(1),
        json!(""),
        json!([]),
        json!([1]),
        json!([one, 1]),
        json!({}),
    ] {
        cases.push(set(forge, "TOKEN_MALFORMED", "role", value));
    }
    for value in [
        json!("director"),
        json!(one.to_uppercase()),
        json!(format!("{one} ")),
        json!(["director", "x"]),
        json!([one, two]),
        json!(format!("{one} {two}")),
        json!("*"),
    ] {
        cases.push(set(forge, "ROLE_NOT_AGREED", "role", value));
    }
    cases
}
