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
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match failure {
            Some(why) if !state.failing && state.told.is_none_or(|told| told.elapsed() >= PAUSE) => {
                tracing::warn!("traces do not reach the collector: {why}; those that do not fit the queue are dropped");
                *state = State { failing: true, told: Some(Instant::now()) };
            }
            Some(why) => tracing::debug!("traces do not reach the collector: {why}"),
            None if state.failing => {
                tracing::warn!("traces reach the collector again");
                state.failing = false;
            }
            None => {}
        }
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
