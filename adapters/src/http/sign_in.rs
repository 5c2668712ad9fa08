//! How the gateway says who it is, beside its certificate.

use std::collections::BTreeMap;
use std::path::Path;

use ::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::SignIn;
use super::headers::check_name;
use super::origin::check_server;
use super::token::{Token, Tokens};
use crate::check::Problem;
use crate::error::Error;

/// The ways of one connection, with their secrets.
pub(crate) struct SignedIn {
    tokens: Option<Tokens>,
    fixed: Vec<(HeaderName, HeaderValue)>,
}

/// The token that a question was asked with, if it was with one.
pub(crate) struct Shown(Option<Token>);

impl SignedIn {
    /// Reads the files of the secrets. The error says what stands in the way.
    pub(crate) fn new(settings: &SignIn, default_ca: Option<&str>, base: &Path) -> Result<Self, String> {
        let mut fixed = Vec::new();
        if let Some(key) = &settings.api_key {
            let secret = read_secret(base, key.secret.get_ref())?;
            let value = Zeroizing::new(format!("{}{}", key.prefix, secret.expose_secret()));
            fixed.push(header(key.header.get_ref(), &value)?);
        }
        if let Some(json) = &settings.json_header {
            let secrets = json.secrets.iter();
            let secrets = secrets
                .map(|(name, file)| Ok((name, read_secret(base, file.get_ref())?)))
                .collect::<Result<Vec<_>, String>>()?;
            let fields = json
                .fields
                .iter()
                .map(|(name, text)| (name.as_str(), text.as_str()));
            let mut members: BTreeMap<_, _> = fields.collect();
            members.extend(
                secrets
                    .iter()
                    .map(|(name, secret)| (name.as_str(), secret.expose_secret())),
            );
            let written = serde_json::to_string(&members).map_err(|error| error.to_string())?;
            let value = Zeroizing::new(BASE64_STANDARD.encode(Zeroizing::new(written).as_bytes()));
            fixed.push(header(json.header.get_ref(), &value)?);
        }
        let tokens = settings.oauth2.as_ref();
        Ok(Self {
            tokens: tokens
                .map(|oauth2| Tokens::new(oauth2, default_ca, base))
                .transpose()?,
            fixed,
        })
    }

    /// Adds what says who the gateway is.
    pub(crate) async fn show(&self, headers: &mut HeaderMap) -> Result<Shown, Error> {
        for (name, value) in &self.fixed {
            headers.insert(name.clone(), value.clone());
        }
        let Some(tokens) = &self.tokens else {
            return Ok(Shown(None));
        };
        let token = tokens.token().await?;
        headers.insert(AUTHORIZATION, token.value.clone());
        Ok(Shown(Some(token)))
    }

    /// Takes note that the registry didn't know who asked. Whether another token may help.
    pub(crate) fn unknown(&self, shown: &Shown) -> bool {
        match (&self.tokens, &shown.0) {
            (Some(tokens), Some(token)) => {
                tokens.refused(token);
                true
            }
            _ => false,
        }
    }

    /// Whether it can be said who the gateway is.
    pub(crate) async fn check(&self) -> Result<(), Error> {
        match &self.tokens {
            Some(tokens) => tokens.check().await,
            None => Ok(()),
        }
    }
}

/// The text of a file, without the line's end.
pub(super) fn read_secret(base: &Path, file: &str) -> Result<SecretString, String> {
    let text = std::fs::read_to_string(base.join(file)).map_err(|error| format!("{file}: {error}"))?;
    let text = Zeroizing::new(text);
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(format!("{file}: found nothing, wanted a secret")),
        secret => Ok(secret.into()),
    }
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let unfit = || format!("header {name}: its value can't stand in a header");
    let mut value = HeaderValue::from_str(value).map_err(|_| unfit())?;
    value.set_sensitive(true);
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
    Ok((name, value))
}

/// What is wrong with the settings.
pub(crate) fn check_sign_in(settings: &SignIn, default_ca: bool, problems: &mut Vec<Problem>) {
    if let Some(oauth2) = &settings.oauth2 {
        check_server(oauth2.server.get_ref(), default_ca, problems);
    }
    for name in [
        settings.api_key.as_ref().map(|key| &key.header),
        settings.json_header.as_ref().map(|json| &json.header),
    ]
    .into_iter()
    .flatten()
    {
        check_name(name, true, problems);
    }
}
