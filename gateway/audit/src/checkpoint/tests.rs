use std::os::unix::fs::PermissionsExt as _;

use super::{Checkpoint, NoteError, SignedCheckpoint, Signer, VerifyingKey};

fn signer() -> Signer {
    Signer::ephemeral("log.example/audit").expect("a good name")
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        origin: "log.example/audit".to_owned(),
        size: 7,
        root: [9; 32],
    }
}

#[test]
fn a_note_that_was_signed_verifies_and_says_the_same() {
    let signer = signer();
    let signed = checkpoint().sign(&signer);
    assert_eq!(
        SignedCheckpoint::verify(signed.note(), signer.key()),
        Ok(signed.clone())
    );
    assert!(signed.note().starts_with("log.example/audit\n7\nCQkJ"));
    assert!(signed.note().contains("\n\n\u{2014} log.example/audit "));
}

#[test]
fn every_changed_byte_of_a_note_is_refused() {
    let signer = signer();
    let note = checkpoint().sign(&signer).note().to_owned();
    for at in 0..note.len() {
        let mut bytes = note.clone().into_bytes();
        bytes[at] ^= 1;
        if let Ok(changed) = String::from_utf8(bytes) {
            assert!(
                SignedCheckpoint::verify(&changed, signer.key()).is_err(),
                "byte {at}"
            );
        }
    }
}

#[test]
fn a_signature_of_a_witness_is_passed_over_and_another_key_is_not_enough() {
    let signer = signer();
    let witness = Signer::ephemeral("witness.example").expect("a good name");
    let mut note = checkpoint().sign(&signer).note().to_owned();
    let foreign = checkpoint().sign(&witness);
    let line = foreign
        .note()
        .rsplit_once("\n\n")
        .map(|(_, line)| line.to_owned())
        .expect("a signature block");
    note.push_str(&line);
    assert!(SignedCheckpoint::verify(&note, signer.key()).is_ok());
    note.push_str(&line);
    assert_eq!(
        SignedCheckpoint::verify(&note, signer.key()),
        Err(NoteError::Malformed("a signature line stands twice"))
    );
    assert_eq!(
        SignedCheckpoint::verify(foreign.note(), signer.key()),
        Err(NoteError::NotSigned)
    );
    assert_eq!(
        SignedCheckpoint::verify(foreign.note(), witness.key()),
        Err(NoteError::Origin)
    );
}

#[test]
fn sizes_with_a_sign_or_a_leading_zero_are_refused() {
    for size in ["", "00", "07", "+7", "-7", "7 ", "99999999999999999999"] {
        let text = format!("a\n{size}\n{}\n", "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=");
        assert!(Checkpoint::parse(&text).is_err(), "{size}");
    }
}

/// The example key and note of the documentation of golang.org/x/mod/sumdb/note.
#[test]
fn a_note_of_the_go_implementation_verifies() {
    let key: VerifyingKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        .parse()
        .expect("a key");
    let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    let note = format!(
        "{text}\n\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    );
    let parsed = super::Note::parse(&note).expect("a note");
    assert_eq!(parsed.verify(&key), Ok(()));
    assert_eq!(
        key.to_string(),
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    );
}

#[test]
fn a_key_file_loads_and_a_readable_one_is_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("log.key");
    let made = Signer::create_key_file(&path, "log.example/audit").expect("new file");
    assert_eq!(Signer::load(&path).expect("loads").key(), made.key());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("own file");
    assert!(Signer::load(&path).is_err());
}

#[test]
fn a_name_that_would_break_a_note_is_refused() {
    for name in ["", "two words", "a+b", "line\nbreak"] {
        assert!(Signer::ephemeral(name).is_err(), "{name:?}");
    }
}
