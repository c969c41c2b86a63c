//! What an operator scrapes.

use server::metrics::Traffic;
use server::routes;

use crate::app::TestApp;

async fn scrape(app: &TestApp) -> String {
    let response = app.metrics().await;
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    response.text().await.unwrap()
}

/// The number of a series, 0 where there is none.
pub fn number(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |number| number.parse().unwrap())
}

/// How many series there are.
fn series(text: &str) -> usize {
    text.lines().filter(|line| !line.starts_with('#')).count()
}

#[tokio::test]
async fn requests_are_counted_by_route_method_and_status() {
    let app = TestApp::start().await;
    app.get("/api/faq").await;
    app.get("/api/faq?sort=question").await;
    app.get("/api/faq?sort=question").await;
    app.get("/api/faq?sort=nope").await;
    app.get("/api/faq/adherer").await;
    app.request(reqwest::Method::HEAD, "/api/faq").send().await.unwrap();
    let text = scrape(&app).await;
    let requests = |route: &str, method: &str, status: &str| {
        number(
            &text,
            &format!(r#"blobcast_http_requests_total{{route="{route}",method="{method}",status="{status}"}}"#),
        )
    };
    assert_eq!(requests("/api/faq", "GET", "200"), 3.0, "{text}");
    assert_eq!(requests("/api/faq", "GET", "400"), 1.0);
    assert_eq!(requests("/api/faq", "HEAD", "200"), 1.0);
    assert_eq!(requests("/api/faq/{id}", "GET", "200"), 1.0);
    assert_eq!(number(&text, r#"blobcast_http_request_duration_seconds_count{route="/api/faq"}"#), 5.0);
    assert_eq!(number(&text, r#"blobcast_representations_total{outcome="ready"}"#), 1.0);
    assert_eq!(number(&text, r#"blobcast_representations_total{outcome="made"}"#), 3.0);
    assert!(number(&text, r#"blobcast_content_loads_total{collection="faq",outcome="fresh"}"#) > 0.0);
    assert!(number(&text, r#"blobcast_content_items{collection="events"}"#) > 0.0);
    assert_eq!(number(&text, r#"blobcast_content_valid{collection="events"}"#), 1.0);
    assert!(number(&text, r#"blobcast_store_requests_total{result="content"}"#) >= 3.0);
    assert!(number(&text, r#"blobcast_connections{listener="public"}"#) >= 1.0);
    assert_eq!(number(&text, r#"blobcast_http_request_duration_seconds_bucket{le="+Inf",route="/api/faq"}"#), 5.0);
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn e12_nothing_that_a_client_writes_becomes_a_series() {
    let app = TestApp::start().await;
    let ask = async |n: usize| {
        for path in [format!("/api/faq/{n}"), format!("/{n}"), format!("/api/faq?q={n}"), format!("/api/none-{n}/1")] {
            app.get(&path).await;
        }
        let method = format!("M{n}");
        app.request(method.parse().unwrap(), "/api/faq").send().await.unwrap();
    };
    // Of each one, then of many.
    ask(0).await;
    scrape(&app).await;
    let before = series(&scrape(&app).await);
    for n in 1..50 {
        ask(n).await;
    }
    assert_eq!(series(&scrape(&app).await), before);
}

#[tokio::test]
async fn every_route_has_its_name_and_the_public_port_has_no_metrics() {
    let app = TestApp::start().await;
    let traffic = Traffic::new(["events", "news", "faq"].into_iter(), &routes::FIXED);
    let document = app.json("/openapi.json").await;
    for path in document["paths"].as_object().unwrap().keys() {
        let template = traffic.template(&path.replace("{id}", "1")).unwrap_or("unmatched");
        let general =
            path.replace("/schemas/events", "/schemas/{collection}").replace("/schemas/news", "/schemas/{collection}");
        assert_eq!(template, general.replace("/schemas/faq", "/schemas/{collection}"), "{path}");
    }
    assert_eq!(app.get("/metrics").await.status(), 404);
    let content = app.client.get(format!("{}/api/faq", app.management)).send().await.unwrap();
    assert_eq!(content.status(), 404, "the management port has no content");
}

#[tokio::test]
async fn refreshes_are_told_apart_by_what_they_bring() {
    let app = TestApp::start().await;
    let refreshes = async |result: &str| {
        number(
            &scrape(&app).await,
            &format!(r#"blobcast_content_refreshes_total{{collection="faq",result="{result}"}}"#),
        )
    };
    app.until(async || refreshes("unchanged").await >= 2.0).await;
    assert_eq!(refreshes("updated").await, 1.0);
    app.write("faq.json", r#"[{"q":"a","a":"b"}]"#);
    app.until(async || refreshes("updated").await == 2.0).await;
}

#[tokio::test]
async fn a_broken_document_shows() {
    let app = TestApp::start().await;
    let standing =
        async |name: &str| number(&scrape(&app).await, &format!(r#"blobcast_content_{name}{{collection="faq"}}"#));
    assert_eq!(standing("valid").await, 1.0);
    app.write("faq.json", "[{");
    app.until(async || standing("valid").await == 0.0).await;
    assert_eq!(standing("loaded").await, 1.0, "the last good version stays");
    let refreshes = r#"blobcast_content_refreshes_total{collection="faq",result="invalid"}"#;
    assert!(number(&scrape(&app).await, refreshes) >= 1.0);
}
