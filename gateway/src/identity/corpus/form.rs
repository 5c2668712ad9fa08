//! The authorization header, the parts, base64url, JSON.

use serde_json::json;

use super::{Case, Forge, b64, headers, hostile};

pub(super) fn cases(forge: &Forge<'_>) -> Vec<Case> {
    [
        authorization(forge),
        parts(forge),
        encoding(forge),
        objects(forge),
    ]
    .concat()
}

fn authorization(forge: &Forge<'_>) -> Vec<Case> {
    let token = forge.token();
    let other = forge.token();
    let one = |reason, name: &str, value: String| headers(Some(reason), name, &[value.as_bytes()]);
    let bearer = format!("Bearer {token}");
    let mut latin = bearer.clone().into_bytes();
    latin.push(0xe9);
    let mut invisible = bearer.clone().into_bytes();
    invisible.extend("\u{200b}".as_bytes());
    vec![
        headers(Some("TOKEN_MISSING"), "no header", &[]),
        headers(
            Some("TOKEN_MALFORMED"),
            "the header twice",
            &[bearer.as_bytes(), bearer.as_bytes()],
        ),
        headers(
            Some("TOKEN_MALFORMED"),
            "two headers with different tokens",
            &[bearer.as_bytes(), format!("Bearer {other}").as_bytes()],
        ),
        headers(
            Some("TOKEN_MALFORMED"),
            "basic beside bearer",
            &[b"Basic eDp5", bearer.as_bytes()],
        ),
        one("TOKEN_MISSING", "basic", "Basic eDp5".into()),
        one("TOKEN_MISSING", "empty value", String::new()),
        one("TOKEN_MISSING", "scheme alone", "Bearer".into()),
        one("TOKEN_MALFORMED", "scheme and a space", "Bearer ".into()),
        one("TOKEN_MISSING", "no scheme", token.clone()),
        one("TOKEN_MISSING", "DPoP scheme", format!("DPoP {token}")),
        one("TOKEN_MISSING", "scheme with a colon", format!("Bearer: {token}")),
        one(
            "TOKEN_MISSING",
            "tab after the scheme",
            format!("Bearer\t{token}"),
        ),
        one(
            "TOKEN_MISSING",
            "space before the scheme",
            format!(" Bearer {token}"),
        ),
        one(
            "TOKEN_MALFORMED",
            "two spaces after the scheme",
            format!("Bearer  {token}"),
        ),
        one(
            "TOKEN_MALFORMED",
            "space after the token",
            format!("Bearer {token} "),
        ),
        one(
            "TOKEN_MALFORMED",
            "two tokens with a comma",
            format!("Bearer {token},{other}"),
        ),
        one(
            "TOKEN_MALFORMED",
            "two credentials with a comma",
            format!("Bearer {token}, Bearer {other}"),
        ),
        one("TOKEN_MALFORMED", "quoted token", format!("Bearer \"{token}\"")),
        one(
            "TOKEN_MALFORMED",
            "scheme twice",
            format!("Bearer Bearer {token}"),
        ),
        headers(Some("TOKEN_MALFORMED"), "latin-1 byte", &[&latin]),
        headers(Some("TOKEN_MALFORMED"), "invisible character", &[&invisible]),
        hostile(
            "TOKEN_MALFORMED",
            "longer than 8 KiB",
            forge.with_claims(|claims| claims["note"] = "x".repeat(7000).into()),
        ),
        hostile("TOKEN_MALFORMED", "one megabyte", "e".repeat(1 << 20)),
    ]
}

fn parts(forge: &Forge<'_>) -> Vec<Case> {
    let token = forge.token();
    let [header, claims, signature] = split(&token);
    let bad = |name: &str, token: String| hostile("TOKEN_MALFORMED", name, token);
    vec![
        bad("one part", header.into()),
        bad("two parts", format!("{header}.{claims}")),
        bad("two parts and a dot", format!("{header}.{claims}.")),
        bad("four parts", format!("{token}.{signature}")),
        bad(
            "five parts, as an encrypted token has",
            format!("{token}.{claims}.{signature}"),
        ),
        bad("empty header", format!(".{claims}.{signature}")),
        bad("empty claims", format!("{header}..{signature}")),
        bad("two dots between", format!("{header}..{claims}.{signature}")),
        bad("dots alone", "..".into()),
        bad("dot before", format!(".{token}")),
        bad("dot after", format!("{token}.")),
        bad("signature first", format!("{signature}.{header}.{claims}")),
    ]
}

