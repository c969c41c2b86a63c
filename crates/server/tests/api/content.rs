//! Content as its authors write it, good and bad, and what its readers see.

use reqwest::StatusCode;
use serde_json::json;

use crate::app::TestApp;

#[actix_web::test]
async fn a_file_is_served_with_every_digit_and_name_of_its_author() {
    let files = [(
        "events.yaml",
        "- id: 1\n  title: no\n  start: 2026-02-05\n  on: on\n  heure: 18:30\n  code: 0123\n  n: [9007199254740993, 1.10]\n  _note: x\n",
    )];
    let app = TestApp::with(&files).await;
    let body = app.get("/api/events/1").await.text().await.unwrap();
    assert_eq!(
        body,
        r#"{"id":1,"title":"no","start":"2026-02-05","on":"on","heure":"18:30","code":"0123","n":[9007199254740993,1.10]}"#
    );
}

#[actix_web::test]
async fn a_broken_upload_leaves_the_last_good_version_and_heals_with_the_next() {
    let app = TestApp::with(&[("faq.json", r#"[{"id":1,"q":"a","a":"b"}]"#)]).await;
    let etag = app.get("/api/faq").await.headers()["etag"].clone();
    app.write("faq.json", "[{\"id\": 1,");
    app.until(async || app.readiness().await.1["collections"]["faq"]["last_error"] == "content-invalid").await;
    let kept = app.get("/api/faq").await;
    assert_eq!((kept.status(), &kept.headers()["etag"]), (StatusCode::OK, &etag));
    app.write("faq.json", r#"[{"id":2,"q":"a","a":"b"}]"#);
    app.until(async || app.items("faq").await[0]["id"] == 2).await;
    assert_eq!(app.readiness().await.1["collections"]["faq"].get("last_error"), None);
}

#[actix_web::test]
async fn whatever_is_uploaded_the_process_lives_and_the_others_are_served() {
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
    let nested = |open: &str| open.repeat(100_000).into_bytes();
    let utf16: Vec<u8> = "[]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("events.json", b"[{]".to_vec()),
        ("events.json", b"7".to_vec()),
        ("events.json", Vec::new()),
        ("events.json", b"null".to_vec()),
        ("events.json", b"{}".to_vec()),
        ("events.json", utf16),
        ("events.json", b"[\"\xe9\"]".to_vec()),
        ("events.json", b"\x89PNG\r\n\x1a\n\0\0".to_vec()),
        ("events.json", nested("[")),
        ("events.yaml", nested("[")),
        ("events.yaml", bomb.as_bytes().to_vec()),
    ];
    let app = TestApp::with(&[("faq.json", "[]")]).await;
    for (name, body) in files {
        app.write(name, &body);
        let start = String::from_utf8_lossy(&body[..body.len().min(12)]).into_owned();
        let invalid = async || app.problem("/api/events").await == (StatusCode::BAD_GATEWAY, "content-invalid".into());
        app.until(invalid).await;
        assert_eq!(app.get("/api/faq").await.status(), StatusCode::OK, "{start}");
        std::fs::remove_file(app.folder.path().join(name)).unwrap();
        let gone = async || app.get("/api/events").await.status() == StatusCode::NOT_FOUND;
        app.until(gone).await;
    }
    let sparse = std::fs::File::create(app.folder.path().join("events.json")).unwrap();
    sparse.set_len(200 * 1024 * 1024).unwrap();
    app.until(async || app.get("/api/events").await.status() == StatusCode::BAD_GATEWAY).await;
    app.write("events.json", "[]");
    app.until(async || app.get("/api/events").await.status() == StatusCode::OK).await;
    assert_eq!(app.json("/api/events").await["items"], json!([]));
}
