//! Liveness, readiness, and the way out.

use std::net::TcpListener;

use reqwest::StatusCode;
use serde_json::json;
use server::lifecycle::Stop;

use crate::app::{TestApp, folder, samples};
use crate::program::{self, Program};

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

/// What `blobcast healthcheck` says of the server on this port: its exit status and its line.
fn checked(port: &str) -> (Option<i32>, String) {
    let output = program::run(&[("BLOBCAST__MANAGEMENT__PORT", port)], &["healthcheck"]);
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[actix_web::test]
async fn a_health_check_is_as_ready_as_the_server_beside_it() {
    let samples = samples().display().to_string();
    let empty = folder(&[]);
    let without = empty.path().display().to_string();
    for (source, ready, says) in [(samples, 200, (Some(0), "")), (without, 503, (Some(1), "blobcast: not ready\n"))] {
        let program = Program::start(&[("BLOBCAST__SOURCE__LOCATION", &source)]).await;
        program.until_status("/readyz", ready).await;
        let (_, port) = program.management.rsplit_once(':').unwrap();
        assert_eq!(checked(port), (says.0, says.1.to_owned()));
    }
    // Here are a server that is silent, none, and settings that are none.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    let kept = |says: &str| (Some(1), format!("blobcast: 127.0.0.1:{port} does not answer: {says}\n"));
    assert_eq!(checked(&port), kept("operation would block"));
    drop(silent);
    assert_eq!(checked(&port), kept("connection refused"));
    assert_eq!(checked("x").0, Some(1));
}
