//! HTTP/1 byte by byte: framing, versions, limits, connections. A client of our own, for no library sends such things.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::app::TestApp;

async fn connected(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.address.trim_start_matches("http://")).await.unwrap()
}

/// All that comes until the server closes; the request has to make it.
async fn told(app: &TestApp, request: &[u8]) -> String {
    let mut stream = connected(app).await;
    // A server that has refused may have stopped listening.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let read = timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "not closed: {}", String::from_utf8_lossy(&answer));
    String::from_utf8_lossy(&answer).into_owned()
}

fn statuses(answer: &str) -> Vec<&str> {
    answer.split("HTTP/1.").skip(1).map(|answer| &answer[2..5]).collect()
}

async fn app() -> TestApp {
    TestApp::with(&[("faq.json", r#"[{"id":1,"q":"a","a":"b"}]"#)]).await
}

const GET: &str = "GET /api/faq HTTP/1.1\r\nHost: a\r\n";

#[actix_web::test]
async fn e6_a_head_that_is_too_large_is_refused_and_one_at_the_limit_is_not() {
    let app = app().await;
    let field = |size: usize| format!("{GET}X-Long: {}\r\nConnection: close\r\n\r\n", "a".repeat(size));
    let target = |size: usize| {
        format!("GET /api/faq?utm_a={} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "a".repeat(size))
    };
    for (request, status) in [
        (field(15 << 10), "200"),
        (field(17 << 10), "431"),
        (field(100 << 10), "431"),
        (field(1 << 20), "431"),
        (target(8000), "200"),
        (target(9000), "414"),
        (target(60 << 10), "414"),
    ] {
        let answer = told(&app, request.as_bytes()).await;
        assert_eq!(statuses(&answer), [status], "{} bytes: {answer:.300}", request.len());
    }
}

#[actix_web::test]
async fn e5_requests_in_a_pipeline_are_answered_in_order() {
    let app = app().await;
    let ids: String = (0..100).map(|n| format!("{GET}X-Request-Id: n{n}\r\n\r\n")).collect();
    let answer = told(&app, format!("{ids}{GET}Connection: close\r\n\r\n").as_bytes()).await;
    let mut rest = answer.as_str();
    for n in 0..100 {
        let at = rest.find(&format!("x-request-id: n{n}\r\n"));
        rest = &rest[at.unwrap_or_else(|| panic!("{n} is missing or out of order"))..];
    }
    assert_eq!(statuses(&answer).len(), 101);
}

/// RFC 9112 §9.6: nothing after the request that said so is answered. actix-http alone answers it.
#[actix_web::test]
async fn e5_after_close_nothing_is_answered_and_the_connection_ends() {
    let app = app().await;
    for field in ["Connection: close", "connection: TE, CLOSE"] {
        let answer = told(&app, format!("{GET}{field}\r\n\r\n{GET}\r\n{GET}\r\n").as_bytes()).await;
        assert_eq!(statuses(&answer), ["200"], "{answer}");
    }
}

#[actix_web::test]
async fn e10_versions_of_the_protocol() {
    let app = app().await;
    let plain = told(&app, b"GET /api/faq HTTP/1.0\r\n\r\n").await;
    assert!(plain.starts_with("HTTP/1.0 200 OK\r\n"), "{plain:.200}");
    let kept =
        told(&app, b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /healthz HTTP/1.0\r\n\r\n").await;
    assert_eq!(statuses(&kept), ["200", "200"], "{kept}");
    for request in
        ["GET /api/faq\r\n\r\n", "GET / HTTP/1.2\r\n\r\n", "GET / HTTP/3.0\r\n\r\n", "\x16\x03\x01\x02\x00\x01\r\n\r\n"]
    {
        assert_eq!(statuses(&told(&app, request.as_bytes()).await), ["400"], "{request:?}");
    }
}

#[actix_web::test]
async fn e9_requests_that_two_servers_could_read_differently_are_refused() {
    let app = app().await;
    for head in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 4\r\nContent-Length: 5\r\n",
        "Content-Length: +4\r\n",
        "Content-Length: 4, 4\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "X-A: 1\r\n folded\r\n",
        "X-A : 1\r\n",
        "X-A: 1\rX-B: 2\r\n",
    ] {
        let answer = told(&app, format!("POST /api/faq HTTP/1.1\r\nHost: a\r\n{head}\r\nGET / ").as_bytes()).await;
        assert_eq!(statuses(&answer), ["400"], "{head:?}: {answer:.300}");
    }
}

#[actix_web::test]
async fn e11_a_body_that_nobody_wants_is_not_read() {
    let app = app().await;
    let head = "POST /api/faq HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\nExpect: 100-continue\r\n\r\n";
    let mut stream = connected(&app).await;
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 4096];
    let read = timeout(Duration::from_secs(5), stream.read(&mut answer)).await.unwrap().unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]);
    assert_eq!(answer.lines().find(|line| line.starts_with("HTTP/1.1 4")), Some("HTTP/1.1 405 Method Not Allowed"));
}

#[actix_web::test]
async fn e8_targets_in_other_forms() {
    let app = app().await;
    for (target, expected) in [
        ("http://evil.example/api/faq", "200"),
        ("/api/faq?limit=%zz", "400"),
        ("/api/faq?caf\u{e9}=1", "400"),
        ("/api/faq/a b", "400"),
        ("*", "404"),
    ] {
        let answer =
            told(&app, format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").as_bytes()).await;
        assert_eq!(statuses(&answer), [expected], "{target}: {answer:.300}");
        assert!(!answer.contains("evil"), "{answer}");
    }
}