fn encoding(forge: &Forge<'_>) -> Vec<Case> {
    let token = forge.token();
    let [header, claims, signature] = split(&token);
    assert!(
        claims.contains('-') && claims.contains('_'),
        "the note is there for this"
    );
    let bad = |name: &str, token: String| hostile("TOKEN_MALFORMED", name, token);
    // Lengths at which a last character has unused bits.
    let loose_header = forge.signed(spaced(&forge.header().to_string(), 1), forge.claims().to_string());
    let loose_claims = forge.signed(forge.header().to_string(), spaced(&forge.claims().to_string(), 2));
    let [loose, ..] = split(&loose_header);
    let [.., loose_signature] = split(&loose_header);
    let [_, other_loose, other_signature] = split(&loose_claims);
    vec![
        bad("padded header", format!("{header}=.{claims}.{signature}")),
        bad("padded claims", format!("{header}.{claims}==.{signature}")),
        bad("padded signature", format!("{token}==")),
        bad(
            "plus instead of minus",
            format!("{header}.{}.{signature}", claims.replace('-', "+")),
        ),
        bad(
            "slash instead of underscore",
            format!("{header}.{}.{signature}", claims.replace('_', "/")),
        ),
        bad(
            "space in the claims",
            format!("{header}.{} {}.{signature}", &claims[..8], &claims[8..]),
        ),
        bad("percent-encoded dots", token.replace('.', "%2E")),
        bad("tilde", format!("{header}.~{claims}.{signature}")),
        bad(
            "length 1 modulo 4",
            format!("{header}.{claims}.{}", &signature[..signature.len() - 1]),
        ),
        bad(
            "unused bits in the header",
            format!("{}.{claims}.{loose_signature}", loosened(loose)),
        ),
        bad(
            "unused bits in the claims",
            format!("{header}.{}.{other_signature}", loosened(other_loose)),
        ),
        bad(
            "unused bits in the signature",
            format!("{header}.{claims}.{}", loosened(signature)),
        ),
    ]
}

