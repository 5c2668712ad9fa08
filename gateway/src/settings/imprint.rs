//! Whether secrets are others than before, without keeping or telling anything of them.

use std::path::Path;
use std::sync::LazyLock;

use aws_lc_rs::hmac;

/// The key of every imprint of this process: a plain hash of a password could be tried out by whoever sees it.
static KEY: LazyLock<Option<hmac::Key>> =
    LazyLock::new(|| hmac::Key::generate(hmac::HMAC_SHA256, &aws_lc_rs::rand::SystemRandom::new()).ok());

/// HMAC-SHA-256 over files, under a key that ends with the process. Two are equal when the files are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Imprint(Vec<u8>);

impl Imprint {
    /// That of these files: path and content; `None` is a file that can't be read.
    pub(super) fn of<'a>(files: impl IntoIterator<Item = (&'a Path, Option<Vec<u8>>)>) -> Self {
        let Some(key) = &*KEY else {
            // Without random numbers no TLS connection is made either.
            return Self::default();
        };
        let mut mac = hmac::Context::with_key(key);
        for (path, content) in files {
            let path = path.as_os_str().as_encoded_bytes();
            mac.update(&(path.len() as u64).to_be_bytes());
            mac.update(path);
            mac.update(&[u8::from(content.is_some())]);
            let content = content.unwrap_or_default();
            mac.update(&(content.len() as u64).to_be_bytes());
            mac.update(&content);
        }
        Self(mac.sign().as_ref().to_vec())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}
