use sha2::{Digest as _, Sha256};

use super::scene::SCENE;

#[test]
fn every_hostile_token_is_refused_for_its_own_reason() {
    let cases = SCENE.forge().hostile();
    let mut wrong = Vec::new();
    for case in &cases {
        let expected = case.reason.unwrap();
        match SCENE.try_case(case) {
            Ok(_) => wrong.push(format!("{}: accepted", case.name)),
            Err(rejected) if rejected.refusal.reason.word() != expected => {
                wrong.push(format!(
                    "{}: {} instead of {expected}",
                    case.name, rejected.refusal.reason
                ));
            }
            Err(_) => {}
        }
    }
    println!("{} hostile tokens", cases.len());
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
    assert!(cases.len() >= 300);
}

#[test]
fn no_two_hostile_cases_have_one_name() {
    let mut names: Vec<_> = SCENE
        .forge()
        .hostile()
        .into_iter()
        .map(|case| case.name)
        .collect();
    names.sort();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn every_honest_token_is_accepted() {
    for case in SCENE.forge().honest() {
        if let Err(rejected) = SCENE.try_case(&case) {
            panic!("{}: {}", case.name, rejected.refusal.reason);
        }
    }
}

#[test]
fn the_caller_is_what_certificate_and_token_say() {
    let caller = SCENE
        .identity
        .identify(&SCENE.own, &SCENE.token(), super::scene::NOW)
        .unwrap();
    assert_eq!(caller.agency(), "H29.12");
    assert_eq!(caller.system(), SCENE.facts.client);
    assert_eq!(caller.officer(), "officer-17");
    assert_eq!(caller.role(), SCENE.facts.roles[0]);
    assert_eq!(caller.unit(), Some("one-stop"));
    assert_eq!(caller.certificate(), SCENE.own.fingerprint());
    let id = format!("{}\0token-1", SCENE.facts.issuer);
    assert_eq!(caller.token_id_hash()[..], Sha256::digest(id)[..]);
    assert!(!caller.is_auditor());
}

#[test]
fn both_forms_of_one_signature_are_one_token_to_the_log() {
    let cases = SCENE.forge().honest();
    let hash = |name: &str| {
        let case = cases.iter().find(|case| case.name == name).unwrap();
        *SCENE.try_case(case).unwrap().token_id_hash()
    };
    assert_eq!(hash("the other form of an ES256 signature"), hash("ES256"));
}

#[test]
fn a_refusal_holds_nothing_of_the_token() {
    let secrets = [
        "officer-17",
        "token-1",
        "attacker",
        "h30-one-stop",
        "director",
        "realms",
    ];
    for case in SCENE.forge().hostile() {
        let refusal = SCENE.try_case(&case).unwrap_err().refusal;
        let shown = format!("{refusal:?} {:?}", refusal.status("r", None));
        for secret in secrets {
            assert!(!shown.contains(secret), "{}: {shown}", case.name);
        }
    }
}

#[test]
fn a_refused_token_still_tells_the_agency_of_the_certificate() {
    for case in SCENE.forge().hostile() {
        assert_eq!(
            SCENE.try_case(&case).unwrap_err().agency.as_deref(),
            Some("H29.12")
        );
    }
}

#[test]
fn the_explanation_finds_what_a_call_would_be_refused_for() {
    use crate::identity::KeySet;
    use crate::identity::token::explain::{Against, Kept, explain};

    let against = Against {
        audience: Some(SCENE.facts.audience.clone()),
        certificate: Some(*SCENE.own.fingerprint()),
        keys: Some(KeySet::parse(SCENE.keys.jwks().to_string().as_bytes()).unwrap()),
        role_claim: "role".into(),
    };
    // What the agency's file decides, the tool does not know.
    let beyond = [
        "TOKEN_ISSUER",
        "CLIENT_UNKNOWN",
        "ROLE_NOT_AGREED",
        "TOKEN_MISSING",
    ];
    let mut explained = 0;
    for case in [SCENE.forge().honest(), SCENE.forge().hostile()].concat() {
        let Some(token) = case
            .authorization
            .first()
            .and_then(|value| value.strip_prefix(b"Bearer "))
        else {
            continue;
        };
        let about_the_unit = case.name.starts_with("unit ");
        if case.authorization.len() != 1
            || case.reason.is_some_and(|reason| beyond.contains(&reason))
            || about_the_unit
        {
            continue;
        }
        let Ok(token) = std::str::from_utf8(token) else {
            continue;
        };
        let explanation = explain(token, &against, super::scene::NOW);
        let words: Vec<_> = explanation
            .rules
            .iter()
            .filter_map(|(_, kept)| match kept {
                Kept::No(refusal) => Some(refusal.reason.word()),
                _ => None,
            })
            .collect();
        match case.reason {
            None => assert!(explanation.is_kept(), "{}: {words:?}", case.name),
            Some(reason) if case.name != "longer than 8 KiB" => {
                assert!(words.contains(&reason), "{}: {words:?}", case.name);
            }
            Some(_) => {}
        }
        explained += 1;
    }
    assert!(explained > 300);
}
