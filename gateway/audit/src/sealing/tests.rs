use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::entry::EntryKind;

const CITIZEN: &str = "079190654321";

fn keys(name: &str, byte: u8) -> PeriodKeys {
    PeriodKeys::new(name, &[byte; 32]).expect("keys")
}

fn auditor() -> (tempfile::TempDir, AuditorPrivateKey) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let made = AuditorPrivateKey::create_key_file(&folder.path().join("auditor.key")).expect("made");
    (folder, made)
}

fn seal_subject(
    auditors: &AuditorKey,
    keys: &PeriodKeys,
    pseudonym: &[u8; 32],
    kind: &str,
    identifier: &str,
) -> Result<Vec<u8>, NotSealed> {
    Sealer::new(auditors.clone()).seal(keys, pseudonym, kind, identifier)
}

/// An entry about the citizen, as the gateway writes it.
fn entry(auditors: &AuditorKey, keys: &PeriodKeys) -> Entry {
    let pseudonym = keys.subject("personal_id", CITIZEN);
    Entry {
        subject_pseudonym: pseudonym.to_vec(),
        sealed_subject: seal_subject(auditors, keys, &pseudonym, "personal_id", CITIZEN).expect("sealed"),
        subject_period: keys.name().to_owned(),
        ..Entry::new(EntryKind::Outcome, 1)
    }
}

#[test]
fn the_suite_is_that_of_rfc_9180_appendix_a_1_1() {
    let bytes = |text: &str| -> Vec<u8> {
        let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hex");
        (0..text.len()).step_by(2).map(digit).collect()
    };
    let encapsulated = "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431";
    let private = "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8";
    let sealed = "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a";
    let opened = SUITE.open(
        &EncapsulatedSecret(bytes(encapsulated)),
        &bytes("4f6465206f6e2061204772656369616e2055726e"),
        &bytes("436f756e742d30"),
        &bytes(sealed),
        &bytes(private).into(),
    );
    assert_eq!(opened.expect("opens"), b"Beauty is truth, truth beauty");
}

#[test]
fn both_keys_together_open_and_nothing_of_the_subject_is_seen_before() {
    let (folder, auditor) = auditor();
    let entry = entry(auditor.key(), &keys("2026-11", 1));
    let again = AuditorPrivateKey::load(&folder.path().join("auditor.key")).expect("loads");
    let opened = open_subject(&again, &keys("2026-11", 1), &entry).expect("opens");
    assert_eq!(
        (opened.kind.as_str(), opened.identifier.as_str()),
        ("personal_id", CITIZEN)
    );
    assert!(!format!("{opened:?}").contains(CITIZEN));
    let bytes = entry.encode_canonical();
    assert!(
        !bytes
            .windows(CITIZEN.len())
            .any(|window| window == CITIZEN.as_bytes())
    );
}

#[test]
fn neither_half_opens_alone() {
    let (_one, own) = auditor();
    let (_two, other) = auditor();
    let period = keys("2026-11", 1);
    let entry = entry(own.key(), &period);
    assert!(matches!(
        open_subject(&other, &period, &entry),
        Err(UnsealError::OtherAuditors { .. })
    ));
    // A key made anew under the name of a destroyed period.
    assert_eq!(
        open_subject(&own, &keys("2026-11", 2), &entry),
        Err(UnsealError::Forged)
    );
    assert!(matches!(
        open_subject(&own, &keys("2026-12", 1), &entry),
        Err(UnsealError::OtherPeriod { .. })
    ));
}

#[test]
fn an_envelope_serves_a_minute_and_the_next_one_has_another_key() {
    let (_folder, auditor) = auditor();
    let sealer = Sealer::new(auditor.key().clone());
    let head = |after: u64| {
        let now = Instant::now() + std::time::Duration::from_secs(after);
        sealer.envelope(now).expect("an envelope").head().to_vec()
    };
    assert_eq!(head(0), head(59));
    assert_ne!(head(0), head(61));
    let other = Sealer::new(auditor.key().clone());
    let theirs = other.envelope(Instant::now()).expect("an envelope");
    assert_ne!(theirs.head(), head(61), "each program has its own");
}

#[test]
fn subjects_of_one_envelope_open_in_any_order_and_equal_ones_look_different() {
    let (_folder, auditor) = auditor();
    let period = keys("2026-11", 1);
    let sealer = Sealer::new(auditor.key().clone());
    let numbers = ["079190654321", "001190000001", "079190654321"];
    let entries = numbers.map(|number| {
        let pseudonym = period.subject("personal_id", number);
        Entry {
            subject_pseudonym: pseudonym.to_vec(),
            sealed_subject: sealer
                .seal(&period, &pseudonym, "personal_id", number)
                .expect("sealed"),
            subject_period: "2026-11".to_owned(),
            ..Entry::default()
        }
    });
    for (entry, number) in entries.iter().zip(numbers).rev() {
        let opened = open_subject(&auditor, &period, entry).expect("opens");
        assert_eq!(opened.identifier.as_str(), number);
    }
    let tail = |at: usize| &entries[at].sealed_subject[5 + 32 + 48..];
    assert_ne!(tail(0), tail(2));
}

