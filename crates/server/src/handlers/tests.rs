//! The handlers before a source that answers as a test tells it to.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServiceResponse;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web};
use adapters::CacheSettings;
use domain::{ContentError, Faq, Fault, Items, MockContentSource, Position, Snapshot};
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use crate::cors::Cors;
use crate::http_cache::Policy;
use crate::lifecycle::Lifecycle;
use crate::metrics::Traffic;
use crate::middleware::{Manners, finish};
use crate::published::Offer;
use crate::representation::{Coding, Representations, Shelf};
use crate::routes;

/// The answer to one GET where the source has this outcome.
async fn get(
    path: &str,
    outcome: Result<Arc<Snapshot<Faq>>, ContentError>,
) -> ServiceResponse<impl actix_web::body::MessageBody> {
    let mut source = MockContentSource::<Faq>::new();
    source.expect_load().times(1).returning(move || outcome.clone());
    let offer =
        Offer::<Faq> { source: Arc::new(source), policy: Policy::new(CacheSettings::default()), shelf: shelf() };
    let offer = web::Data::new(offer);
    let traffic = Arc::new(Traffic::new(["faq"].into_iter(), &routes::FIXED));
    let manners = Rc::new(Manners {
        lifecycle: Lifecycle::default(),
        cors: Cors::Any,
        secure: false,
        traffic,
        log: Arc::default(),
        traces: None,
    });
    let app = App::new()
        .wrap(from_fn(move |request, next| finish(Rc::clone(&manners), request, next)))
        .configure(|config| routes::collection(config, &offer));
    call_service(&init_service(app).await, TestRequest::get().uri(path).to_request()).await
}

fn snapshot(age: Duration) -> Arc<Snapshot<Faq>> {
    let nodes = domain::testing::nodes(json!([{"id": 1, "q": "a", "a": "b"}]));
    Arc::new(Snapshot {
        items: Arc::new(Items::read(nodes, &jiff::tz::TimeZone::UTC)),
        document: "faq.json".into(),
        version: "v".into(),
        modified: jiff::Timestamp::UNIX_EPOCH,
        validated: Instant::now().into_std() - age,
    })
}

#[actix_web::test]
async fn each_outcome_of_the_source_has_its_status_and_says_nothing_of_the_store() {
    let unavailable = |wait: Option<u64>| ContentError::Unavailable {
        document: "canary".into(),
        retry_after: wait.map(Duration::from_millis),
        source: Arc::new(std::io::Error::other("canary")),
    };
    let fault = Fault::new(&domain::mistakes::SYNTAX, Position::START, "canary");
    for (error, status, name, retry) in [
        (ContentError::Missing { document: "canary".into() }, 404, "content-missing", None),
        (ContentError::invalid("canary", fault), 502, "content-invalid", None),
        (unavailable(None), 503, "storage-unavailable", Some("5")),
        (unavailable(Some(1200)), 503, "storage-unavailable", Some("2")),
        (unavailable(Some(0)), 503, "storage-unavailable", Some("1")),
    ] {
        for path in ["/api/faq", "/api/faq/1"] {
            let response = get(path, Err(error.clone())).await;
            assert_eq!(response.status().as_u16(), status, "{name}");
            assert_eq!(response.headers().get("retry-after").map(|value| value.to_str().unwrap()), retry);
            let body = read_body(response).await;
            assert!(!String::from_utf8_lossy(&body).contains("canary"), "{body:?}");
            let body: Json = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["type"], format!("/docs/problems#{name}"));
        }
    }
}

#[actix_web::test]
async fn age_is_the_time_since_the_store_confirmed_and_date_is_that_moment() {
    let response = get("/api/faq", Ok(snapshot(Duration::from_secs(42)))).await;
    assert_eq!(response.headers().get("age").unwrap(), "42");
    let date = httpdate::parse_http_date(response.headers().get("date").unwrap().to_str().unwrap()).unwrap();
    let date = jiff::Timestamp::try_from(date).unwrap();
    let skew = jiff::Timestamp::now().as_second() - date.as_second() - 42;
    assert!((0..=1).contains(&skew), "{skew}");
}

fn shelf() -> Arc<Shelf> {
    Arc::new(Shelf::new(Representations::new(1 << 20)))
}

#[actix_web::test]
async fn a_list_is_written_once_for_each_version_query_and_coding() {
    let (shelf, snapshot) = (shelf(), snapshot(Duration::ZERO));
    for asked in ["", "q=a", "limit=7"] {
        let list = || shelf.list(&snapshot, asked, Coding::Gzip).unwrap();
        assert_eq!(list().body.as_ptr(), list().body.as_ptr(), "{asked}");
        shelf.prepare(&snapshot).unwrap();
        assert_eq!(list().etag, shelf.list(&snapshot, asked, Coding::Identity).unwrap().etag);
    }
    let newer = Snapshot { version: "w".into(), ..(*snapshot).clone() };
    let etag = |snapshot| shelf.list(snapshot, "", Coding::Identity).unwrap().etag.clone();
    assert_ne!(etag(&newer), etag(&snapshot));
}
