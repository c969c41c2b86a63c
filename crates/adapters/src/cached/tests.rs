//! The policy of the cache on a paused clock: hours pass in no time, and nothing sleeps for real.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::{Faq, Fault, Items, MockContentSource, Position};
use tokio::task::JoinSet;
use tokio::time::{advance, sleep};

use super::*;

/// A store that a test breaks and mends.
struct Fake {
    calls: AtomicUsize,
    mode: Mutex<Mode>,
    items: Arc<Items<Faq>>,
}

#[derive(Clone)]
enum Mode {
    Good(&'static str),
    Slow(Duration),
    Fail(ContentError),
    Silent,
    Panic,
}

impl Fake {
    fn new(mode: Mode) -> Arc<Self> {
        let items = Arc::new(Items::read(Vec::new(), &jiff::tz::TimeZone::UTC));
        Arc::new(Self { calls: AtomicUsize::new(0), mode: Mutex::new(mode), items })
    }

    fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    fn snapshot(&self, version: &str) -> Arc<Snapshot<Faq>> {
        Arc::new(Snapshot {
            items: Arc::clone(&self.items),
            document: "faq.json".into(),
            version: version.into(),
            modified: jiff::Timestamp::UNIX_EPOCH,
            validated: Instant::now().into_std(),
        })
    }
}

#[async_trait]
impl ContentSource<Faq> for Fake {
    async fn load(&self) -> Outcome<Faq> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let mode = self.mode.lock().unwrap().clone();
        match mode {
            Mode::Good(version) => Ok(self.snapshot(version)),
            Mode::Slow(time) => {
                let snapshot = self.snapshot("slow");
                sleep(time).await;
                Ok(snapshot)
            }
            Mode::Fail(error) => Err(error),
            Mode::Silent => std::future::pending().await,
            Mode::Panic => panic!("on purpose"),
        }
    }
}

impl fmt::Display for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fake")
    }
}

fn down() -> ContentError {
    ContentError::unavailable("faq.json", "down")
}

fn missing() -> ContentError {
    ContentError::Missing { document: "faq.json".into() }
}

fn broken() -> ContentError {
    ContentError::invalid(
        "faq.json",
        Fault::new(&domain::mistakes::MISSING_COMMA, Position { line: 3, column: 7 }, "a comma is missing"),
    )
}

fn cached(fake: &Arc<Fake>) -> Cached<Faq> {
    Cached::new(Arc::clone(fake) as _, CacheSettings::default())
}

async fn version(cache: &Cached<Faq>) -> String {
    cache.load().await.unwrap().version.to_string()
}

const SECOND: Duration = Duration::from_secs(1);

