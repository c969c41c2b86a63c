//! The documents about the API, and that they are what was reviewed.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::StatusCode;
use serde_json::Value as Json;

use crate::app::TestApp;

/// Written by `cargo run -- openapi >crates/server/tests/api/openapi.json`; read its diff before it is committed.
const REVIEWED: &str = include_str!("openapi.json");

#[actix_web::test]
async fn the_openapi_document_is_the_one_that_was_reviewed() {
    let app = TestApp::with(&[]).await;
    let served: Json = app.json("/openapi.json").await;
    let reviewed: Json = serde_json::from_str(REVIEWED).unwrap();
    assert!(served == reviewed, "it has changed: run `cargo run -- openapi` and review the difference");
    assert_eq!(served["openapi"], "3.1.0");
}

#[actix_web::test]
async fn every_route_in_the_document_is_served_and_its_first_example_accepted() {
    let app = TestApp::start().await;
    let document = app.json("/openapi.json").await;
    for (path, item) in document["paths"].as_object().unwrap() {
        let id = path.split('/').nth(2).map(str::to_owned);
        let path = match path.contains("{id}") {
            true => path.replace("{id}", &app.items(&id.unwrap()).await[0]["id"].to_string().replace('"', "")),
            false => path.clone(),
        };
        let answered = item["get"]["responses"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let status = app.get(&path).await.status().as_u16().to_string();
        assert_eq!(status, "200", "{path}");
        assert!(answered.contains(&status));
        for parameter in
            item["get"]["parameters"].as_array().unwrap().iter().filter(|parameter| parameter["in"] == "query")
        {
            let Some(example) = parameter.get("example") else { continue };
            let example = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
            let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let asked = format!("{path}?{}={}", encoded(parameter["name"].as_str().unwrap()), encoded(&example));
            assert_eq!(app.get(&asked).await.status(), StatusCode::OK, "{asked}");
        }
    }
}

#[actix_web::test]
async fn each_collection_has_a_schema_and_the_page_needs_nothing_else() {
    let app = TestApp::start().await;
    for name in ["events", "news", "faq"] {
        let response = app.get(&format!("/schemas/{name}.json")).await;
        assert_eq!(response.headers()["content-type"], "application/schema+json");
        let schema: Json = response.json().await.unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        for required in schema["required"].as_array().unwrap() {
            let items = app.items(name).await;
            assert!(items.iter().all(|item| item.get(required.as_str().unwrap()).is_some()), "{name}: {required}");
        }
    }
    assert_eq!(app.problem("/schemas/jobs.json").await, (StatusCode::NOT_FOUND, "unknown-collection".into()));
    let page = app.get("/docs").await.text().await.unwrap();
    assert!(page.contains("<code>GET /api/events</code>") && page.contains("<code>when</code>"));
    for loaded in ["<script", "<link", "src=", "@import", "url("] {
        assert!(!page.contains(loaded), "{loaded}");
    }
}