fn objects(forge: &Forge<'_>) -> Vec<Case> {
    let header = forge.header().to_string();
    let claims = forge.claims().to_string();
    let inside = |text: &str, more: &str| format!("{}{more}}}", &text[..text.len() - 1]);
    let with_header = |name: &str, text: &[u8]| {
        hostile(
            "TOKEN_MALFORMED",
            format!("header: {name}"),
            forge.signed(text, &claims),
        )
    };
    let with_claims = |name: &str, text: &[u8]| {
        hostile(
            "TOKEN_MALFORMED",
            format!("claims: {name}"),
            forge.signed(&header, text),
        )
    };
    let deep = format!("{}1{}", "[".repeat(2000), "]".repeat(2000));
    let mut cases = vec![
        with_header(
            "JWS in JSON form",
            json!({"protected": b64(header.as_bytes())})
                .to_string()
                .as_bytes(),
        ),
        with_header("alg twice", inside(&header, r#","alg":"ES256""#).as_bytes()),
        with_header("kid twice", inside(&header, r#","kid":"other""#).as_bytes()),
        with_header("typ twice", inside(&header, r#","typ":"JWT""#).as_bytes()),
        with_header(
            "alg twice, once escaped",
            inside(&header, r#","\u0061lg":"none""#).as_bytes(),
        ),
        with_header(
            "twice inside a member",
            inside(&header, r#","x":{"a":1,"a":1}"#).as_bytes(),
        ),
    ];
    for claim in [
        "iss",
        "aud",
        "sub",
        "client_id",
        "iat",
        "exp",
        "jti",
        "cnf",
        "role",
        "unit",
    ] {
        let more = format!(",\"{claim}\":{}", forge.claims()[claim]);
        cases.push(with_claims(
            &format!("{claim} twice"),
            inside(&claims, &more).as_bytes(),
        ));
    }
    let thumb = b64(&forge.facts.certificate);
    cases.extend([
        with_claims(
            "exp twice, once escaped",
            inside(&claims, r#","\u0065xp":9999999999"#).as_bytes(),
        ),
        with_claims(
            "twice in an unknown object",
            inside(&claims, r#","x":{"a":1,"a":2}"#).as_bytes(),
        ),
        with_claims(
            "twice in an object in a list",
            inside(&claims, r#","x":[1,[{"a":1,"a":2}]]"#).as_bytes(),
        ),
        with_claims(
            "x5t#S256 twice",
            claims
                .replace(
                    &format!("\"x5t#S256\":\"{thumb}\""),
                    &format!("\"x5t#S256\":\"AAAA\",\"x5t#S256\":\"{thumb}\""),
                )
                .as_bytes(),
        ),
        with_claims(
            "2000 levels deep",
            inside(&claims, &format!(",\"x\":{deep}")).as_bytes(),
        ),
        with_claims("a number without end", inside(&claims, ",\"x\":1e999").as_bytes()),
        with_claims(
            "half a surrogate pair",
            inside(&claims, r#","x":"\ud800""#).as_bytes(),
        ),
    ]);
    for (text, with) in [
        (&header, &with_header as &dyn Fn(&str, &[u8]) -> Case),
        (&claims, &with_claims),
    ] {
        cases.extend([
            with("not JSON", b"not json"),
            with("empty object", b"{}"),
            with("list", format!("[{text}]").as_bytes()),
            with("text", b"\"text\""),
            with("null", b"null"),
            with("cut off", &text.as_bytes()[..text.len() - 1]),
            with("something after", format!("{text}x").as_bytes()),
            with("two objects", format!("{text}{text}").as_bytes()),
            with("byte order mark", format!("\u{feff}{text}").as_bytes()),
            with("trailing comma", inside(text, ",").as_bytes()),
            with("single quotes", text.replace('"', "'").as_bytes()),
            with("comment", format!("/**/{text}").as_bytes()),
            with("not a number", inside(text, ",\"x\":NaN").as_bytes()),
            with("zero byte", format!("{text}\0").as_bytes()),
            with(
                "raw control character in a text",
                inside(text, ",\"x\":\"\u{1}\"").as_bytes(),
            ),
            with(
                "not UTF-8",
                &[&text.as_bytes()[..text.len() - 1], b",\"x\":\"\xff\"}"].concat(),
            ),
            with(
                "overlong UTF-8",
                &[&text.as_bytes()[..text.len() - 1], b",\"x\":\"\xc0\x80\"}"].concat(),
            ),
            with(
                "UTF-16",
                &text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>(),
            ),
        ]);
    }
    // An empty header has no type; everything else of it would be malformed too.
    for case in &mut cases {
        if case.name == "header: empty object" || case.name == "header: JWS in JSON form" {
            case.reason = Some("TOKEN_TYPE");
        }
    }
    cases
}

pub(super) fn split(token: &str) -> [&str; 3] {
    token.split('.').collect::<Vec<_>>().try_into().unwrap()
}

/// The text with spaces after it, so that its length is `remainder` modulo 3.
fn spaced(text: &str, remainder: usize) -> String {
    let missing = (remainder + 3 - text.len() % 3) % 3;
    format!("{text}{}", " ".repeat(missing))
}

/// The same bytes in another spelling: the lowest unused bit of the last character is set.
fn loosened(part: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    assert!(
        !part.len().is_multiple_of(4),
        "the last character has no unused bits"
    );
    let (rest, last) = part.split_at(part.len() - 1);
    let next = ALPHABET.find(last).unwrap() | 1;
    format!("{rest}{}", &ALPHABET[next..=next])
}
