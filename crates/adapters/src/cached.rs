//! A source before a source: answers from memory, has at most one fetch under way, and keeps
//! answering when what it wraps cannot. The policy is told in `ARCHITECTURE.md`, "The cache".

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::{Collection, ContentError, ContentSource, Snapshot};
use quick_cache::sync::Cache;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use self::report::Report;
use crate::counts::CacheCounts;
use crate::store::{FailureKind, StoreFailure};

mod report;

/// How long a version is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheSettings {
    /// For how long a version is fresh.
    pub ttl: Duration,
    /// For how long past `ttl` nobody waits for the next version.
    pub stale_while_revalidate: Duration,
    /// For how long past `ttl` a version is better than an error.
    pub stale_if_error: Duration,
}

impl Default for CacheSettings {
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        Self { ttl: minute, stale_while_revalidate: minute, stale_if_error: 24 * 60 * minute }
    }
}

/// A whole fetch, with its retries and its parsing, takes no longer.
const DEADLINE: Duration = Duration::from_secs(10);
/// A request waits no longer when it can be answered with an old version.
const WARM_WAIT: Duration = Duration::from_secs(2);
/// A request waits no longer when there is nothing to answer with.
const COLD_WAIT: Duration = Duration::from_secs(5);
/// The first pause after a failure; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause between two fetches that fail, with and without a version to answer with.
const LONGEST_PAUSE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(4));
/// More places than keys, so that nothing good is evicted.
const CAPACITY: usize = 16;

/// Answers from memory while a version is fresh; past that with the old one, while a task of its own fetches.
/// Where there is none, a call waits at most 5 s; then, and until the next try is due, it has the error at once.
pub struct Cached<C: Collection>(Arc<Core<C>>);

struct Core<C: Collection> {
    inner: Arc<dyn ContentSource<C>>,
    settings: CacheSettings,
    runtime: Handle,
    /// The last good version, by the collection's name.
    values: Cache<&'static str, Arc<Snapshot<C>>>,
    flight: Mutex<Flight<C>>,
    report: Mutex<Report>,
    counts: Arc<CacheCounts>,
}

type Outcome<C> = Result<Arc<Snapshot<C>>, ContentError>;
type Landing<C> = watch::Receiver<Option<Outcome<C>>>;

/// The fetch under way, and how the last one failed. Locked for moments, never across an await.
struct Flight<C> {
    running: Option<Landing<C>>,
    failure: Option<Failure>,
}

struct Failure {
    error: ContentError,
    retry_at: Instant,
    streak: u32,
}

/// What a caller finds who wants a fetch.
enum Boarding<C> {
    /// One has landed since the caller looked.
    Landed(Arc<Snapshot<C>>),
    /// One is under way; the one before it may have failed.
    Running(Landing<C>, Option<ContentError>),
    /// The last one failed and the next is not due.
    Grounded(ContentError),
}

/// What a collection is like at this moment.
#[derive(Debug)]
pub struct State<C> {
    /// The version that is held.
    pub snapshot: Option<Arc<Snapshot<C>>>,
    /// Why the last fetch failed, if it did.
    pub failure: Option<ContentError>,
}

