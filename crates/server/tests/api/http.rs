//! Methods, headers, validators, problem documents, pages.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::app::TestApp;

const PATHS: [&str; 6] = ["/", "/api", "/api/faq", "/api/faq/1", "/healthz", "/docs/problems"];

async fn app() -> TestApp {
    TestApp::with(&[("faq.json", r#"[{"id":1,"q":"a","a":"b"}]"#)]).await
}

#[actix_web::test]
async fn head_is_get_without_its_body() {
    let app = app().await;
    for path in PATHS {
        let get = app.get(path).await;
        let head = app.request(Method::HEAD, path).send().await.unwrap();
        assert_eq!(head.status(), StatusCode::OK, "{path}");
        for name in ["content-type", "content-length", "etag", "last-modified", "cache-control", "vary"] {
            assert_eq!(head.headers().get(name), get.headers().get(name), "{path} {name}");
        }
        assert_eq!(get.headers()["content-length"].to_str().unwrap().parse(), Ok(get.bytes().await.unwrap().len()));
        assert!(head.bytes().await.unwrap().is_empty(), "{path}");
    }
}

#[actix_web::test]
async fn e7_options_tells_the_methods_and_any_other_is_refused_with_them() {
    let app = app().await;
    for path in PATHS {
        let options = app.request(Method::OPTIONS, path).send().await.unwrap();
        assert_eq!(options.status(), StatusCode::NO_CONTENT, "{path}");
        assert_eq!(options.headers()["allow"], "GET, HEAD, OPTIONS", "{path}");
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let refused = app.request(method.clone(), path).send().await.unwrap();
            assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert_eq!(refused.headers()["allow"], "GET, HEAD, OPTIONS");
            assert_eq!(refused.headers()["content-type"], "application/problem+json");
        }
    }
}

#[actix_web::test]
async fn a_list_comes_with_validators_and_its_age() {
    let app = app().await;
    let response = app.get("/api/faq").await;
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("cache-control"), "max-age=0, stale-while-revalidate=60, stale-if-error=86400");
    assert_eq!(header("vary"), "Accept-Encoding");
    assert!(header("etag").starts_with("W/\"") && header("last-modified").ends_with(" GMT"));
    assert!(header("age").parse::<u64>().unwrap() < 5);
    assert_eq!(response.headers().get_all("date").iter().count(), 1);
}

#[actix_web::test]
async fn whoever_has_it_already_gets_a_304() {
    let app = app().await;
    let first = app.get("/api/faq").await;
    let (etag, modified) = (first.headers()["etag"].clone(), first.headers()["last-modified"].clone());
    let tag = etag.to_str().unwrap();
    for (name, value, status) in [
        ("if-none-match", tag.to_owned(), 304),
        ("if-none-match", tag.trim_start_matches("W/").to_owned(), 304),
        ("if-none-match", format!("\"x\", {tag}"), 304),
        ("if-none-match", "*".to_owned(), 304),
        ("if-none-match", "\"x\"".to_owned(), 200),
        ("if-modified-since", modified.to_str().unwrap().to_owned(), 304),
        ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT".to_owned(), 200),
        ("if-modified-since", "yesterday".to_owned(), 200),
    ] {
        let response = app.request(Method::GET, "/api/faq").header(name, &value).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{name}: {value}");
        assert_eq!(response.headers()["etag"], etag);
        assert_eq!(response.headers()["vary"], "Accept-Encoding");
    }
    let both =
        app.request(Method::GET, "/api/faq").header("if-none-match", "\"x\"").header("if-modified-since", modified);
    assert_eq!(both.send().await.unwrap().status(), StatusCode::OK, "If-None-Match decides alone");
}

#[actix_web::test]
async fn d9_two_instances_and_two_starts_give_one_etag() {
    let (one, two) = (app().await, app().await);
    assert_eq!(one.get("/api/faq").await.headers()["etag"], two.get("/api/faq").await.headers()["etag"]);
}

#[actix_web::test]
async fn a_request_has_an_id_which_a_plain_one_of_the_client_is() {
    let app = app().await;
    let given = app.request(Method::GET, "/api/nope").header("x-request-id", "abc-1.2_3").send().await.unwrap();
    assert_eq!(given.headers()["x-request-id"], "abc-1.2_3");
    let problem: serde_json::Value = given.json().await.unwrap();
    assert_eq!(problem["request_id"], "abc-1.2_3");
    assert_eq!(problem["instance"], "/api/nope");
    for odd in ["<script>", "", &"x".repeat(65)] {
        let response = app.request(Method::GET, "/healthz").header("x-request-id", odd).send().await.unwrap();
        assert_eq!(response.headers()["x-request-id"].len(), 16, "{odd}");
    }
}

#[actix_web::test]
async fn a_problem_is_complete_and_nobody_keeps_it() {
    let app = app().await;
    let response = app.request(Method::GET, "/api/faq/9").header("x-request-id", "r").send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    let problem: serde_json::Value = response.json().await.unwrap();
    assert_eq!(
        problem,
        json!({
            "type": "/docs/problems#unknown-item",
            "title": "There is no such item",
            "status": 404,
            "detail": "No item of `faq` has this id.",
            "instance": "/api/faq/9",
            "request_id": "r",
        })
    );
    let page = app.get("/docs/problems").await.text().await.unwrap();
    assert!(page.contains("<h2 id=\"unknown-item\">"));
}

#[actix_web::test]
async fn the_home_page_is_html_for_people_and_json_for_programs() {
    let app = app().await;
    for (accept, content_type) in [
        (None, "text/html; charset=utf-8"),
        (Some("*/*"), "text/html; charset=utf-8"),
        (Some("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), "text/html; charset=utf-8"),
        (Some("application/json"), "application/json"),
        (Some("text/html;q=0.5, application/json"), "application/json"),
        (Some("text/html, application/json;q=0.5"), "text/html; charset=utf-8"),
    ] {
        let request = app.request(Method::GET, "/");
        let request = accept.map_or_else(|| app.request(Method::GET, "/"), |accept| request.header("accept", accept));
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], content_type, "{accept:?}");
        assert_eq!(response.headers()["vary"], "Accept");
    }
    let index = app.json("/api").await;
    assert_eq!(index["collections"][2]["href"], "/api/faq");
    let page = app.get("/").await;
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("style-src 'sha256-"));
    let html = page.text().await.unwrap();
    assert!(html.contains("<a href=\"/api/faq\">faq</a>") && html.contains("content-missing"), "{html}");
}
