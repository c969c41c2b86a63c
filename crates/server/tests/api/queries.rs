//! What a list can be asked for, over HTTP.

use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};

use crate::app::TestApp;

async fn app() -> TestApp {
    let faq: Vec<Json> = (1..=250).map(|n| json!({"id": n, "q": format!("Été {n}"), "a": "b", "n": n % 7})).collect();
    TestApp::with(&[("faq.json", &json!(faq).to_string()), ("events.json", EVENTS)]).await
}

const EVENTS: &str =
    r#"[{"id":1,"title":"Hier","start":"2020-01-01"},{"id":2,"title":"Un jour","start":"2999-01-01"}]"#;

#[actix_web::test]
async fn pages_lead_to_one_another() {
    let app = app().await;
    let mut next = Some("/api/faq?n[gte]=1&sort=-id&limit=50".to_owned());
    let mut ids = Vec::new();
    let mut pages = 0;
    while let Some(path) = next {
        let response = app.get(&path).await;
        assert_eq!(response.headers()["x-total-count"], "215");
        let link = response.headers()["link"].to_str().unwrap().to_owned();
        let page: Json = response.json().await.unwrap();
        ids.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()));
        assert_eq!(page["meta"]["count"], page["items"].as_array().unwrap().len());
        assert_eq!(page["meta"]["total"], 215);
        next = page["links"]["next"].as_str().map(str::to_owned);
        assert_eq!(link.contains("rel=\"next\""), next.is_some());
        assert!(next.as_ref().is_none_or(|next| link.contains(&format!("<{next}>; rel=\"next\""))), "{link}");
        assert!(page["links"]["self"].as_str().unwrap().starts_with("/api/faq?n[gte]=1&sort=-id&limit=50"));
        pages += 1;
    }
    assert_eq!((pages, ids.len()), (5, 215));
    assert!(ids.is_sorted_by(|a, b| a > b));
}

#[actix_web::test]
async fn the_first_page_has_a_hundred_and_leads_on() {
    let app = app().await;
    let page = app.json("/api/faq").await;
    assert_eq!(page["meta"]["count"], 100);
    assert_eq!(
        page["links"],
        json!({"self": "/api/faq", "first": "/api/faq", "prev": null, "next": "/api/faq?offset=100", "last": "/api/faq?offset=200"})
    );
    let beyond = app.json("/api/faq?offset=1000").await;
    assert_eq!((&beyond["items"], &beyond["meta"]["total"]), (&json!([]), &json!(250)));
    assert_eq!(beyond["links"]["prev"], "/api/faq?offset=200");
    let counted = app.json("/api/faq?limit=0").await;
    assert_eq!(
        (&counted["items"], &counted["meta"]["total"], &counted["links"]["next"]),
        (&json!([]), &json!(250), &Json::Null)
    );
}

#[actix_web::test]
async fn fields_words_and_encoded_names_are_understood() {
    let app = app().await;
    assert_eq!(app.json("/api/faq?id=7&fields=id,question").await["items"], json!([{"id": 7, "question": "Été 7"}]));
    assert_eq!(app.json("/api/faq?q=ETE+7&limit=1&fields=id").await["items"], json!([{"id": 7}]));
    assert_eq!(app.json("/api/faq?n%5Bgt%5D=5&id%5Blt%5D=10&fields=id").await["items"], json!([{"id": 6}]));
    assert_eq!(app.json("/api/faq?question=%C3%89t%C3%A9%207").await["meta"]["total"], 1);
}

#[actix_web::test]
async fn what_trackers_add_changes_nothing() {
    let app = app().await;
    let plain = app.get("/api/faq").await;
    let tracked = app.get("/api/faq?utm_source=a&fbclid=b&gclid").await;
    assert_eq!(plain.headers()["etag"], tracked.headers()["etag"]);
    assert_eq!(plain.bytes().await.unwrap(), tracked.bytes().await.unwrap());
}