impl<C: Collection> Cached<C> {
    /// Wraps `inner`. Fetches run on the runtime that this is called in, whoever asks for them.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn new(inner: Arc<dyn ContentSource<C>>, settings: CacheSettings) -> Self {
        let flight = Mutex::new(Flight { running: None, failure: None });
        let (runtime, values) = (Handle::current(), Cache::new(CAPACITY));
        let (report, counts) = Default::default();
        Self(Arc::new(Core { inner, settings, runtime, values, flight, report, counts }))
    }

    /// What is held, within its TTL: what `load` would answer without waiting for anyone.
    #[must_use]
    pub fn fresh(&self) -> Option<Arc<Snapshot<C>>> {
        let fresh = self.0.held().filter(|held| age(held) < self.0.settings.ttl)?;
        self.0.counts.fresh.up();
        Some(fresh)
    }

    /// How it has answered so far.
    #[must_use]
    pub fn counts(&self) -> Arc<CacheCounts> {
        Arc::clone(&self.0.counts)
    }

    /// What is held, without asking anyone.
    #[must_use]
    pub fn state(&self) -> State<C> {
        let failure = self.0.flight().failure.as_ref().map(|failure| failure.error.clone());
        State { snapshot: self.0.held(), failure }
    }

    /// Fetches now, however fresh what is held is and whenever the last fetch failed, and comes back when it is over. A
    /// fetch that is under way has perhaps looked too early: it is waited for, then comes another.
    pub async fn renew(&self) {
        let running = self.0.flight().running.clone();
        if let Some(mut landing) = running {
            let _ = landing.wait_for(Option::is_some).await;
        }
        if let Some(failure) = &mut self.0.flight().failure {
            failure.retry_at = Instant::now();
        }
        if let Boarding::Running(mut landing, _) = self.0.board(self.0.held().as_ref()) {
            let _ = landing.wait_for(Option::is_some).await;
        }
    }

    /// Keeps the version fresh without any request, for ever. The first refresh comes at a random moment of the
    /// last fifth of the TTL, so that instances that start together part; later ones just before its end.
    pub async fn keep(self) {
        let mut spread = 0.2;
        loop {
            if let Boarding::Running(mut landing, _) = self.0.board(self.0.held().as_ref()) {
                let _ = landing.wait_for(Option::is_some).await;
            }
            let share = 1.0 - spread * fastrand::f64();
            while self.0.due(share) > Instant::now() {
                sleep_until(self.0.due(share)).await;
            }
            if self.0.held().is_some() {
                spread = 0.03;
            }
        }
    }
}

#[async_trait]
impl<C: Collection> ContentSource<C> for Cached<C> {
    async fn load(&self) -> Outcome<C> {
        if let Some(fresh) = self.fresh() {
            return Ok(fresh);
        }
        let outcome = self.0.answer().await;
        let counts = &self.0.counts;
        match &outcome {
            Ok(snapshot) if age(snapshot) < self.0.settings.ttl => counts.waited.up(),
            Ok(_) => counts.stale.up(),
            Err(_) => counts.failed.up(),
        }
        outcome
    }
}

impl<C: Collection> Core<C> {
    /// Answers where what is held, if anything, is past its TTL.
    async fn answer(self: &Arc<Self>) -> Outcome<C> {
        let CacheSettings { ttl, stale_while_revalidate, stale_if_error } = self.settings;
        let held = self.held();
        let age = held.as_ref().map_or(Duration::MAX, age);
        let usable = held.clone().filter(|_| age < ttl.saturating_add(stale_if_error));
        let (landing, failed) = match self.board(held.as_ref()) {
            Boarding::Landed(snapshot) => return Ok(snapshot),
            Boarding::Grounded(error) => return usable.ok_or(error),
            Boarding::Running(landing, failed) => (landing, failed),
        };
        match (usable, failed) {
            (Some(old), failed) if failed.is_some() || age < ttl.saturating_add(stale_while_revalidate) => Ok(old),
            (Some(old), _) => match outcome(landing, WARM_WAIT).await {
                Some(Err(ContentError::Missing { document })) => Err(ContentError::Missing { document }),
                Some(Ok(new)) => Ok(new),
                Some(Err(_)) | None => Ok(old),
            },
            (None, Some(error)) => Err(error),
            (None, None) => outcome(landing, COLD_WAIT)
                .await
                .unwrap_or_else(|| Err(retry_after(&failed_by::<C>("no answer yet"), COLD_WAIT))),
        }
    }

    fn held(&self) -> Option<Arc<Snapshot<C>>> {
        self.values.get(C::NAME)
    }

    fn flight(&self) -> MutexGuard<'_, Flight<C>> {
        self.flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins the fetch under way or starts one, for a caller who has seen the version `seen`.
    fn board(self: &Arc<Self>, seen: Option<&Arc<Snapshot<C>>>) -> Boarding<C> {
        let mut flight = self.flight();
        if let Some(held) = self.held().filter(|held| !seen.is_some_and(|seen| Arc::ptr_eq(seen, held))) {
            return Boarding::Landed(held);
        }
        let failed = flight.failure.as_ref().map(|failure| failure.error.clone());
        if let Some(running) = &flight.running {
            return Boarding::Running(running.clone(), failed);
        }
        if let Some(failure) = flight.failure.as_ref().filter(|failure| Instant::now() < failure.retry_at) {
            return Boarding::Grounded(retry_after(&failure.error, failure.retry_at - Instant::now()));
        }
        let (landed, landing) = watch::channel(None);
        flight.running = Some(landing.clone());
        self.runtime.spawn(Arc::clone(self).fly(landed));
        Boarding::Running(landing, failed)
    }

