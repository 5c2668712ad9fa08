use std::fs;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::{add_checkpoint, conflict};
use crate::checkpoint::Checkpoint;
use crate::trial::{closed_log, entry, open, signer};
use crate::{Damage, NoteError, SignedCheckpoint, Signer, Unavailable, VerifyOptions, VerifyingKey, verify};

/// A witness's key, made from the words of c2sp.org/tlog-cosignature and not with this crate.
struct Witness {
    name: &'static str,
    pair: Ed25519KeyPair,
}

impl Witness {
    fn new(name: &'static str) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed");
        Self { name, pair }
    }

    fn id(&self) -> [u8; 4] {
        let mut digest = Sha256::new();
        digest.update(self.name);
        digest.update(b"\n\x04");
        digest.update(self.pair.public_key());
        let hash: [u8; 32] = digest.finalize().into();
        [hash[0], hash[1], hash[2], hash[3]]
    }

    fn key(&self) -> VerifyingKey {
        let mut key = vec![4];
        key.extend(self.pair.public_key().as_ref());
        let id = u32::from_be_bytes(self.id());
        format!("{}+{id:08x}+{}", self.name, STANDARD.encode(key))
            .parse()
            .expect("a key")
    }

    /// The signature line over the text of a checkpoint, at this time.
    fn cosign(&self, text: &str, time: u64) -> String {
        let signature = self
            .pair
            .sign(format!("cosignature/v1\ntime {time}\n{text}").as_bytes());
        let mut bytes = self.id().to_vec();
        bytes.extend(time.to_be_bytes());
        bytes.extend(signature.as_ref());
        format!("\u{2014} {} {}\n", self.name, STANDARD.encode(bytes))
    }
}

fn signed() -> (Signer, SignedCheckpoint) {
    let signer = Signer::ephemeral("log.example/audit").expect("a good name");
    let checkpoint = Checkpoint {
        origin: "log.example/audit".to_owned(),
        size: 7,
        root: [9; 32],
    };
    let signed = checkpoint.sign(&signer);
    (signer, signed)
}

/// The example of c2sp.org/tlog-cosignature (CC BY 4.0): the name, the time and the kind of the signature are read as they stand there.
#[test]
fn the_example_of_the_specification_is_read() {
    let line = "\u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
    let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let checkpoint = Checkpoint::parse(text).expect("a checkpoint");
    assert_eq!((checkpoint.size, checkpoint.text().as_str()), (20_852_163, text));
    let bytes = STANDARD
        .decode(line.trim().rsplit(' ').next().expect("a signature"))
        .expect("base64");
    let (_, rest) = bytes.split_first_chunk::<4>().expect("a key id");
    assert_eq!(rest.len(), 8 + 64);
    assert_eq!(
        u64::from_be_bytes(rest[..8].try_into().expect("a time")),
        1_679_315_147
    );
}