/// Lets the tasks that are ready run, while the clock stands.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_fresh_version_is_answered_from_memory() {
    let mut mock = MockContentSource::<Faq>::new();
    let snapshot = Fake::new(Mode::Silent).snapshot("a");
    mock.expect_load().times(1).returning(move || Ok(Arc::clone(&snapshot)));
    let cache = Cached::new(Arc::new(mock), CacheSettings::default());
    assert_eq!(version(&cache).await, "a");
    advance(59 * SECOND).await;
    assert_eq!(version(&cache).await, "a");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_cold_calls_are_one_fetch() {
    let fake = Fake::new(Mode::Slow(2 * SECOND));
    let cache = cached(&fake);
    let mut calls = JoinSet::new();
    for _ in 0..1000 {
        let cache = cache.clone();
        calls.spawn(async move { version(&cache).await });
    }
    assert_eq!(calls.join_all().await, vec!["slow"; 1000]);
    assert_eq!(fake.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_cold_calls_to_a_dead_store_are_one_fetch_and_all_fail_soon() {
    for mode in [Mode::Fail(down()), Mode::Silent] {
        let fake = Fake::new(mode);
        let cache = cached(&fake);
        let began = Instant::now();
        let mut calls = JoinSet::new();
        for _ in 0..1000 {
            let cache = cache.clone();
            calls.spawn(async move { cache.load().await.unwrap_err() });
        }
        for error in calls.join_all().await {
            assert!(matches!(error, ContentError::Unavailable { .. }), "{error}");
        }
        assert!(began.elapsed() < 6 * SECOND, "{:?}", began.elapsed());
        assert_eq!(fake.calls(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_remembered_until_the_next_try_is_due() {
    let fake = Fake::new(Mode::Fail(down()));
    let cache = cached(&fake);
    for _ in 0..100 {
        let Err(ContentError::Unavailable { retry_after, .. }) = cache.load().await else { panic!("it is down") };
        assert!(retry_after.is_none_or(|wait| wait <= SECOND));
    }
    assert_eq!(fake.calls(), 1);
    advance(SECOND).await;
    assert!(cache.load().await.is_err(), "the remembered failure is the answer while the next try is under way");
    settle().await;
    assert_eq!(fake.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn c4_a_client_that_leaves_does_not_cancel_the_fetch() {
    let fake = Fake::new(Mode::Slow(2 * SECOND));
    let cache = cached(&fake);
    let leader = tokio::task::spawn({
        let cache = cache.clone();
        async move { cache.load().await }
    });
    settle().await;
    leader.abort();
    assert_eq!(version(&cache).await, "slow");
    assert_eq!(fake.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn past_the_ttl_the_old_version_is_answered_at_once_while_one_task_refreshes() {
    let fake = Fake::new(Mode::Good("a"));
    let cache = cached(&fake);
    version(&cache).await;
    fake.set(Mode::Slow(SECOND));
    advance(60 * SECOND).await;
    let began = Instant::now();
    for _ in 0..1000 {
        assert_eq!(version(&cache).await, "a");
    }
    assert_eq!(began.elapsed(), Duration::ZERO);
    sleep(2 * SECOND).await;
    assert_eq!(version(&cache).await, "slow");
    assert_eq!(fake.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn past_the_window_a_call_waits_for_the_refresh_but_not_for_long() {
    let fake = Fake::new(Mode::Good("a"));
    let cache = cached(&fake);
    version(&cache).await;
    fake.set(Mode::Slow(SECOND));
    advance(120 * SECOND).await;
    assert_eq!(version(&cache).await, "slow", "a refresh within 2 s is waited for");
    fake.set(Mode::Silent);
    advance(120 * SECOND).await;
    let began = Instant::now();
    assert_eq!(version(&cache).await, "slow");
    assert_eq!(began.elapsed(), WARM_WAIT);
    sleep(DEADLINE + 2 * SECOND).await;
    let (began, calls) = (Instant::now(), fake.calls());
    assert_eq!(version(&cache).await, "slow");
    settle().await;
    assert_eq!(fake.calls(), calls + 1);
    assert_eq!(began.elapsed(), Duration::ZERO, "nobody waits for a store that is known to fail");
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_without_a_store_are_ten_minutes_without_a_failure() {
    for mode in [Mode::Fail(down()), Mode::Silent] {
        let fake = Fake::new(Mode::Good("a"));
        let cache = cached(&fake);
        tokio::task::spawn(cache.clone().keep());
        version(&cache).await;
        fake.set(mode);
        let began = Instant::now();
        while began.elapsed() < 600 * SECOND {
            assert_eq!(version(&cache).await, "a");
            sleep(Duration::from_millis(100)).await;
        }
        assert!(fake.calls() < 40, "{} fetches", fake.calls());
        fake.set(Mode::Good("b"));
        sleep(35 * SECOND).await;
        assert_eq!(version(&cache).await, "b");
    }
}

#[tokio::test(start_paused = true)]
async fn d10_a_version_is_too_old_exactly_when_stale_if_error_has_passed() {
    let fake = Fake::new(Mode::Good("a"));
    let cache = cached(&fake);
    version(&cache).await;
    fake.set(Mode::Fail(down()));
    let last = 60 * SECOND + 24 * 3600 * SECOND;
    advance(last - SECOND).await;
    assert_eq!(version(&cache).await, "a");
    advance(SECOND).await;
    assert!(matches!(cache.load().await, Err(ContentError::Unavailable { .. })));
}

#[tokio::test(start_paused = true)]
async fn what_the_store_says_is_gone_is_gone_within_a_ttl_and_back_within_another() {
    let fake = Fake::new(Mode::Good("a"));
    let cache = cached(&fake);
    tokio::task::spawn(cache.clone().keep());
    version(&cache).await;
    fake.set(Mode::Fail(missing()));
    sleep(60 * SECOND).await;
    assert!(matches!(cache.load().await, Err(ContentError::Missing { .. })));
    fake.set(Mode::Good("b"));
    sleep(61 * SECOND).await;
    assert_eq!(version(&cache).await, "b");
}

#[tokio::test(start_paused = true)]
async fn content_that_cannot_be_served_leaves_the_last_good_version() {
    let fake = Fake::new(Mode::Good("a"));
    let cache = cached(&fake);
    tokio::task::spawn(cache.clone().keep());
    version(&cache).await;
    fake.set(Mode::Fail(broken()));
    sleep(3600 * SECOND).await;
    assert_eq!(version(&cache).await, "a");
    assert!(matches!(cache.state().failure, Some(ContentError::Invalid { .. })));
    fake.set(Mode::Good("b"));
    sleep(61 * SECOND).await;
    assert_eq!(version(&cache).await, "b");
    assert!(cache.state().failure.is_none());
}

#[tokio::test(start_paused = true)]
async fn d2_a_fetch_that_panics_or_hangs_is_replaced() {
    for mode in [Mode::Panic, Mode::Silent] {
        let fake = Fake::new(mode);
        let cache = cached(&fake);
        tokio::task::spawn(cache.clone().keep());
        sleep(SECOND / 2).await;
        fake.set(Mode::Good("a"));
        sleep(DEADLINE + 5 * SECOND).await;
        assert_eq!(version(&cache).await, "a");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_asks_to_wait_is_left_alone() {
    let fake = Fake::new(Mode::Good("a"));
    let cache = cached(&fake);
    tokio::task::spawn(cache.clone().keep());
    version(&cache).await;
    let asked = retry_after(&down(), 300 * SECOND);
    fake.set(Mode::Fail(asked));
    sleep(61 * SECOND).await;
    let calls = fake.calls();
    sleep(238 * SECOND).await;
    assert_eq!(version(&cache).await, "a");
    assert_eq!(fake.calls(), calls);
}

#[tokio::test(start_paused = true)]
async fn an_idle_instance_is_never_stale_and_fetches_once_a_ttl() {
    let fake = Fake::new(Mode::Good("a"));
    let cache = cached(&fake);
    tokio::task::spawn(cache.clone().keep());
    for _ in 0..3600 {
        sleep(SECOND).await;
        let held = cache.state().snapshot.unwrap();
        assert!(age(&held) <= 60 * SECOND, "{:?}", age(&held));
    }
    assert!((60..=63).contains(&fake.calls()), "{} fetches in an hour", fake.calls());
}

#[tokio::test(start_paused = true)]
async fn d7_instances_that_start_together_part() {
    let fakes: Vec<_> = (0..20).map(|_| Fake::new(Mode::Good("a"))).collect();
    let caches: Vec<_> = fakes.iter().map(cached).collect();
    for cache in &caches {
        tokio::task::spawn(cache.clone().keep());
    }
    sleep(60 * SECOND).await;
    let ages: HashSet<u64> = caches.iter().map(|cache| age(&cache.state().snapshot.unwrap()).as_secs()).collect();
    assert!(ages.len() >= 5, "{ages:?}");
}

#[tokio::test(start_paused = true)]
async fn it_names_itself_and_what_it_wraps() {
    assert_eq!(cached(&Fake::new(Mode::Silent)).to_string(), "Cached(60s, Fake)");
}
