//! What a connection may take: a client that drips its request, sends a head without end, or has nothing to say loses
//! its connection, and nobody else's is touched. actix-http's own timers look at the first request alone.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::head::Head;

/// From the first byte of a request, or from the connection's start, to the end of its head.
pub(crate) const HEAD: Duration = Duration::from_secs(5);
/// Between an answer and the next request. Longer than the proxies before us keep theirs, so that none sends a request
/// into a closing connection.
const IDLE: Duration = Duration::from_secs(75);
/// The same where connections are scarce.
const IDLE_IN_A_CROWD: Duration = Duration::from_secs(2);
/// How often an idle connection looks at the clock, and whether they are.
pub(crate) const LOOK: Duration = Duration::from_secs(5);
/// An answer begins after so many looks: the longest wait for content is a sixth of that.
const LOOKS: u32 = 6;
/// What is refused may still arrive, so that the client reads why rather than a reset.
const LINGER: (Duration, usize) = (Duration::from_secs(1), 1 << 20);

/// The connections that are open, and how many there may be.
#[derive(Debug)]
pub struct Crowd {
    open: AtomicUsize,
    most: usize,
}

impl Crowd {
    /// Room for `most`.
    #[must_use]
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { open: AtomicUsize::new(0), most })
    }

    /// Lets a connection in, until its place is dropped.
    #[must_use]
    pub fn enter(self: &Arc<Self>) -> Place {
        self.open.fetch_add(1, Ordering::Relaxed);
        Place(Arc::clone(self))
    }

    /// How many are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// How many there may be.
    #[must_use]
    pub fn most(&self) -> usize {
        self.most
    }

    /// For how long a connection may be idle: less where three of four places are taken.
    fn idle(&self) -> Duration {
        if self.open() * 4 >= self.most * 3 { IDLE_IN_A_CROWD } else { IDLE }
    }
}

/// The place of a connection in the crowd, from the moment it is accepted.
#[derive(Debug)]
pub struct Place(Arc<Crowd>);

impl Place {
    /// For how long the connection may be idle as things are.
    #[must_use]
    pub fn idle(&self) -> Duration {
        self.0.idle()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection under watch.
pub struct Watched<T> {
    io: T,
    place: Place,
    head: Head,
    /// A whole head has come and nothing has been answered.
    asked: bool,
    /// How often we have looked since, and it still was not.
    looks: u32,
    /// An answer has been sent since the clock was last looked at.
    answered: bool,
    /// The last answer, as far as the clock was looked at, or the beginning of the head that is unfinished.
    since: Instant,
    limit: Duration,
    alarm: Pin<Box<Sleep>>,
    /// Who is woken by the alarm as it is set now.
    waker: Option<Waker>,
    /// How much is still thrown away of what a refused client sends.
    refused: Option<usize>,
    /// The client has sent what it called its last request.
    is_over: bool,
}

impl<T> Watched<T> {
    /// Watches a new connection.
    #[must_use]
    pub fn new(io: T, place: Place) -> Self {
        let since = Instant::now();
        let alarm = Box::pin(sleep_until(since + HEAD));
        let head = Head::default();
        Self {
            io,
            place,
            head,
            asked: false,
            looks: 0,
            answered: false,
            since,
            limit: HEAD,
            alarm,
            waker: None,
            refused: None,
            is_over: false,
        }
    }

    /// The moment when patience with the client ends, if it is the client that is waited for.
    fn due(&self) -> Option<Instant> {
        (!self.asked).then(|| self.since + if self.limit == IDLE { self.place.idle() } else { self.limit })
    }

    fn begin(&mut self, limit: Duration) {
        (self.since, self.limit, self.answered) = (Instant::now(), limit, false);
    }

    /// Whether patience has ended; else the task is woken when it may have.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let set_for_us = self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        let early = self.limit == HEAD && self.due().is_some_and(|due| due < self.alarm.deadline());
        if set_for_us && !early && !self.alarm.is_elapsed() {
            return Poll::Pending;
        }
        loop {
            if early || self.alarm.is_elapsed() {
                if self.answered {
                    self.begin(IDLE);
                }
                let now = Instant::now();
                let due = self.due();
                self.looks += u32::from(due.is_none());
                if due.is_some_and(|due| due <= now) || self.looks > LOOKS {
                    return Poll::Ready(());
                }
                self.alarm.as_mut().reset(due.map_or(now + LOOK, |due| due.min(now + LOOK)));
            }
            self.waker = Some(cx.waker().clone());
            ready!(self.alarm.as_mut().poll(cx));
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Watched<T> {
    /// Says why in so many words, if nothing else is being said, and listens to no more.
    fn refuse(&mut self, cx: &mut Context<'_>, why: &'static str) -> Poll<io::Result<()>> {
        if self.asked {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        let answer = format!("HTTP/1.1 {why}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        let _ = Pin::new(&mut self.io).poll_write(cx, answer.as_bytes());
        let _ = Pin::new(&mut self.io).poll_shutdown(cx);
        self.begin(LINGER.0);
        self.alarm.as_mut().reset(self.since + LINGER.0);
        (self.waker, self.refused) = (None, Some(LINGER.1));
        self.poll_refused(cx)
    }

    fn poll_refused(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut waste = [0; 4096];
        while let Some(left) = self.refused.filter(|left| *left > 0) {
            let mut buffer = ReadBuf::new(&mut waste);
            match Pin::new(&mut self.io).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.refused = Some(left.saturating_sub(buffer.filled().len()));
                }
                Poll::Ready(_) => break,
                Poll::Pending => {
                    ready!(self.alarm.as_mut().poll(cx));
                    break;
                }
            }
        }
        Poll::Ready(Err(io::ErrorKind::InvalidData.into()))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for Watched<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.refused.is_some() {
            return this.poll_refused(cx);
        }
        let before = buf.filled().len();
        match Pin::new(&mut this.io).poll_read(cx, buf) {
            Poll::Ready(Ok(())) => {
                let was_begun = this.head.is_begun();
                if this.is_over && buf.filled().len() > before {
                    // Nobody answers it: it is as if it had not come.
                    buf.set_filled(before);
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                let read = this.head.read(&buf.filled()[before..]);
                this.asked |= read.whole;
                if let Some(last) = read.last {
                    this.is_over = true;
                    buf.set_filled(before + last);
                }
                if !was_begun && this.head.is_begun() {
                    this.begin(HEAD);
                }
                match this.head.refusal() {
                    Some(why) => {
                        buf.set_filled(before);
                        this.refuse(cx, why)
                    }
                    None => Poll::Ready(Ok(())),
                }
            }
            Poll::Pending => {
                ready!(this.poll_alarm(cx));
                if this.head.is_begun() {
                    return this.refuse(cx, "408 Request Timeout");
                }
                // The end of the stream, as far as anyone cares.
                Poll::Ready(Ok(()))
            }
            failed @ Poll::Ready(Err(_)) => failed,
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Watched<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.io).poll_write(cx, buf))?;
        (self.asked, self.looks) = (false, 0);
        self.answered = !self.head.is_begun();
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
