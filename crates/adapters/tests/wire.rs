//! What goes over the wire to a store: validators, retries, and silence where it is asked for.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fake_store;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use adapters::decode::{Format, Limits};
use adapters::store::{AzureAccess, ConnectionString, Target, Unwritten};
use adapters::{BlobSource, Store};
use domain::{ContentError, ContentSource as _, Faq, News};
use fake_store::{FakeStore, blob, response};
use jiff::tz::TimeZone;

fn open(fake: &FakeStore) -> Arc<Store> {
    let string = format!("AccountName=acc;AccountKey=YQ==;BlobEndpoint={}", fake.url("/acc"));
    let access = AzureAccess::ConnectionString(ConnectionString::parse(&string).unwrap());
    Arc::new(Store::open("az://content".parse().unwrap(), Some(&access)).unwrap())
}

fn faq(store: &Arc<Store>) -> BlobSource<Faq> {
    BlobSource::new(Arc::clone(store), Limits::default(), TimeZone::UTC)
}

#[tokio::test]
async fn a_store_that_fails_is_asked_three_times_and_not_more() {
    let fake = FakeStore::start(|_| response("503 Busy", "", "<Error><Code>ServerBusy</Code></Error>")).await;
    let error = faq(&open(&fake)).load().await.unwrap_err();
    assert_eq!(error.to_string(), "faq.json could not be loaded: the store answers without content (ServerBusy)");
    assert_eq!(fake.requests("faq.json").len(), 3);
}

#[tokio::test]
async fn a_store_that_asks_to_wait_is_not_asked_again_for_any_collection() {
    let fake = FakeStore::start(|_| response("503 Busy", "retry-after: 30\r\n", "")).await;
    let store = open(&fake);
    for _ in 0..3 {
        let error = faq(&store).load().await.unwrap_err();
        let ContentError::Unavailable { retry_after: Some(wait), .. } = error else { panic!("{error}") };
        assert!(wait > Duration::from_secs(25) && wait <= Duration::from_secs(30), "{wait:?}");
    }
    let news = BlobSource::<News>::new(Arc::clone(&store), Limits::default(), TimeZone::UTC);
    assert!(news.load().await.is_err());
    assert_eq!(fake.requests("GET").len(), 1);
}

#[tokio::test]
async fn a_not_modified_that_nobody_asked_for_is_a_failure() {
    let fake = FakeStore::start(|_| response("304 Not Modified", "", "")).await;
    let error = faq(&open(&fake)).load().await.unwrap_err();
    assert!(matches!(error, ContentError::Unavailable { .. }), "{error}");
}

#[tokio::test]
async fn a_body_that_ends_too_early_is_a_failure_and_not_content() {
    let cut = |request: &str| match request.contains("faq.json") {
        true => blob("[]").replace("content-length: 2", "content-length: 9"),
        false => response("404 Not Found", "", ""),
    };
    let fake = FakeStore::start(cut).await;
    let error = faq(&open(&fake)).load().await.unwrap_err();
    assert!(matches!(error, ContentError::Unavailable { .. }), "{error}");
}

#[tokio::test]
async fn the_words_of_a_refusal_stay_behind() {
    let words = "<Error><Code>AuthenticationFailed</Code><Message>signed canary</Message></Error>";
    let fake = FakeStore::start(move |_| response("403 Forbidden", "", words)).await;
    let error = faq(&open(&fake)).load().await.unwrap_err();
    assert_eq!(error.to_string(), "faq.json could not be loaded: the store refuses access (AuthenticationFailed)");
    assert!(!format!("{error:?}").contains("canary"));
}

#[tokio::test]
async fn an_unchanged_document_is_asked_for_by_its_etag() {
    let answer = |request: &str| match request.contains("if-none-match: \"0x1\"") {
        true => response("304 Not Modified", "", ""),
        false if request.contains("faq.json") => blob("[]"),
        false => response("404 Not Found", "", ""),
    };
    let fake = FakeStore::start(answer).await;
    let faq = faq(&open(&fake));
    let (first, second) = (faq.load().await.unwrap(), faq.load().await.unwrap());
    assert!(Arc::ptr_eq(&first.items, &second.items) && second.validated > first.validated);
    let asked = fake.requests("GET");
    assert!(!asked[0].contains("if-none-match") && asked[1].contains("if-none-match: \"0x1\""), "{asked:?}");
}

