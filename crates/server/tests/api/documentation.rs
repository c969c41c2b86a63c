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
        let items = app.items(name).await;
        assert!(!items.is_empty());
        let schema = jsonschema::validator_for(&schema).unwrap();
        // What is served can be written again.
        schema.validate(&Json::Array(items)).unwrap();
    }
    assert_eq!(app.problem("/schemas/jobs.json").await, (StatusCode::NOT_FOUND, "unknown-collection".into()));
    let page = app.get("/docs").await.text().await.unwrap();
    assert!(page.contains("<code>GET /api/events</code>") && page.contains("<code>when</code>"));
    for loaded in ["<script", "<link", "src=", "@import", "url("] {
        assert!(!page.contains(loaded), "{loaded}");
    }
}

/// Whether an answer is what the document says of its operation: the status, the headers, the media type, the body.
async fn follows(document: &Json, operation: &Json, answer: reqwest::Response, asked: &str) {
    let asked = &asked.chars().take(80).collect::<String>();
    let resolved = |node: &Json| match node["$ref"].as_str() {
        Some(pointer) => document.pointer(pointer.trim_start_matches('#')).unwrap().clone(),
        None => node.clone(),
    };
    let described = resolved(&operation["responses"][answer.status().as_str()]);
    assert!(described["description"].is_string(), "{asked}: {} is not described", answer.status());
    let stray = |name: &str| !answer.headers().contains_key(name);
    let missing: Vec<_> =
        described["headers"].as_object().into_iter().flatten().filter(|(name, _)| stray(name)).collect();
    assert!(missing.is_empty(), "{asked}: {missing:?}");
    for (name, header) in described["headers"].as_object().into_iter().flatten() {
        let value = answer.headers()[name].to_str().unwrap();
        let schema = &resolved(header)["schema"];
        // Only where a number is promised: an id may be all digits by chance.
        let number = value.parse::<u64>().ok().filter(|_| schema["type"] == "integer");
        let value = number.map_or(Json::from(value), Json::from);
        assert!(jsonschema::is_valid(schema, &value), "{asked}: {name}: {value}");
    }
    let Some(contents) = described["content"].as_object() else {
        return assert!(answer.bytes().await.unwrap().is_empty(), "{asked}");
    };
    let (media, content) = contents.iter().next().unwrap();
    let said = answer.headers().get("content-type").map(|said| said.to_str().unwrap());
    assert!(said.is_some_and(|said| said.starts_with(media.as_str())), "{asked}: {} {said:?}", answer.status());
    if let Some(schema) = content.get("schema") {
        let schema = serde_json::json!({"allOf": [schema], "components": document["components"]});
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let body: Json = answer.json().await.unwrap();
        let faults: Vec<_> = validator.iter_errors(&body).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{asked}: {faults:?}");
    }
}

#[actix_web::test]
async fn live_answers_are_what_the_document_says() {
    let app = TestApp::start().await;
    let document = app.json("/openapi.json").await;
    let get = async |path: &str, asked: &str, headers: &[(&str, &str)]| {
        let request = app.request(reqwest::Method::GET, asked);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        follows(&document, &document["paths"][path]["get"], request.send().await.unwrap(), asked).await;
    };
    let long = "a".repeat(9000);
    for (path, item) in document["paths"].as_object().unwrap() {
        if !path.starts_with("/api/") {
            get(path, path, &[]).await;
            continue;
        }
        let name = path.split('/').nth(2).unwrap();
        let id = app.items(name).await[0]["id"].to_string().replace('"', "");
        let own = path.replace("{id}", &id);
        get(path, &own, &[]).await;
        get(path, &own, &[("if-none-match", "*")]).await;
        get(path, &own, &[("if-match", "\"x\"")]).await;
        get(path, &format!("{own}?nope=1&limit=-1"), &[]).await;
        get(path, &format!("{own}?utm_a={long}"), &[]).await;
        get(path, &own, &[("x-long", &long), ("x-longer", &long)]).await;
        match item["get"]["parameters"][0]["in"].as_str() {
            Some("path") => get(path, &path.replace("{id}", "no-such-item"), &[]).await,
            _ => {
                for query in ["limit=0", "limit=1&offset=1", "offset=99", "fields=id", "q=a", "sort=-title,id&limit=2"]
                {
                    let query = if name == "faq" { query.replace("title", "question") } else { query.to_owned() };
                    get(path, &format!("{own}?{query}"), &[]).await;
                }
            }
        }
    }
    for (files, collection) in [(vec![("faq.json", "[{")], "faq"), (vec![], "news")] {
        let app = TestApp::with(&files).await;
        let path = format!("/api/{collection}");
        follows(&document, &document["paths"][&path]["get"], app.get(&path).await, &path).await;
    }
}