#[test]
fn what_earlier_versions_sealed_still_opens() {
    let (_folder, auditor) = auditor();
    let period = keys("2026-11", 1);
    let pseudonym = period.subject("personal_id", CITIZEN);
    let aad = bound_to("2026-11", &pseudonym);
    let mut plain = format!("personal_id:{CITIZEN}").into_bytes();
    plain.resize(BLOCK, 0);
    let (nonce, inner) = period.encrypt(&aad, &plain).expect("encrypted");
    let inner = [nonce.as_slice(), &inner].concat();
    let (encapsulated, outer) = SUITE
        .seal(INFO, &aad, &inner, auditor.key().hpke())
        .expect("sealed");
    let id = auditor.key().id();
    let older = Entry {
        subject_pseudonym: pseudonym.to_vec(),
        sealed_subject: [&[1], id.as_slice(), &encapsulated.0, &outer].concat(),
        subject_period: "2026-11".to_owned(),
        ..Entry::default()
    };
    let opened = open_subject(&auditor, &period, &older).expect("opens");
    assert_eq!(opened.identifier.as_str(), CITIZEN);
}

#[test]
fn what_was_changed_or_moved_to_another_entry_does_not_open() {
    let (_folder, auditor) = auditor();
    let period = keys("2026-11", 1);
    let whole = entry(auditor.key(), &period);
    for at in 0..whole.sealed_subject.len() {
        let mut changed = whole.clone();
        changed.sealed_subject[at] ^= 1;
        assert!(open_subject(&auditor, &period, &changed).is_err(), "byte {at}");
        changed.sealed_subject.truncate(at);
        assert!(open_subject(&auditor, &period, &changed).is_err(), "cut at {at}");
    }
    let moved = Entry {
        subject_pseudonym: period.subject("personal_id", "001").to_vec(),
        ..whole
    };
    assert_eq!(open_subject(&auditor, &period, &moved), Err(UnsealError::Forged));
}

#[test]
fn a_gateway_that_names_one_and_seals_another_is_found_out() {
    let (_folder, auditor) = auditor();
    let period = keys("2026-11", 1);
    let named = period.subject("personal_id", "001");
    let lie = Entry {
        subject_pseudonym: named.to_vec(),
        sealed_subject: seal_subject(auditor.key(), &period, &named, "personal_id", CITIZEN).expect("sealed"),
        subject_period: "2026-11".to_owned(),
        ..Entry::default()
    };
    assert_eq!(open_subject(&auditor, &period, &lie), Err(UnsealError::Forged));
}

#[test]
fn the_length_tells_no_sort_of_number() {
    let (_folder, auditor) = auditor();
    let period = keys("2026-11", 1);
    let length = |kind, number| {
        seal_subject(auditor.key(), &period, &[0; 32], kind, number)
            .expect("sealed")
            .len()
    };
    assert_eq!(length("personal_id", CITIZEN), length("tax_code", "0312345678"));
}

#[test]
fn a_public_key_is_read_back_and_nothing_else_is_one() {
    let (folder, auditor) = auditor();
    let text = auditor.key().to_string();
    assert_eq!(text.parse::<AuditorKey>().expect("a key").to_string(), text);
    let private = fs::read_to_string(folder.path().join("auditor.key")).expect("there");
    assert!(matches!(
        private.trim().parse::<AuditorKey>(),
        Err(AuditorKeyError::Private)
    ));
    let mut other = text.clone();
    other.replace_range(9..10, if &text[9..10] == "0" { "1" } else { "0" });
    for text in ["", "auditors", "auditors+00000000+AAAA", &other] {
        assert!(text.parse::<AuditorKey>().is_err(), "{text}");
    }
    let zero = AuditorKey::new(vec![0; 32]);
    assert!(
        matches!(zero, Err(AuditorKeyError::Unusable)),
        "a point of low order"
    );
}

#[test]
fn a_private_key_that_others_may_read_is_refused_and_none_is_written_over() {
    let (folder, _) = auditor();
    let path = folder.path().join("auditor.key");
    assert!(AuditorPrivateKey::create_key_file(&path).is_err());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("set");
    assert!(matches!(
        AuditorPrivateKey::load(&path),
        Err(AuditorKeyError::File(_))
    ));
}

#[test]
#[ignore = "prints a figure"]
fn how_long_a_sealing_takes() {
    const TIMES: u32 = 20_000;
    let (_folder, auditor) = auditor();
    let period = keys("2026-11", 1);
    let sealer = Sealer::new(auditor.key().clone());
    let pseudonym = period.subject("personal_id", CITIZEN);
    let begun = Instant::now();
    for _ in 0..TIMES {
        sealer
            .seal(&period, &pseudonym, "personal_id", CITIZEN)
            .expect("sealed");
    }
    println!("{:?} a sealing", begun.elapsed() / TIMES);
}