#[tokio::test]
async fn a_document_that_announces_too_much_is_refused_by_its_head() {
    let huge = |_: &str| blob("").replace("content-length: 0", "content-length: 209715200");
    let error = faq(&open(&FakeStore::start(huge).await)).load().await.unwrap_err();
    assert!(matches!(error, ContentError::Invalid { .. }), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed_whoever_it_leads_to() {
    let other = FakeStore::start(|_| blob("[]")).await;
    let there = format!("location: {}\r\n", other.url("/acc/content/faq.json"));
    for status in ["301 Moved", "302 Found", "307 Temporary Redirect"] {
        let there = there.clone();
        let fake = FakeStore::start(move |_| response(status, &there, "")).await;
        let error = faq(&open(&fake)).load().await.unwrap_err();
        assert!(matches!(error, ContentError::Unavailable { .. }), "{status}: {error}");
    }
    assert_eq!(other.requests("").len(), 0, "nothing may go to another host, least of all a signature");
}

#[tokio::test]
async fn a_document_that_changed_on_the_way_is_a_failure() {
    // The digests of `[]` and of nothing.
    for (digest, fits) in [("11FxOYiYfpMxmANj4kGJzg==", true), ("1B2M2Y8AsgTpgAmY7PhCfg==", false), ("odd", true)] {
        let answer = move |request: &str| match request.contains("faq.json") {
            true => blob("[]").replacen("etag", &format!("content-md5: {digest}\r\netag"), 1),
            false => response("404 Not Found", "", ""),
        };
        let loaded = faq(&open(&FakeStore::start(answer).await)).load().await;
        match loaded {
            Ok(_) => assert!(fits, "{digest}"),
            Err(error) => {
                assert!(!fits, "{digest}: {error}");
                assert_eq!(error.to_string(), "faq.json could not be loaded: the document is not what its digest says");
            }
        }
    }
}

/// By a signature in the address, which must not be seen.
fn target(fake: &FakeStore) -> Target {
    let string = format!("BlobEndpoint={};SharedAccessSignature=sv=2021-08-06&sig=canary", fake.url("/acc"));
    let access = AzureAccess::ConnectionString(ConnectionString::parse(&string).unwrap());
    Target::open("az://content/site".parse().unwrap(), Some(&access), Limits::default()).unwrap()
}

fn told(unwritten: Unwritten) -> String {
    let Unwritten::Failed(error) = unwritten else { panic!("{unwritten:?}") };
    assert!(!format!("{error:?} {error}").contains("canary"));
    error.to_string()
}

#[tokio::test]
async fn an_upload_is_tried_again_while_nothing_has_come_of_it() {
    let puts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&puts);
    let fake = FakeStore::start(move |request| match request.starts_with("PUT") {
        true if count.fetch_add(1, Ordering::Relaxed) == 2 => response("201 Created", "", ""),
        true => response("500 Oops", "x-ms-error-code: InternalError\r\n", ""),
        false => response("404 Not Found", "", ""),
    })
    .await;
    assert!(target(&fake).put("faq.json", Format::Json, b"[]", None).await.is_ok());
    let asked = fake.requests("PUT /acc/content/site/faq.json?sv=2021-08-06&sig=canary ");
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|put| put.contains("if-none-match: *") && put.ends_with("[]")), "{asked:?}");
}

#[tokio::test]
async fn an_upload_that_comes_to_nothing_is_told_in_words_without_secrets() {
    let cases = [
        ("500 Oops", "x-ms-error-code: InternalError\r\n", 3, "the store answers without content (InternalError)"),
        ("403 No", "x-ms-error-code: AuthorizationFailure\r\n", 1, "the store refuses access (AuthorizationFailure)"),
        ("412 No", "x-ms-error-code: LeaseIdMissing\r\n", 1, "the store answers without content (LeaseIdMissing)"),
        ("404 No", "x-ms-error-code: ContainerNotFound\r\n", 1, "the container is not there (ContainerNotFound)"),
        ("503 Busy", "retry-after: 9\r\n", 1, "the store asks to wait"),
        ("302 Found", "location: http://127.0.0.1:1/?canary\r\n", 1, "the store answers without content (status 302)"),
    ];
    for (status, headers, tries, words) in cases {
        let fake = FakeStore::start(move |request| match request.starts_with("PUT") {
            true => response(status, headers, "canary"),
            false => response("404 Not Found", "", ""),
        })
        .await;
        let said = told(target(&fake).put("faq.json", Format::Json, b"[]", None).await.unwrap_err());
        assert!(said.starts_with(&format!("faq.json could not be loaded: {words}")), "{said}");
        assert_eq!(fake.requests("PUT").len(), tries, "{status}");
    }
}
