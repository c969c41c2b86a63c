//! How requests leave and answers arrive: to the configured host and no other, not while the store has asked for silence
//! (`Retry-After`), not again at once while it does not answer at all, and with the digest of a document kept for whoever
//! reads it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
};
use object_store::{ClientOptions, Error};
use reqwest::Client;
use reqwest::redirect::Policy;
use tokio::time::Instant;

use super::digest::ContentMd5;

/// Makes clients that obey.
#[derive(Debug)]
pub(super) struct Connector {
    /// The longest that a request may take.
    pub(super) patience: Duration,
}

impl HttpConnector for Connector {
    /// The options are not read: object_store's own client would follow redirects, to any host and with the credential.
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = Client::builder()
            .user_agent(concat!("blobcast/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(2))
            .timeout(self.patience)
            // A connection for each request, of which there are few: none is met that the store has closed meanwhile, and
            // a store that moves is asked at its new address.
            .pool_max_idle_per_host(0)
            .http1_only()
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .redirect(Policy::none())
            .build();
        let inner =
            client.map(HttpClient::new).map_err(|error| Error::Generic { store: "HTTP", source: error.into() })?;
        Ok(HttpClient::new(Throttled { inner, not_before: Mutex::new(None), mute: AtomicBool::new(false) }))
    }
}

#[derive(Debug)]
struct Throttled {
    inner: HttpClient,
    not_before: Mutex<Option<Instant>>,
    /// The last request had no answer.
    mute: AtomicBool,
}

/// The store has asked for silence, for this long still.
#[derive(Debug, thiserror::Error)]
#[error("the store asks to wait {}s", .0.as_secs())]
pub(super) struct AskedToWait(pub(super) Duration);

/// A document comes whole and with 200, or it has not come.
#[derive(Debug, thiserror::Error)]
#[error("status {0}")]
struct NotADocument(u16);

/// The rest of a document was to be asked for: it is read in one go, or again from its beginning.
#[derive(Debug, thiserror::Error)]
#[error("the rest of the document is missing")]
pub(super) struct CutShort;

/// A store may not silence us for longer.
const LONGEST: Duration = Duration::from_secs(600);

#[async_trait]
impl HttpService for Throttled {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if request.headers().contains_key("range") {
            return Err(HttpError::new(HttpErrorKind::Unknown, CutShort));
        }
        let not_before = *self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait) =
            not_before.map(|at| at.saturating_duration_since(Instant::now())).filter(|wait| !wait.is_zero())
        {
            return Err(HttpError::new(HttpErrorKind::Unknown, AskedToWait(wait)));
        }
        let get = request.method() == "GET";
        let mut response = match self.inner.execute(request).await {
            Ok(response) => response,
            // Of an unknown kind: no reason to try again before the cache does.
            Err(error) if self.mute.swap(true, Ordering::Relaxed) => {
                return Err(HttpError::new(HttpErrorKind::Unknown, error));
            }
            Err(error) => return Err(error),
        };
        self.mute.store(false, Ordering::Relaxed);
        let status = response.status().as_u16();
        if get && (201..300).contains(&status) {
            return Err(HttpError::new(HttpErrorKind::Unknown, NotADocument(status)));
        }
        if matches!(status, 429 | 500 | 503)
            && let Some(wait) =
                response.headers().get("retry-after").and_then(|value| value.to_str().ok()).and_then(parse)
        {
            *self.not_before.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + wait.min(LONGEST));
        }
        if let Some(digest) = ContentMd5::of(response.headers()) {
            response.extensions_mut().insert(digest);
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
