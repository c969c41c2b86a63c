//! H. What content and clients may try to say through us.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Method;
use reqwest::header::ACCEPT;
use serde_json::{Value as Json, json};

use crate::app::TestApp;
use crate::fake_store::{FakeStore, blob, response};
use crate::program::Program;

/// In every field at once.
const HOSTILE: [&str; 8] = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "evil\r\nSet-Cookie: evil=1",
    "\u{1b}[31mevil",
    "\u{202e}evil",
    "evil\u{2028}evil",
    "\"]]>evil",
];

fn hostile(collection: &str) -> Json {
    let items = HOSTILE.iter().enumerate().map(|(number, text)| match collection {
        "events" => json!({"id": text, "title": text, "start": "2099-01-01", "location": text, "summary": text}),
        "news" => json!({"id": number, "title": text, "content": text, "author": text, "tags": [text]}),
        _ => json!({"id": text, "question": text, "answer": text, "extra": {"nested": text}}),
    });
    items.collect()
}

async fn app() -> TestApp {
    let files = ["events", "news", "faq"].map(|name| (format!("{name}.json"), hostile(name).to_string()));
    TestApp::with(&files.each_ref().map(|(name, body)| (name.as_str(), body.as_str()))).await
}

#[actix_web::test]
async fn h4_content_is_no_markup() {
    let app = app().await;
    for path in ["/", "/docs"] {
        let page = app.request(Method::GET, path).header(ACCEPT, "text/html").send().await.unwrap();
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"), "{policy}");
        let page = page.text().await.unwrap();
        for mark in ["<script", "onerror", "javascript:", "\u{202e}", "\u{1b}"] {
            assert!(!page.contains(mark), "{path}: {mark}");
        }
    }
}

#[actix_web::test]
async fn h5_content_leaves_as_json_and_in_no_header() {
    let app = app().await;
    for collection in ["events", "news", "faq"] {
        let list = app.get(&format!("/api/{collection}")).await;
        let headers = format!("{:?}", list.headers());
        assert!(!headers.contains("evil") && !headers.contains("script"), "{headers}");
        let header = |name: &str| list.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(
            (header("content-type"), header("x-content-type-options")),
            ("application/json".into(), "nosniff".into())
        );
        let list: Json = list.json().await.unwrap();
        let texts = |items: &Json, field: &str| -> Vec<Json> {
            items.as_array().unwrap().iter().map(|item| item[field].clone()).collect()
        };
        let field = if collection == "faq" { "answer" } else { "title" };
        assert_eq!(texts(&list["items"], field), texts(&hostile(collection), field), "every character as it was");
    }
}

#[actix_web::test]
async fn h7_the_public_port_has_no_inside() {
    let app = TestApp::start().await;
    for path in
        ["/metrics", "/debug", "/debug/pprof", "/.env", "/actuator", "/server-status", "/config", "/.git/config"]
    {
        assert_eq!(app.get(path).await.status(), 404, "{path}");
    }
}

#[actix_web::test]
async fn h8_problems_tell_nothing_of_the_inside() {
    let app = TestApp::with(&[("faq.json", "[]"), ("news.json", "{")]).await;
    let folder = app.folder.path().display().to_string();
    let long = format!("/api/faq?utm_a={}", "a".repeat(9000));
    for (method, path, status) in [
        (Method::GET, "/api/nothing", 404),
        (Method::GET, "/api/events", 404),
        (Method::GET, "/api/faq/1", 404),
        (Method::GET, "/api/faq?limitt=1", 400),
        (Method::GET, "/api/news", 502),
        (Method::POST, "/api/faq", 405),
        (Method::TRACE, "/api/faq", 405),
        (Method::GET, long.as_str(), 414),
    ] {
        let problem = app.request(method, path).header("X-Secret", "canary").send().await.unwrap();
        assert_eq!(problem.status(), status, "{path:.40}");
        let body = problem.text().await.unwrap();
        for inside in [&folder, "127.0.0.1", "localhost", "actix", "object_store", "serde", "panicked", ".rs", "canary"]
        {
            assert!(!body.contains(inside), "{path:.40}: {inside} in {body}");
        }
    }
}

#[actix_web::test]
async fn h3_a_shared_signature_is_nowhere() {
    let phase = Arc::new(AtomicUsize::new(0));
    let now = Arc::clone(&phase);
    let fake = FakeStore::start(move |_| match now.load(Ordering::Relaxed) {
        0 => response("503 Busy", "", "<Error><Code>ServerBusy</Code></Error>"),
        1 => response("403 Forbidden", "", "<Error><Code>AuthenticationFailed</Code></Error>"),
        2 => response("302 Found", "location: http://127.0.0.1:9/acc/content/faq.json\r\n", ""),
        3 => blob("[]").replace("content-length: 2", "content-length: 9"),
        _ => blob("{"),
    });
    let fake = fake.await;
    let signature = "canarySignature0123456789abcdef";
    let string = format!(
        "AccountName=acc;BlobEndpoint={};SharedAccessSignature=sv=2022-11-02&sp=r&sig={signature}%3D",
        fake.url("/acc")
    );
    let variables = [
        ("AZURE_STORAGE_CONNECTION_STRING", string.as_str()),
        ("RUST_LOG", "trace"),
        ("BLOBCAST__CACHE__TTL", "100ms"),
    ];
    let program = Program::start(&variables).await;
    for part in ["ServerBusy", "AuthenticationFailed", "status 302", "ends too early", "faq.json:1:2"] {
        program.logged(part).await;
        phase.fetch_add(1, Ordering::Relaxed);
    }
    assert!(fake.requests("sig=canary").len() > 4, "it is what the store was asked with");
    let mut seen = program.output();
    for address in [&program.address, &program.management] {
        for path in ["/", "/api/faq", "/readyz", "/metrics", "/openapi.json", "/nowhere"] {
            let answer = reqwest::get(format!("{address}{path}")).await.unwrap();
            seen += &format!("{:?}", answer.headers());
            seen += &answer.text().await.unwrap();
        }
    }
    seen += &std::fs::read_to_string(format!("/proc/{}/cmdline", program.id())).unwrap();
    assert!(seen.contains("TRACE"), "the log is at its most talkative");
    for form in ["canarySig", "sig=", "sig%3D"] {
        let line = seen.lines().find(|line| line.contains(form));
        assert_eq!(line, None, "{form}");
    }
}