/// Keys from the tests of transparency-dev/formats (note), and whether each is a witness's.
#[test]
fn keys_of_the_go_implementation_are_read_by_their_kind() {
    let parse = |text: &str| text.parse::<VerifyingKey>();
    let witness = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
    let log = "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6";
    for (text, is_witness) in [(witness, true), (log, false)] {
        let key = parse(text).expect("a key");
        assert_eq!((key.is_witness(), key.to_string().as_str()), (is_witness, text));
    }
    let other_id = witness.replace("da77ade7", "da77ade8");
    for text in [
        other_id.as_str(),
        "bananas.sigstore.dev+12344556",
        "rekor.sigstore.dev+12345678+THIS_IS_NOT_BASE64!",
        "rekor.sigstore.dev+12345678+AwEB",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_cosignature_is_kept_and_lines_of_others_are_not() {
    let (signer, signed) = signed();
    let witness = Witness::new("witness.example/w1");
    let text = signed.checkpoint().text();
    let other = Witness::new("witness.example/w2").cosign(&text, 5);
    let lines = format!("{other}{}", witness.cosign(&text, 1_764_000_000));
    let (cosigned, time) = signed
        .with_cosignature(&lines, &witness.key())
        .expect("a cosignature");
    assert_eq!(time, 1_764_000_000);
    assert!(!cosigned.note().contains("witness.example/w2"));
    let again = SignedCheckpoint::verify(cosigned.note(), signer.key()).expect("the log's signature stands");
    assert_eq!(again.cosigned(&witness.key()), Ok(1_764_000_000));
    assert_eq!(signed.cosigned(&witness.key()), Err(NoteError::NotSigned));
}

#[test]
fn a_cosignature_of_another_time_tree_or_key_is_refused() {
    let (_, signed) = signed();
    let witness = Witness::new("witness.example/w1");
    let text = signed.checkpoint().text();
    let refused = |lines: &str| {
        signed
            .with_cosignature(lines, &witness.key())
            .expect_err("refused")
    };
    let line = witness.cosign(&text, 1_764_000_000);
    let mut bytes = STANDARD
        .decode(line.trim().rsplit(' ').next().expect("a signature"))
        .expect("base64");
    bytes[11] ^= 1;
    let moved = format!("\u{2014} witness.example/w1 {}\n", STANDARD.encode(bytes));
    assert_eq!(refused(&moved), NoteError::BadSignature);
    assert_eq!(
        refused(&witness.cosign(&text.replace("\n7\n", "\n8\n"), 5)),
        NoteError::BadSignature
    );
    assert_eq!(
        refused(&Witness::new("witness.example/w2").cosign(&text, 5)),
        NoteError::NotSigned
    );
    assert_eq!(refused(&witness.cosign(&text, u64::MAX)), NoteError::BadSignature);
    // The log's own key is none of a witness.
    let (signer, signed) = self::signed();
    assert!(signed.cosigned(signer.key()).is_err());
}

#[test]
fn lines_of_kinds_of_keys_that_nobody_knows_yet_are_passed_over() {
    let (signer, signed) = signed();
    // As long as a line of ML-DSA-44: key id, time, 2420 bytes.
    let line = format!(
        "\u{2014} log.example/audit {}\n",
        STANDARD.encode([6; 4 + 8 + 2420])
    );
    let note = format!("{}{line}", signed.note());
    assert!(SignedCheckpoint::verify(&note, signer.key()).is_ok());
}

#[test]
fn a_request_has_the_form_of_the_specification() {
    let (_, signed) = signed();
    let body = add_checkpoint(3, &[[1; 32], [2; 32]], signed.note());
    let lines: Vec<_> = body.lines().collect();
    assert_eq!(lines[0], "old 3");
    assert_eq!(lines[1], STANDARD.encode([1; 32]));
    assert_eq!((lines[3], lines[4], lines[5]), ("", "log.example/audit", "7"));
    assert_eq!(conflict(b"20852014\n"), Some(20_852_014));
    for wrong in [&b"20852014"[..], b"\n", b"-1\n", b"07\n", b"1\n2\n", b"\xff\n"] {
        assert_eq!(conflict(wrong), None);
    }
}

#[test]
fn a_pinned_witness_must_have_cosigned_what_the_log_continues() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let witness = Witness::new("witness.example/w1");
    let key = signer(folder.path()).key().clone();
    let options = VerifyOptions {
        witnesses: vec![witness.key()],
        ..VerifyOptions::default()
    };
    closed_log(folder.path(), &[5]);
    let found = |folder: &std::path::Path| {
        verify(folder, &key, &options, |_| {})
            .map_err(|error| error.finding().expect("a finding").damage)
            .map(|report| report.entries)
    };
    assert_eq!(found(folder.path()), Err(Damage::BadSignature), "nobody cosigned");
    let (log, _) = open(folder.path());
    let published = log.published().borrow().clone();
    assert_eq!(published.checkpoint().size, 5);
    let line = witness.cosign(&published.checkpoint().text(), 1_764_000_000);
    let (cosigned, _) = published
        .with_cosignature(&line, &witness.key())
        .expect("a cosignature");
    log.publish_witnessed(&cosigned).expect("kept");
    let on_disk = fs::read_to_string(folder.path().join("checkpoint")).expect("published");
    assert!(on_disk.contains("w1"), "of the same size");
    log.append_blocking(&entry(5)).expect("durable");
    log.close();
    assert_eq!(found(folder.path()), Ok(6));

    // Another history of the same length, under the same key: the witness's checkpoint tells.
    let other = tempfile::tempdir().expect("temporary folder");
    fs::copy(
        folder.path().with_extension("key"),
        other.path().with_extension("key"),
    )
    .expect("a key");
    let (log, _) = open(other.path());
    for number in [0, 1, 77, 3, 4, 5] {
        log.append_blocking(&entry(number)).expect("durable");
    }
    log.close();
    let kept = "checkpoint.witnessed";
    fs::copy(folder.path().join(kept), other.path().join(kept)).expect("a copy");
    assert_eq!(found(other.path()), Err(Damage::Forked));
}

#[test]
fn a_withheld_log_refuses_calls_and_takes_what_operators_do() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (log, _) = open(folder.path());
    let call = |number| log.append_with(|_, buffer| buffer.extend(entry(number).encode_canonical()));
    log.withhold(true);
    assert_eq!(call(0), Err(Unavailable::Unwitnessed));
    log.append_blocking(&entry(0)).expect("durable");
    log.withhold(false);
    assert!(call(1).is_ok());
    log.close();
}
