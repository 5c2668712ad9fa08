//! The messages of a request as they come. What a message announces is looked at before it is taken in, and more than a
//! little of it is only taken in for somebody, within a share of memory.
//!
//! Collected bytes are bytes that HTTP/2 asks more for: its windows bound what is on its way, not what is here.

use std::ops::Deref;
use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use futures_util::FutureExt as _;
use http_body::Body;
use http_body_util::BodyExt as _;

use super::crowd::{Client, Held, RETRY_AFTER};
use super::frame::PREFIX;
use crate::status::{Reason, Refusal};

/// A message up to this size is taken in for every client certificate and not counted: all that `max_calls` allows of
/// them are 16 MiB.
pub(super) const SMALL: usize = 4 << 10;

/// What a message has to keep to.
pub(super) struct Bounds<'a, A> {
    /// The longest.
    pub(super) longest: usize,
    /// Whose memory it takes.
    pub(super) client: &'a Arc<Client>,
    /// Whether there is a caller for whom more than a little is taken in.
    pub(super) admits: A,
}

/// The bytes of one message. A large one has its share of memory until this is dropped.
pub(super) struct Message {
    bytes: Bytes,
    _held: Option<Held>,
}

impl Deref for Message {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// A request's body, read message by message.
pub(super) struct Messages<B> {
    body: B,
    /// What has come and belongs to no message yet.
    rest: Bytes,
    ended: bool,
    /// It was seen that there is a caller: a message that comes byte by byte is not asked for one at each.
    is_admitted: bool,
}

impl<B> Messages<B>
where
    B: Body<Data = Bytes> + Unpin,
{
    pub(super) fn new(body: B) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            ended: false,
            is_admitted: false,
        }
    }

    fn admit<A>(&mut self, bounds: &Bounds<'_, A>) -> Result<(), Refusal>
    where
        A: Fn() -> Result<(), Refusal>,
    {
        if !self.is_admitted {
            (bounds.admits)()?;
            self.is_admitted = true;
        }
        Ok(())
    }

    /// The one message of a request, or why there is none.
    pub(super) async fn only<A>(&mut self, bounds: &Bounds<'_, A>) -> Result<Message, Refusal>
    where
        A: Fn() -> Result<(), Refusal>,
    {
        let message = self.next(bounds).await?;
        let message = message.ok_or_else(|| malformed("there is no message"))?;
        match self.has_more(bounds).await? {
            true => Err(not_one()),
            false => Ok(message),
        }
    }

    /// The next message of a stream; none when it has ended, or its caller is gone.
    pub(super) async fn next<A>(&mut self, bounds: &Bounds<'_, A>) -> Result<Option<Message>, Refusal>
    where
        A: Fn() -> Result<(), Refusal>,
    {
        let mut prefix = [0; PREFIX];
        let mut have = 0;
        while have < PREFIX {
            let more = self.has_more(bounds).await;
            // Who leaves between two messages has no more to ask.
            if have == 0 && self.ended {
                return Ok(None);
            }
            if !more? {
                return Err(malformed("there is no message"));
            }
            let some = self.rest.len().min(PREFIX - have);
            self.rest.copy_to_slice(&mut prefix[have..have + some]);
            have += some;
        }
        let [compressed, length @ ..] = prefix;
        if compressed != 0 {
            return Err(malformed("compressed messages are not taken"));
        }
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > bounds.longest {
            return Err(Refusal::new(
                Reason::Overloaded,
                format!(
                    "the message is longer than {} bytes, the most that is taken: send a shorter one",
                    bounds.longest
                ),
            ));
        }
        let held = match length > SMALL {
            true => {
                self.admit(bounds)?;
                Some(bounds.client.hold(length).ok_or_else(no_memory)?)
            }
            false => None,
        };
        let bytes = self.take(length, bounds).await?;
        Ok(Some(Message { bytes, _held: held }))
    }

    /// What still comes when it does not matter any more; none when nothing does.
    pub(super) fn unread(self) -> Option<B> {
        (!self.ended).then_some(self.body)
    }

    async fn take<A>(&mut self, length: usize, bounds: &Bounds<'_, A>) -> Result<Bytes, Refusal>
    where
        A: Fn() -> Result<(), Refusal>,
    {
        if self.rest.len() >= length {
            return Ok(self.rest.split_to(length));
        }
        // Copied: a frame of one byte would keep the whole buffer that it was read into. At once as large as it becomes: what
        // grows leaves pieces behind.
        let mut whole = Vec::with_capacity(length);
        while whole.len() < length {
            if !self.has_more(bounds).await? {
                return Err(not_one());
            }
            let some = self.rest.len().min(length - whole.len());
            whole.extend_from_slice(&self.rest.split_to(some));
        }
        Ok(whole.into())
    }

    /// Whether there is a byte that has not been taken; waits for it. Who keeps the gateway waiting has a place among the
    /// calls meanwhile: only a caller has.
    async fn has_more<A>(&mut self, bounds: &Bounds<'_, A>) -> Result<bool, Refusal>
    where
        A: Fn() -> Result<(), Refusal>,
    {
        while self.rest.is_empty() {
            self.rest = Bytes::new();
            let frame = match self.body.frame().now_or_never() {
                Some(frame) => frame,
                None => {
                    self.admit(bounds)?;
                    self.body.frame().await
                }
            };
            match frame {
                Some(Ok(frame)) => self.rest = frame.into_data().unwrap_or_default(),
                Some(Err(_)) => {
                    self.ended = true;
                    return Err(malformed("the request ended before its message"));
                }
                None => {
                    self.ended = true;
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

fn malformed(what: &str) -> Refusal {
    Refusal::new(Reason::Malformed, what)
}

fn not_one() -> Refusal {
    malformed("there is not exactly one whole message")
}

fn no_memory() -> Refusal {
    let message = "the gateway holds as many bytes of large messages as it may; try again later";
    Refusal::new(Reason::Overloaded, message).retry_after(RETRY_AFTER)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use adapters::settings::Size;
    use http_body::Frame;
    use http_body_util::StreamBody;
    use tokio_stream::StreamExt as _;
    use toml::Spanned;

    use super::*;
    use crate::server::crowd::Crowd;
    use crate::settings::ListenerSettings;

    /// Half a MiB for one client, three quarters in all.
    fn crowd() -> Arc<Crowd> {
        let limits = ListenerSettings {
            message_memory: Spanned::new(0..0, Size(768 << 10)),
            message_memory_per_client: Spanned::new(0..0, Size(512 << 10)),
            ..ListenerSettings::default()
        };
        Crowd::new(&limits, Arc::default())
    }

    fn body(pieces: Vec<Bytes>) -> Messages<impl Body<Data = Bytes, Error = Infallible> + Unpin> {
        let frames = pieces.into_iter().map(|piece| Ok(Frame::data(piece)));
        // All is here: this one never asks to be waited for, as that of tokio does now and then.
        Messages::new(StreamBody::new(futures_util::stream::iter(frames)))
    }

    fn framed(length: usize) -> Vec<u8> {
        let prefix = u32::try_from(length).unwrap().to_be_bytes();
        [&[0][..], &prefix, &vec![7; length]].concat()
    }

    fn cut(bytes: &[u8], size: usize) -> Vec<Bytes> {
        bytes.chunks(size).map(Bytes::copy_from_slice).collect()
    }

    fn anybody() -> Result<(), Refusal> {
        Ok(())
    }

    fn nobody() -> Result<(), Refusal> {
        Err(Refusal::new(Reason::TokenMissing, "nobody"))
    }

    fn bounds(
        client: &Arc<Client>,
        admits: fn() -> Result<(), Refusal>,
    ) -> Bounds<'_, fn() -> Result<(), Refusal>> {
        Bounds {
            longest: 300 << 10,
            client,
            admits,
        }
    }

    #[tokio::test]
    async fn a_message_is_the_same_however_it_is_cut_and_there_is_one() {
        let client = crowd().client(&[1; 32]);
        let bounds = bounds(&client, anybody);
        for length in [0, 1, 300, SMALL, SMALL + 1, 100_000] {
            let bytes = framed(length);
            for size in [1, 4, 7, 1_000, bytes.len()] {
                let message = body(cut(&bytes, size)).only(&bounds).await.unwrap();
                assert_eq!(&message[..], &bytes[PREFIX..], "{length} in pieces of {size}");
                let twice = [&bytes[..], &bytes[..]].concat();
                let refused = body(cut(&twice, size)).only(&bounds).await.err().unwrap();
                assert_eq!(refused.reason, Reason::Malformed);
                let mut all = body(cut(&twice, size));
                for _ in 0..2 {
                    let message = all.next(&bounds).await.unwrap().unwrap();
                    assert_eq!(&message[..], &bytes[PREFIX..]);
                }
                assert!(all.next(&bounds).await.unwrap().is_none(), "a stream ends");
            }
        }
        for broken in [&b""[..], b"\0\0\0", b"\x01\0\0\0\0", b"\0\0\0\0\x02x"] {
            let refused = body(cut(broken, 2)).only(&bounds).await.err().unwrap();
            assert_eq!(refused.reason, Reason::Malformed, "{broken:?}");
        }
    }

    #[tokio::test]
    async fn a_message_that_is_too_long_is_refused_by_what_it_announces() {
        let client = crowd().client(&[1; 32]);
        let mut long = body(cut(&framed((300 << 10) + 1)[..PREFIX + 1], PREFIX + 1));
        let refused = long.only(&bounds(&client, anybody)).await.err().unwrap();
        assert_eq!((refused.reason, refused.retry_after), (Reason::Overloaded, None));
        assert!(long.unread().is_some(), "it was not waited for");
    }

    #[tokio::test]
    async fn only_a_little_is_taken_in_for_nobody() {
        let client = crowd().client(&[1; 32]);
        let bounds = bounds(&client, nobody);
        assert!(body(cut(&framed(SMALL), 100)).only(&bounds).await.is_ok());
        let large = body(cut(&framed(SMALL + 1)[..PREFIX], PREFIX))
            .only(&bounds)
            .await;
        assert_eq!(large.err().unwrap().reason, Reason::TokenMissing);
    }

    #[tokio::test]
    async fn a_caller_is_asked_for_once_however_slowly_the_message_comes() {
        let client = crowd().client(&[1; 32]);
        let asked = std::cell::Cell::new(0);
        let bounds = Bounds {
            longest: 1 << 20,
            client: &client,
            admits: || {
                asked.set(asked.get() + 1);
                Ok(())
            },
        };
        let (pieces, come) = tokio::sync::mpsc::channel(1);
        let dripping = async move {
            for piece in cut(&framed(50), 1) {
                pieces
                    .send(Ok::<_, Infallible>(Frame::data(piece)))
                    .await
                    .unwrap();
                tokio::task::yield_now().await;
            }
        };
        let mut messages = Messages::new(StreamBody::new(tokio_stream::wrappers::ReceiverStream::new(come)));
        let (message, ()) = tokio::join!(messages.only(&bounds), dripping);
        assert_eq!((message.unwrap().len(), asked.get()), (50, 1));
    }

    #[tokio::test]
    async fn large_messages_have_a_share_of_memory_of_their_client_and_of_all_and_give_it_back() {
        let crowd = crowd();
        let (one, other) = (crowd.client(&[1; 32]), crowd.client(&[2; 32]));
        let large = async |client: &Arc<Client>| {
            body(cut(&framed(200 << 10), 9_000))
                .only(&bounds(client, anybody))
                .await
        };
        let held = [large(&one).await.unwrap(), large(&one).await.unwrap()];
        let refused = large(&one).await.err().unwrap();
        assert_eq!(
            (refused.reason, refused.retry_after),
            (Reason::Overloaded, Some(RETRY_AFTER))
        );
        let _third = large(&other).await.unwrap();
        assert!(
            large(&other).await.is_err(),
            "in all there is no room for a fourth"
        );
        let small = body(cut(&framed(SMALL), 100))
            .only(&bounds(&other, anybody))
            .await;
        assert!(small.is_ok(), "small ones are never in want of it");
        drop(held);
        assert!(large(&other).await.is_ok() && large(&one).await.is_ok());
    }

    #[tokio::test]
    async fn who_keeps_the_gateway_waiting_for_a_message_has_to_be_a_caller() {
        let client = crowd().client(&[1; 32]);
        let (nobody, anybody) = (bounds(&client, nobody), bounds(&client, anybody));
        let whole = framed(300);
        // Nothing, a part of the prefix, a part of the message, and all but the end.
        for have in [0, 3, 100, whole.len()] {
            let silent = || {
                let piece = Bytes::copy_from_slice(&whole[..have]);
                let come = tokio_stream::iter([Ok::<_, Infallible>(Frame::data(piece))]);
                Messages::new(StreamBody::new(come.chain(tokio_stream::pending())))
            };
            let refusal = silent().only(&nobody).await.err().unwrap();
            assert_eq!(refusal.reason, Reason::TokenMissing, "{have} bytes");
            let soon = std::time::Duration::from_millis(50);
            let mut waiting = silent();
            let waits = tokio::time::timeout(soon, waiting.only(&anybody));
            assert!(waits.await.is_err(), "a caller has its time");
        }
    }
}