#[actix_web::test]
async fn every_parameter_at_fault_is_named_in_one_problem() {
    let app = app().await;
    let problem = app.json("/api/faq?limt=3&limit=-1&sort=nope&order[gte]=soon&when=past").await;
    assert_eq!(problem["status"], 400);
    assert_eq!(
        problem["errors"],
        json!([
            {"parameter": "limt", "detail": "there is no `limt`; did you mean `limit`?"},
            {"parameter": "limit", "detail": "a whole number from 0 to 500 is wanted"},
            {"parameter": "sort", "detail": "there is no `nope`"},
            {"parameter": "order[gte]", "detail": "a number is wanted"},
            {"parameter": "when", "detail": "there is no `when`"},
        ])
    );
    for query in ["q=%zz", "%zz=1", "q=%", "q=%ff", "q=%C3"] {
        assert_eq!(
            app.problem(&format!("/api/faq?{query}")).await,
            (StatusCode::BAD_REQUEST, "invalid-query".into()),
            "{query}"
        );
    }
    let many = vec!["question[ne]=a"; 21].join("&");
    assert_eq!(app.problem(&format!("/api/faq?{many}")).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(app.problem("/api/faq/1?limit=3").await.0, StatusCode::BAD_REQUEST);
}

#[actix_web::test]
async fn what_is_upcoming_is_told_by_the_clock() {
    let app = app().await;
    assert_eq!(app.json("/api/events?when=upcoming&fields=id").await["items"], json!([{"id": 2}]));
    assert_eq!(app.json("/api/events?when=past&fields=id").await["items"], json!([{"id": 1}]));
    assert_eq!(app.json("/api/events?from=2999-01-01&to=2999-01-01&fields=id").await["items"], json!([{"id": 2}]));
}

#[actix_web::test]
async fn each_coding_is_the_same_content_under_the_same_etag() {
    let app = app().await;
    for path in ["/api/faq", "/api/faq?limit=50", "/api/faq/1"] {
        let plain = app.get(path).await;
        let etag = plain.headers()["etag"].clone();
        assert!(!plain.headers().contains_key("content-encoding"), "{path}");
        let length = plain.bytes().await.unwrap().len();
        for coding in ["gzip", "br", "zstd"] {
            let coded = app.request(Method::GET, path).header("accept-encoding", coding).send().await.unwrap();
            assert_eq!(
                (&coded.headers()["etag"], &coded.headers()["vary"]),
                (&etag, &"Accept-Encoding".parse().unwrap())
            );
            let small = length < 256;
            assert_eq!(coded.headers().contains_key("content-encoding"), !small, "{path} {coding}");
            let head = app.request(Method::HEAD, path).header("accept-encoding", coding).send().await.unwrap();
            assert_eq!(head.headers()["content-length"], coded.headers()["content-length"]);
            assert!(small || coded.bytes().await.unwrap().len() < length / 2);
            let known = app.request(Method::GET, path).header("accept-encoding", coding).header("if-none-match", &etag);
            assert_eq!(known.send().await.unwrap().status(), StatusCode::NOT_MODIFIED);
        }
    }
}

#[actix_web::test]
async fn a_version_that_is_demanded_and_gone_is_a_412() {
    let app = app().await;
    for (name, value, status) in [
        ("if-match", "*", 200),
        ("if-match", "\"x\"", 412),
        ("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT", 412),
        ("if-unmodified-since", "Tue, 31 Dec 2999 08:49:37 GMT", 200),
        ("if-unmodified-since", "soon", 200),
    ] {
        let response = app.request(Method::GET, "/api/faq").header(name, value).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{name}: {value}");
    }
}

#[actix_web::test]
async fn a_known_answer_ends_when_the_clock_makes_another_of_it() {
    let now = jiff::Timestamp::now();
    let event = json!([{"title": "a", "start": (now - jiff::SignedDuration::from_secs(60)).to_string(),
        "end": (now + jiff::SignedDuration::from_secs(2)).to_string()}]);
    let app = TestApp::with(&[("events.json", &event.to_string())]).await;
    let total = async || app.json("/api/events?when=upcoming").await["meta"]["total"].clone();
    assert_eq!(total().await, 1);
    assert_eq!(total().await, 1);
    app.until(async || total().await == 0).await;
}