    /// One fetch. It is a task within a task: whoever waits may leave, and a panic stays inside.
    async fn fly(self: Arc<Self>, landed: watch::Sender<Option<Outcome<C>>>) {
        let inner = Arc::clone(&self.inner);
        let mut fetch = self.runtime.spawn(async move { inner.load().await });
        let outcome = match timeout(DEADLINE, &mut fetch).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(failed_by::<C>("the fetch was interrupted")),
            Err(_) => {
                fetch.abort();
                Err(failed_by::<C>("no answer within 10s"))
            }
        };
        self.land(&outcome);
        landed.send_replace(Some(outcome));
    }

    /// Takes in what a fetch has brought.
    fn land(&self, outcome: &Outcome<C>) {
        let mut flight = self.flight();
        flight.running = None;
        let before = flight.failure.take();
        match outcome {
            Ok(new) => {
                let known = self.held().is_some_and(|old| old.version == new.version);
                let count = if known { &self.counts.unchanged } else { &self.counts.updated };
                count.up();
                self.values.insert(C::NAME, Arc::clone(new));
                drop(flight);
                self.report().version(new, known);
            }
            Err(error) => {
                match error {
                    ContentError::Missing { .. } => {
                        self.counts.missing.up();
                        self.values.remove(C::NAME);
                    }
                    ContentError::Invalid { .. } => self.counts.invalid.up(),
                    ContentError::Unavailable { .. } => self.counts.unavailable.up(),
                }
                let streak = before.as_ref().map_or(0, |before| before.streak).saturating_add(1);
                let retry_at = Instant::now() + self.pause(error, streak);
                flight.failure = Some(Failure { error: error.clone(), retry_at, streak });
                drop(flight);
                self.report().failure(error, self.held().is_some());
            }
        }
    }

    /// How long to leave the store alone after a failure.
    fn pause(&self, error: &ContentError, streak: u32) -> Duration {
        let ContentError::Unavailable { retry_after, source, .. } = error else { return self.settings.ttl };
        // A key does not become good by being shown again.
        if source.downcast_ref::<StoreFailure>().is_some_and(|failure| failure.kind == FailureKind::Auth) {
            return LONGEST_PAUSE.0.min(self.settings.ttl);
        }
        let longest = if self.held().is_some() { LONGEST_PAUSE.0 } else { LONGEST_PAUSE.1 };
        let doubled = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(streak - 1));
        let pause = doubled.min(longest).min(self.settings.ttl).mul_f64(0.8 + 0.2 * fastrand::f64());
        pause.max(retry_after.unwrap_or_default())
    }

    /// When the keeper acts next: `share` of the TTL after the last validation, or when a failure may be tried again.
    fn due(&self, share: f64) -> Instant {
        match (&self.flight().failure, self.held()) {
            (Some(failure), _) => failure.retry_at,
            (None, Some(held)) => Instant::from_std(held.validated) + self.settings.ttl.mul_f64(share),
            (None, None) => Instant::now(),
        }
    }
}

/// A failure of the cache's own finding.
fn failed_by<C: Collection>(why: &'static str) -> ContentError {
    ContentError::unavailable(C::NAME, why)
}

/// Seconds since the store was last asked for this version.
fn age<C>(snapshot: &Arc<Snapshot<C>>) -> Duration {
    Instant::now().into_std().saturating_duration_since(snapshot.validated)
}

async fn outcome<C>(mut landing: Landing<C>, wait: Duration) -> Option<Outcome<C>> {
    let landed = timeout(wait, landing.wait_for(Option::is_some)).await.ok()?.ok()?;
    landed.clone()
}

/// The same error, with the time after which asking again makes sense.
fn retry_after(error: &ContentError, wait: Duration) -> ContentError {
    match error.clone() {
        ContentError::Unavailable { document, source, .. } => {
            ContentError::Unavailable { document, retry_after: Some(wait), source }
        }
        other => other,
    }
}

impl<C: Collection> Clone for Cached<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C: Collection> fmt::Display for Cached<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cached({:?}, {})", self.0.settings.ttl, self.0.inner)
    }
}

#[cfg(test)]
mod tests;
