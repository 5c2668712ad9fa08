//! The outer lock: a key that is sealed to the auditors once and then used for a minute, so that X25519 is not paid for
//! with every entry.

use std::time::{Duration, Instant};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use rustls::crypto::hpke::EncapsulatedSecret;
use zeroize::Zeroizing;

use super::{AuditorKey, AuditorPrivateKey, ENCAPSULATED, NotSealed, SUITE};

/// `info` of RFC 9180: what is sealed, and in which version.
const INFO: &[u8] = b"lienthong.audit.v1 envelope key";
/// Bytes of the key.
const KEY: usize = 32;
/// Bytes of the sealed key: itself and the tag of AES-128-GCM.
const WRAPPED: usize = KEY + 16;
/// For so long a key seals. Who reads the gateway's memory finds it, and the keys of the period, until the next sealing after that; whom
/// it is about stands as a rule in the cache beside it for longer.
const LIFETIME: Duration = Duration::from_secs(60);

/// Seals under one key, which nobody but the auditors can have again once this is gone.
pub(super) struct Envelope {
    key: LessSafeKey,
    /// The encapsulated secret and the sealed key: what the auditors get the key from.
    head: [u8; ENCAPSULATED + WRAPPED],
    until: Instant,
}

/// A sealed form without its number and the auditors' key identifier.
pub(super) struct Parts<'a> {
    encapsulated: &'a [u8],
    wrapped: &'a [u8],
    pub(super) nonce: &'a [u8; NONCE_LEN],
    sealed: &'a [u8],
}

impl Envelope {
    pub(super) fn new(auditors: &AuditorKey, now: Instant) -> Result<Self, NotSealed> {
        let mut key = Zeroizing::new([0; KEY]);
        rand::fill(key.as_mut_slice()).map_err(|_| NotSealed)?;
        let (encapsulated, wrapped) = SUITE
            .seal(INFO, b"", key.as_slice(), auditors.hpke())
            .map_err(|_| NotSealed)?;
        let head = [encapsulated.0, wrapped].concat();
        Ok(Self {
            key: cipher(key.as_slice()).ok_or(NotSealed)?,
            head: head.try_into().map_err(|_| NotSealed)?,
            until: now + LIFETIME,
        })
    }

    pub(super) fn is_over(&self, now: Instant) -> bool {
        now >= self.until
    }

    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// `nonce` is a random one that was used with no other key but the period's.
    pub(super) fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        bytes: &mut Vec<u8>,
    ) -> Result<(), NotSealed> {
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), bytes)
            .map_err(|_| NotSealed)
    }
}

impl<'a> Parts<'a> {
    pub(super) fn of(sealed: &'a [u8]) -> Option<Self> {
        let (encapsulated, sealed) = sealed.split_at_checked(ENCAPSULATED)?;
        let (wrapped, sealed) = sealed.split_at_checked(WRAPPED)?;
        let (nonce, sealed) = sealed.split_first_chunk()?;
        Some(Self {
            encapsulated,
            wrapped,
            nonce,
            sealed,
        })
    }

    /// What was sealed, if nothing of it was changed.
    pub(super) fn open(&self, auditor: &AuditorPrivateKey, aad: &[u8]) -> Option<Vec<u8>> {
        let encapsulated = EncapsulatedSecret(self.encapsulated.to_vec());
        let opened = SUITE.open(&encapsulated, INFO, b"", self.wrapped, auditor.hpke());
        let key = cipher(&Zeroizing::new(opened.ok()?))?;
        let mut bytes = self.sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*self.nonce);
        let plain = key.open_in_place(nonce, Aad::from(aad), &mut bytes).ok()?.len();
        bytes.truncate(plain);
        Some(bytes)
    }
}

fn cipher(key: &[u8]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key).ok().map(LessSafeKey::new)
}
