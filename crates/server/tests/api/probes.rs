//! Liveness, readiness, and the way out.

use reqwest::StatusCode;
use serde_json::json;
use server::lifecycle::Stop;

use crate::app::{TestApp, folder};

#[actix_web::test]
async fn both_ports_answer_probes_and_the_management_port_nothing_else() {
    let app = TestApp::start().await;
    for address in [&app.address, &app.management] {
        let live = app.client.get(format!("{address}/healthz")).send().await.unwrap();
        assert_eq!(live.json::<serde_json::Value>().await.unwrap(), json!({"status": "alive"}));
        let ready = app.client.get(format!("{address}/readyz")).send().await.unwrap();
        assert_eq!(ready.status(), StatusCode::OK);
        assert_eq!(ready.headers()["cache-control"], "no-store");
    }
    let other = app.client.get(format!("{}/api/events", app.management)).send().await.unwrap();
    assert_eq!(other.status(), StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn one_good_collection_is_enough_to_be_ready_and_each_tells_how_it_is() {
    let app = TestApp::with(&[("faq.json", r#"[{"id":1,"q":"a","a":"b"},{}]"#), ("news.json", "{")]).await;
    let (status, body) = app.readiness().await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["status"], "ready");
    let state = |name: &str| body["collections"][name]["state"].clone();
    assert_eq!([state("faq"), state("news"), state("events")], ["good", "content-invalid", "content-missing"]);
    assert_eq!((&body["collections"]["faq"]["items"], &body["collections"]["faq"]["skipped"]), (&json!(1), &json!(1)));
}

#[actix_web::test]
async fn without_any_content_it_lives_and_is_not_ready_until_some_comes() {
    let app = TestApp::with(&[]).await;
    let (status, body) = app.readiness().await;
    assert_eq!((status, &body["status"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("not ready")));
    assert_eq!(app.get("/healthz").await.status(), StatusCode::OK);
    app.write("faq.json", "[]");
    app.until_ready().await;
    std::fs::remove_file(app.folder.path().join("faq.json")).unwrap();
    app.until(async || app.get("/api/faq").await.status() == StatusCode::NOT_FOUND).await;
    assert_eq!(app.readiness().await.0, StatusCode::OK, "once ready, only a drain ends it");
}

#[actix_web::test]
async fn a_drain_turns_readiness_off_and_keeps_answering_with_close() {
    let folder = folder(&[("faq.json", "[]")]);
    let app = TestApp::serve(folder, &server::routes::published(), &[("BLOBCAST__SERVER__DRAIN", "1h")]);
    app.until_ready().await;
    app.stop.send(Stop::Drain).unwrap();
    app.until(async || app.readiness().await.0 == StatusCode::SERVICE_UNAVAILABLE).await;
    let (_, body) = app.readiness().await;
    assert_eq!(body["status"], "draining");
    let list = app.get("/api/faq").await;
    assert_eq!((list.status(), &list.headers()["connection"]), (StatusCode::OK, &"close".parse().unwrap()));
}
