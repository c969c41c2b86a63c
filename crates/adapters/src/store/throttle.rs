//! Obeys `Retry-After`: while a store has asked for silence, no request leaves, from whichever task.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService, ReqwestConnector,
};
use tokio::time::Instant;

/// Makes clients that obey.
#[derive(Debug, Default)]
pub(super) struct ThrottledConnector(ReqwestConnector);

impl HttpConnector for ThrottledConnector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Throttled { inner: self.0.connect(options)?, not_before: Mutex::new(None) }))
    }
}

#[derive(Debug)]
struct Throttled {
    inner: HttpClient,
    not_before: Mutex<Option<Instant>>,
}

/// The store has asked for silence, for this long still.
#[derive(Debug, thiserror::Error)]
#[error("the store asks to wait {}s", .0.as_secs())]
pub(super) struct AskedToWait(pub(super) Duration);

/// A store may not silence us for longer.
const LONGEST: Duration = Duration::from_secs(600);

#[async_trait]
impl HttpService for Throttled {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let not_before = *self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait) =
            not_before.map(|at| at.saturating_duration_since(Instant::now())).filter(|wait| !wait.is_zero())
        {
            return Err(HttpError::new(HttpErrorKind::Unknown, AskedToWait(wait)));
        }
        let response = self.inner.execute(request).await?;
        if matches!(response.status().as_u16(), 429 | 500 | 503)
            && let Some(wait) =
                response.headers().get("retry-after").and_then(|value| value.to_str().ok()).and_then(parse)
        {
            *self.not_before.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + wait.min(LONGEST));
        }
        Ok(response)
    }
}

/// `Retry-After` (RFC 9110 §10.2.3): seconds, or a date.
fn parse(value: &str) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Duration::try_from(date.duration_since(jiff::Timestamp::now())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(parse(" 30 "), Some(Duration::from_secs(30)));
        assert_eq!(parse("soon"), None);
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:37 GMT"), None, "a date that is past asks for nothing");
        assert!(parse("Tue, 31 Dec 2999 23:59:59 GMT").is_some_and(|wait| wait > LONGEST));
    }
}
