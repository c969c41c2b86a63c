//! What browsers are told: who may read, and what may be done with an answer.

use reqwest::Method;

use crate::app::{TestApp, folder};

const PATHS: [&str; 7] = ["/", "/api", "/api/faq", "/api/faq/9", "/api/nope", "/healthz", "/nowhere"];

#[actix_web::test]
async fn h1_every_status_has_the_security_headers_and_no_name_of_the_server() {
    let app = TestApp::with(&[("faq.json", "[]")]).await;
    for (method, path) in
        PATHS.map(|path| (Method::GET, path)).into_iter().chain(PATHS.map(|path| (Method::POST, path)))
    {
        let response = app.request(method.clone(), path).send().await.unwrap();
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("x-content-type-options"), "nosniff", "{method} {path}");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cross-origin-resource-policy"), "cross-origin");
        assert!(header("content-security-policy").starts_with("default-src 'none'"));
        assert!(header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(header("access-control-allow-origin"), "*");
        assert_eq!(header("access-control-expose-headers"), "Link, ETag, Age, X-Total-Count, X-Request-Id");
        for name in ["server", "x-powered-by", "strict-transport-security", "access-control-allow-credentials"] {
            assert!(!response.headers().contains_key(name), "{name}");
        }
    }
}

#[actix_web::test]
async fn h2_a_preflight_is_told_the_methods_and_headers() {
    let app = TestApp::with(&[("faq.json", "[]")]).await;
    let asked = app.request(Method::OPTIONS, "/api/faq").header("origin", "https://a.example");
    let response = asked.header("access-control-request-method", "GET").send().await.unwrap();
    assert_eq!(response.status().as_u16(), 204);
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    assert_eq!(response.headers()["access-control-allow-methods"], "GET, HEAD, OPTIONS");
    assert_eq!(response.headers()["access-control-max-age"], "86400");
}

#[actix_web::test]
async fn h2_where_origins_are_named_only_those_may_read_and_every_answer_varies() {
    let variables = [("BLOBCAST__SERVER__CORS_ORIGINS", "https://a.example, https://b.example")];
    let app = TestApp::serve(folder(&[("faq.json", "[]")]), &server::routes::published(), &variables);
    app.until_ready().await;
    for (origin, allowed) in [("https://b.example", true), ("https://evil.example", false), ("null", false)] {
        for path in ["/api/faq", "/nowhere"] {
            let response = app.request(Method::GET, path).header("origin", origin).send().await.unwrap();
            let told = response.headers().get("access-control-allow-origin").map(|told| told.to_str().unwrap());
            assert_eq!(told, allowed.then_some(origin), "{path}");
            assert!(response.headers().get_all("vary").iter().any(|vary| vary == "Origin"));
        }
    }
}

#[actix_web::test]
async fn e13_no_answer_repeats_the_host_that_a_client_names() {
    let app = TestApp::with(&[("faq.json", r#"[{"id":1,"q":"a","a":"b"}]"#)]).await;
    for path in ["/", "/api", "/api/faq", "/api/faq?limit=1", "/api/faq/9", "/docs/problems"] {
        let asked =
            app.request(Method::GET, path).header("host", "evil.example").header("x-forwarded-host", "evil.example");
        let response = asked.send().await.unwrap();
        assert!(!format!("{:?}", response.headers()).contains("evil"), "{path}");
        assert!(!response.text().await.unwrap().contains("evil"), "{path}");
    }
}

#[actix_web::test]
async fn e7_a_method_that_does_not_exist_is_a_501() {
    let app = TestApp::with(&[("faq.json", "[]")]).await;
    for (method, status) in [("BREW", 501), ("get", 501), ("TRACE", 405), ("PATCH", 405)] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        assert_eq!(app.request(method.clone(), "/api/faq").send().await.unwrap().status().as_u16(), status, "{method}");
    }
}
