//! What the log is told of requests: each at `debug`; at `warn` those that failed, a line a minute for each kind.

use std::collections::HashMap;
use std::fmt::{self, Display, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::dev::RequestHead;
use opentelemetry::trace::TraceId;
use tokio::time::Instant;
use tracing::Level;

use crate::traces;

/// Failures of one route and one status are told of no more often.
const PAUSE: Duration = Duration::from_secs(60);
/// Of what a client writes, so many characters are shown.
const SHOWN: usize = 256;

/// A request that has been answered.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// What was asked.
    pub head: &'a RequestHead,
    /// The template of its route, if it has one.
    pub route: Option<&'a str>,
    /// The status of the answer.
    pub status: u16,
    /// How long it took.
    pub took: Duration,
    /// Its id.
    pub id: &'a str,
    /// Whether it came through TLS.
    pub secure: bool,
}

impl Answered<'_> {
    /// The method, or `_OTHER` (OpenTelemetry's semantic conventions): any client can make up new ones.
    #[must_use]
    pub fn method(&self) -> &'static str {
        const KNOWN: [&str; 10] =
            ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "QUERY"];
        KNOWN.into_iter().find(|known| *known == self.head.method.as_str()).unwrap_or("_OTHER")
    }

    /// A method that does not exist (501) is the client's failure, and "not ready" is an answer.
    fn is_failure(&self) -> bool {
        self.status >= 500 && self.status != 501 && self.route != Some("/readyz")
    }
}

/// Tells the log of requests.
#[derive(Debug, Default)]
pub struct RequestLog(Mutex<HashMap<(String, u16), Told>>);

/// When a kind of failure was told of, and how many were left out since.
#[derive(Debug)]
struct Told {
    at: Instant,
    left_out: u64,
}

impl RequestLog {
    /// Whether an answer of this status may have a line.
    #[must_use]
    pub fn wants(&self, status: u16) -> bool {
        status >= 500 || tracing::enabled!(Level::DEBUG)
    }

    /// Writes a request's line. `trace_id` is asked only if there is a line.
    pub fn answered(&self, answered: &Answered<'_>, trace_id: Option<TraceId>) {
        let Answered { head, route, status, took, id, .. } = answered;
        let path = || printable(head.uri.path());
        let trace_id = || trace_id.or_else(|| traces::trace_id(head.headers())).map(|id| id.to_string());
        let duration_us = || u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if answered.is_failure()
            && let Some(left_out) = self.left_out(answered)
        {
            tracing::warn!(
                method = answered.method(),
                path = %path(),
                route,
                status,
                duration_us = duration_us(),
                request_id = id,
                trace_id = trace_id(),
                left_out,
                "a request failed"
            );
            return;
        }
        tracing::debug!(
            method = answered.method(),
            path = %path(),
            route,
            status,
            duration_us = duration_us(),
            request_id = id,
            trace_id = trace_id(),
            "a request was answered"
        );
    }

    /// How many failures of this kind have not been told of; none if it is too soon to tell.
    fn left_out(&self, answered: &Answered<'_>) -> Option<u64> {
        let kind = (answered.route.unwrap_or_default().to_owned(), answered.status);
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let Some(told) = told.get_mut(&kind) else {
            told.insert(kind, Told { at: now, left_out: 0 });
            return Some(0);
        };
        if now - told.at < PAUSE {
            told.left_out += 1;
            return None;
        }
        told.at = now;
        Some(std::mem::take(&mut told.left_out))
    }
}

/// What a client wrote, fit for a terminal: ASCII without controls, and an end.
pub fn printable(text: &str) -> impl Display {
    fmt::from_fn(move |f| {
        let mut characters = text.chars();
        for c in characters.by_ref().take(SHOWN) {
            if c == ' ' || c.is_ascii_graphic() { f.write_char(c)? } else { write!(f, "{}", c.escape_unicode())? }
        }
        if characters.next().is_some() { f.write_str("...") } else { Ok(()) }
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use tokio::time::advance;

    use super::*;

    #[test]
    fn what_a_client_wrote_is_shown_without_controls_and_with_an_end() {
        for (text, shown) in [
            ("/api/faq?q=a b", "/api/faq?q=a b".to_owned()),
            ("\r\n\x1b[31m\u{202e}é", "\\u{d}\\u{a}\\u{1b}[31m\\u{202e}\\u{e9}".to_owned()),
            (&"x".repeat(256), "x".repeat(256)),
            (&"x".repeat(257), "x".repeat(256) + "..."),
        ] {
            assert_eq!(printable(text).to_string(), shown);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_kind_of_failure_is_told_of_once_a_minute_with_the_number_of_those_left_out() {
        let request = TestRequest::get().uri("/api/faq").to_http_request();
        let log = RequestLog::default();
        let left_out = |route, status| {
            let took = Duration::ZERO;
            log.left_out(&Answered { head: request.head(), route: Some(route), status, took, id: "a", secure: false })
        };
        assert_eq!(left_out("/api/faq", 503), Some(0));
        for _ in 0..59 {
            advance(Duration::from_secs(1)).await;
            assert_eq!(left_out("/api/faq", 503), None);
        }
        assert_eq!(left_out("/api/faq", 502), Some(0), "another status");
        assert_eq!(left_out("/api/news", 503), Some(0), "another route");
        advance(Duration::from_secs(1)).await;
        assert_eq!((left_out("/api/faq", 503), left_out("/api/faq", 503)), (Some(59), None));
    }
}
