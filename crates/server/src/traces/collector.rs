//! How spans reach the collector: with one HTTP client, on the main runtime, whoever waits for it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use reqwest::Client;
use reqwest::redirect::Policy;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// A collector that comes and goes is told of no more often.
const PAUSE: Duration = Duration::from_secs(60);

/// The collector. It is shown headers that may hold a key, and passes them on to no other host.
#[derive(Debug)]
pub(super) struct Collector {
    client: Client,
    runtime: Handle,
    state: Mutex<State>,
}

/// What the log knows.
#[derive(Debug, Default)]
struct State {
    failing: bool,
    told: Option<Instant>,
}

impl Collector {
    pub(super) fn new(timeout: Duration) -> reqwest::Result<Self> {
        let client = Client::builder()
            .connect_timeout(Duration::from_secs(2))
            .timeout(timeout)
            .pool_max_idle_per_host(1)
            // Its log shows the headers of HTTP/2.
            .http1_only()
            .redirect(Policy::none())
            .build()?;
        Ok(Self { client, runtime: Handle::current(), state: Mutex::default() })
    }

    /// Says that the collector cannot be reached, and that it can again.
    fn report(&self, failure: Option<String>) {
        let news = self.state.lock().unwrap_or_else(PoisonError::into_inner).is_news(failure.is_some());
        match failure {
            Some(why) if news => {
                tracing::warn!("traces do not reach the collector: {why}; those that do not fit the queue are dropped");
            }
            Some(why) => tracing::debug!("traces do not reach the collector: {why}"),
            None if news => tracing::warn!("traces reach the collector again"),
            None => {}
        }
    }
}

impl State {
    /// Whether the log is to be told of a delivery. The end of a failure is told if its beginning was.
    fn is_news(&mut self, failed: bool) -> bool {
        if failed == self.failing || (failed && self.told.is_some_and(|told| told.elapsed() < PAUSE)) {
            return false;
        }
        *self = Self { failing: failed, told: if failed { Some(Instant::now()) } else { self.told } };
        true
    }
}

#[async_trait]
impl HttpClient for Collector {
    /// The answer comes without its body, which nobody reads.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move {
            let mut answer = client.execute(request.try_into()?).await?;
            // Read to its end, so that the connection can be used again.
            while answer.chunk().await?.is_some() {}
            Ok::<_, reqwest::Error>(answer)
        });
        let answer = match sent.await? {
            Ok(answer) => answer,
            Err(error) => {
                self.report(Some(what_happened(&error).to_owned()));
                return Err(error.without_url().into());
            }
        };
        let status = answer.status();
        self.report((!status.is_success()).then(|| format!("it answers {}", status.as_u16())));
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = status;
        *response.headers_mut() = answer.headers().clone();
        Ok(response)
    }
}

/// In words without an address.
fn what_happened(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection failed"
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_collector_that_comes_and_goes_is_told_of_once_a_minute_with_its_end() {
        let mut state = State::default();
        let mut news = |failed: &[bool]| failed.iter().map(|failed| state.is_news(*failed)).collect::<Vec<_>>();
        assert_eq!(news(&[false, true, true, false, false]), [false, true, false, true, false]);
        assert_eq!(news(&[true, true, false]), [false; 3], "within the minute");
        advance(PAUSE).await;
        assert_eq!(news(&[true, false]), [true; 2]);
    }
}
