//! Tokens of OAuth 2.0 by client credentials: kept, renewed before they end, asked for once however
//! many want one.

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ::http::Request;
use ::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use http_body_util::Full;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::client::Client;
use super::sign_in::read_secret;
use super::template::percent;
use super::{CredentialPlace, OAuth2};
use crate::error::Error;
use crate::tree::{AnswerLimits, Node, json};

/// The longest time for a token, whoever waits for it.
const LONGEST: Duration = Duration::from_secs(5);
/// Time between two questions for a token when the first one fails.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a token holds that doesn't say so.
const UNSAID: u64 = 60;
/// The longest time that a token is used.
const LONGEST_USE: u64 = 24 * 60 * 60;
/// An answer with a token is small.
const LIMITS: AnswerLimits = AnswerLimits {
    bytes: 64 << 10,
    depth: 8,
    nodes: 200,
};

/// Gives tokens.
pub(super) struct Tokens {
    giver: Arc<Giver>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    asking: Option<Shared<BoxFuture<'static, Result<Token, Error>>>>,
    /// When a question for a token was last seen to have failed.
    failed: Option<Instant>,
}

/// A token, as the value of `Authorization`.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) value: HeaderValue,
    /// From when on another one is asked for, and until when this one is used.
    renew: Instant,
    end: Instant,
}

struct Giver {
    client: Client,
    client_id: String,
    secret: SecretString,
    scope: Option<String>,
    place: CredentialPlace,
}

impl Tokens {
    pub(super) fn new(settings: &OAuth2, default_ca: Option<&str>, base: &Path) -> Result<Self, String> {
        let server = settings.server.get_ref();
        let giver = Giver {
            client: Client::new(server, default_ca, base, LIMITS)?,
            client_id: settings.client_id.get_ref().clone(),
            secret: read_secret(base, settings.client_secret.get_ref())?,
            scope: settings.scope.as_ref().map(|scope| scope.get_ref().clone()),
            place: settings.place,
        };
        Ok(Self {
            giver: Arc::new(giver),
            state: Mutex::default(),
        })
    }

    /// A token that holds. One that will end soon is renewed beside its use.
    pub(super) async fn token(&self) -> Result<Token, Error> {
        let asking = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            if let Some(Some(outcome)) = state.asking.as_ref().map(|asking| asking.clone().now_or_never()) {
                state.asking = None;
                match outcome {
                    Ok(token) => state.token = Some(token),
                    Err(_) => state.failed = Some(now),
                }
            }
            let held = state.token.clone().filter(|token| now < token.end);
            let asking = match (&held, &state.asking) {
                (Some(token), _) if now < token.renew => None,
                // While one holds, a giver that fails is not asked again at once.
                (Some(_), None) if state.failed.is_some_and(|failed| now < failed + PAUSE) => None,
                (_, Some(asking)) => Some(asking.clone()),
                (_, None) => {
                    let asking = self.giver.ask();
                    state.asking = Some(asking.clone());
                    Some(asking)
                }
            };
            match (held, asking) {
                (Some(token), _) => return Ok(token),
                (None, Some(asking)) => asking,
                (None, None) => return Err(Error::unavailable("no token")),
            }
        };
        asking.await
    }

    /// Gives up a token that the registry doesn't take.
    pub(super) fn refused(&self, token: &Token) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.token.as_ref().is_some_and(|held| held.value == token.value) {
            state.token = None;
        }
        // What was asked for before may have given the same token.
        if let Some(Some(Ok(given))) = state.asking.as_ref().map(|asking| asking.clone().now_or_never())
            && given.value == token.value
        {
            state.asking = None;
        }
    }

    pub(super) fn check(&self) -> impl Future<Output = Result<(), Error>> {
        let token = self.token();
        async { token.await.map(drop) }
    }
}

impl Giver {
    /// Asks in a task of its own: who asked first may go away before the others.
    fn ask(self: &Arc<Self>) -> Shared<BoxFuture<'static, Result<Token, Error>>> {
        let giver = Arc::clone(self);
        let task = tokio::spawn(async move {
            tokio::time::timeout(LONGEST, giver.fetch())
                .await
                .unwrap_or_else(|_| Err(Error::unavailable("no token in time")))
        });
        async { task.await.unwrap_or_else(|_| Err(Error::unavailable("no token"))) }
            .boxed()
            .shared()
    }

    async fn fetch(&self) -> Result<Token, Error> {
        let start = Instant::now();
        let answer = self.client.send(self.request()?).await;
        let answer = answer.map_err(|_| Error::unavailable("the giver of tokens can't be asked"))?;
        if !answer.status.is_success() {
            return Err(Error::unavailable("the giver of tokens refuses"));
        }
        let unread = || Error::unavailable("the giver of tokens gave none that can be used");
        let node = json::read(&answer.body, LIMITS).map_err(|_| unread())?;
        let text = |name| node.field(name).and_then(Node::text);
        let bearer = text("token_type").is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
        let token = text("access_token").filter(|_| bearer).ok_or_else(unread)?;
        let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| unread())?;
        value.set_sensitive(true);
        let seconds = text("expires_in").and_then(|text| text.parse::<u64>().ok());
        let seconds = seconds.unwrap_or(UNSAID).min(LONGEST_USE);
        let life = Duration::from_secs(seconds);
        Ok(Token {
            value,
            renew: start + life * 4 / 5,
            end: start + life * 19 / 20,
        })
    }

    fn request(&self) -> Result<Request<Full<Bytes>>, Error> {
        let unasked = || Error::unavailable("the giver of tokens can't be asked");
        let mut form = "grant_type=client_credentials".to_owned();
        let mut add = |name: &str, value: &str| {
            form.push('&');
            form.push_str(name);
            form.push('=');
            percent(value, &mut form);
        };
        if let Some(scope) = &self.scope {
            add("scope", scope);
        }
        let uri = self.client.origin().uri("").ok_or_else(unasked)?;
        let mut request = Request::post(uri)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json");
        match self.place {
            CredentialPlace::Body => {
                add("client_id", &self.client_id);
                add("client_secret", self.secret.expose_secret());
            }
            CredentialPlace::Header => {
                let mut pair = Zeroizing::new(String::new());
                percent(&self.client_id, &mut pair);
                pair.push(':');
                percent(self.secret.expose_secret(), &mut pair);
                let value = BASE64_STANDARD.encode(pair.as_bytes());
                let value = Zeroizing::new(format!("Basic {}", Zeroizing::new(value).as_str()));
                let mut value = HeaderValue::from_str(&value).map_err(|_| unasked())?;
                value.set_sensitive(true);
                request = request.header(AUTHORIZATION, value);
            }
        }
        request.body(Full::from(form)).map_err(|_| unasked())
    }
}
