use proptest::prelude::*;

use super::scene::{NOW, SCENE};

fn passes(value: &[u8]) -> bool {
    let Ok(value) = http::HeaderValue::from_bytes(value) else {
        return false;
    };
    let mut headers = http::HeaderMap::new();
    headers.insert(http::header::AUTHORIZATION, value);
    SCENE.identity.identify(&SCENE.own, &headers, NOW).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn random_bytes_never_pass(bytes in proptest::collection::vec(any::<u8>(), 0..600), bearer: bool) {
        let prefix: &[u8] = if bearer { b"Bearer " } else { b"" };
        prop_assert!(!passes(&[prefix, &bytes].concat()));
    }

    #[test]
    fn random_parts_in_the_right_alphabet_never_pass(token in "[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,300}\\.[A-Za-z0-9_-]{86}") {
        let value = format!("Bearer {token}");
        prop_assert!(!passes(value.as_bytes()));
    }

    #[test]
    fn a_changed_token_never_passes(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..4),
    ) {
        let honest = SCENE.forge().token().into_bytes();
        let mut changed = honest.clone();
        for (index, byte, kind) in changes {
            if changed.is_empty() { break; }
            let at = index.index(changed.len());
            match kind {
                0 => changed[at] ^= byte,
                1 => { changed.remove(at); }
                2 => changed.insert(at, byte),
                _ => changed.truncate(at),
            }
        }
        prop_assume!(changed != honest);
        prop_assert!(!passes(&[b"Bearer ", changed.as_slice()].concat()));
    }
}

#[test]
fn no_single_changed_character_passes() {
    let honest = SCENE.forge().token();
    for at in 0..honest.len() {
        for other in ['A', 'B', '_', '.', '=', 'g'] {
            let changed = format!("{}{other}{}", &honest[..at], &honest[at + 1..]);
            if changed != honest {
                assert!(
                    !passes(format!("Bearer {changed}").as_bytes()),
                    "at {at}: {other}"
                );
            }
        }
    }
}
