//! HTTP, row by row: validators, negotiation, conditions, caching. What is sent byte by byte stands in `wire`.

use std::io::Read as _;

use reqwest::{Method, Response, StatusCode};

use crate::app::{TestApp, folder};

const CODINGS: [&str; 4] = ["br", "zstd", "gzip", "identity"];

async fn asked(app: &TestApp, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let request =
        headers.iter().fold(app.request(method, path), |request, (name, value)| request.header(*name, *value));
    request.send().await.unwrap()
}

fn decoded(coding: &str, body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match coding {
        "br" => drop(brotli::Decompressor::new(body, 4096).read_to_end(&mut plain).unwrap()),
        "gzip" => drop(flate2::read::GzDecoder::new(body).read_to_end(&mut plain).unwrap()),
        "zstd" => plain = zstd::bulk::decompress(body, 1 << 20).unwrap(),
        _ => plain = body.to_vec(),
    }
    plain
}

/// ETag, RFC 9110 §8.8.3; Vary, §12.5.5; HEAD, §9.3.2; 304, §15.4.5: for lists, queries and items alike.
#[actix_web::test]
async fn one_tag_for_every_coding_a_304_for_each_and_head_like_get() {
    let app = TestApp::start().await;
    for path in ["/api/events", "/api/events?sort=title", "/api/faq/adherer"] {
        let plain = asked(&app, Method::GET, path, &[]).await;
        let (tag, vary) = (plain.headers()["etag"].clone(), plain.headers()["vary"].clone());
        let body = plain.bytes().await.unwrap();
        for coding in CODINGS {
            let accept = [("accept-encoding", coding)];
            let head = asked(&app, Method::HEAD, path, &accept).await;
            let get = asked(&app, Method::GET, path, &accept).await;
            assert_eq!(get.status(), StatusCode::OK);
            assert_eq!((&get.headers()["etag"], &get.headers()["vary"]), (&tag, &vary), "{path} {coding}");
            let used = get.headers().get("content-encoding").map_or("identity", |coding| coding.to_str().unwrap());
            assert_eq!(used, coding, "{path}");
            for name in get.headers().keys().filter(|name| *name != "x-request-id") {
                assert_eq!(head.headers().get(name), get.headers().get(name), "{path} {coding} {name}");
            }
            assert_eq!(decoded(coding, &get.bytes().await.unwrap()), body, "{path} {coding}");
            let known = [accept[0], ("if-none-match", tag.to_str().unwrap())];
            for method in [Method::GET, Method::HEAD] {
                let known = asked(&app, method, path, &known).await;
                assert_eq!(known.status(), StatusCode::NOT_MODIFIED, "{path} {coding}");
                for name in ["cache-control", "date", "etag", "vary", "last-modified", "age"] {
                    assert!(known.headers().contains_key(name), "{path} {coding} {name}");
                }
                for name in ["content-type", "content-encoding", "content-length"] {
                    assert!(!known.headers().contains_key(name), "{path} {coding} {name}");
                }
            }
        }
    }
}

/// RFC 9110 §13.1.2: lists, `*`, weak comparison, bytes beyond ASCII; what cannot be read is as if it were not there.
#[actix_web::test]
async fn if_none_match_is_a_list_of_tags() {
    let app = TestApp::start().await;
    let tag = app.get("/api/faq").await.headers()["etag"].to_str().unwrap().to_owned();
    for (value, status) in [
        (format!("{tag}, \"b\", \"c\""), 304),
        (format!("\"a\", {tag}, \"c\""), 304),
        (format!("\"a\",\"b\",{tag}"), 304),
        (format!("\"a\" ,\t{tag}"), 304),
        ("*".into(), 304),
        (tag.trim_start_matches("W/").to_owned(), 304),
        (tag.replace('"', ""), 200),
        ("\"a".into(), 200),
        (String::new(), 200),
    ] {
        for path in ["/api/faq", "/api/faq?limit=9"] {
            let tag_of_path = app.get(path).await.headers()["etag"].to_str().unwrap().to_owned();
            let value = value.replace(tag.trim_start_matches("W/"), tag_of_path.trim_start_matches("W/"));
            let answer = asked(&app, Method::GET, path, &[("if-none-match", &value)]).await;
            assert_eq!(answer.status().as_u16(), status, "{path} {value:?}");
        }
    }
    let odd = reqwest::header::HeaderValue::from_bytes(b"\"caf\xe9\"").unwrap();
    let answer = app.request(Method::GET, "/api/faq").header("if-none-match", odd).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}

/// RFC 9110 §5.6.7, §13.1.1 to §13.1.4, §13.2.2.
#[actix_web::test]
async fn dates_in_all_three_forms_and_conditions_that_are_false() {
    let app = TestApp::start().await;
    let first = app.get("/api/faq").await;
    let (tag, modified) =
        (first.headers()["etag"].to_str().unwrap(), first.headers()["last-modified"].to_str().unwrap());
    let (old, later) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Fri, 31 Dec 2100 23:59:59 GMT");
    for (headers, status) in [
        (vec![("if-modified-since", modified)], 304),
        (vec![("if-modified-since", later)], 304),
        (vec![("if-modified-since", "Friday, 31-Dec-60 23:59:59 GMT")], 304),
        (vec![("if-modified-since", "Fri Dec 31 23:59:59 2100")], 304),
        (vec![("if-modified-since", "Sun Nov  6 08:49:37 1994")], 200),
        (vec![("if-modified-since", "2100-12-31")], 200),
        (vec![("if-none-match", "\"x\""), ("if-modified-since", later)], 200),
        (vec![("if-none-match", tag), ("if-modified-since", old)], 304),
        (vec![("if-match", "*")], 200),
        (vec![("if-match", "\"x\"")], 412),
        // A weak tag never matches strongly, not even itself.
        (vec![("if-match", tag)], 412),
        (vec![("if-unmodified-since", old)], 412),
        (vec![("if-unmodified-since", later)], 200),
        (vec![("if-unmodified-since", "soon")], 200),
        (vec![("if-match", "*"), ("if-unmodified-since", old)], 200),
    ] {
        let answer = asked(&app, Method::GET, "/api/faq", &headers).await;
        assert_eq!(answer.status().as_u16(), status, "{headers:?}");
    }
    let other = asked(&app, Method::POST, "/api/faq", &[("if-modified-since", later)]).await;
    assert_eq!(other.status(), StatusCode::METHOD_NOT_ALLOWED);
}

/// RFC 9110 §12.5.3, whole requests: duplicate fields are one list, nothing fitting is identity.
#[actix_web::test]
async fn accept_encoding_as_clients_send_it() {
    let app = TestApp::start().await;
    for (values, coding) in [
        (vec!["gzip", "br"], "br"),
        (vec!["br;q=0", "gzip"], "gzip"),
        (vec!["GZip"], "gzip"),
        (vec!["x-gzip"], "gzip"),
        (vec!["deflate, compress"], "identity"),
        (vec!["identity;q=0"], "identity"),
        (vec![""], "identity"),
        (vec!["gzip;q=0"], "identity"),
        (vec!["*"], "br"),
    ] {
        let headers: Vec<_> = values.iter().map(|value| ("accept-encoding", *value)).collect();
        let answer = asked(&app, Method::GET, "/api/events", &headers).await;
        let used = answer.headers().get("content-encoding").map_or("identity", |coding| coding.to_str().unwrap());
        assert_eq!((answer.status(), used), (StatusCode::OK, coding), "{values:?}");
    }
}

/// RFC 9110 §12.5.1: a client that names another type is better served with JSON than with nothing.
#[actix_web::test]
async fn a_list_is_json_whatever_is_accepted() {
    let app = TestApp::start().await;
    for accept in ["text/calendar", "application/*;q=0.1", "*/*;q=0", "nonsense"] {
        let answer = asked(&app, Method::GET, "/api/events", &[("accept", accept)]).await;
        assert_eq!(answer.headers()["content-type"], "application/json", "{accept}");
    }
}

/// RFC 9111 §5.2.1, and RFC 9110 §14.2: a reload button is no reason to ask the store, and a part is never sent.
#[actix_web::test]
async fn e15_ranges_are_ignored_and_what_a_client_wants_of_caches_asks_nothing_of_the_store() {
    let files = folder(&[("faq.json", r#"[{"q":"a","a":"b"}]"#)]);
    let app = TestApp::serve(files, &server::routes::published(), &[("BLOBCAST__CACHE__TTL", "1h")]);
    app.until_settled().await;
    let text = app.get("/api/faq").await.text().await.unwrap();
    let asked_store = async || {
        let metrics = app.metrics().await.text().await.unwrap();
        metrics.lines().filter(|line| line.starts_with("blobcast_store_requests_total")).collect::<Vec<_>>().join("\n")
    };
    let before = asked_store().await;
    for directive in ["no-cache", "no-store", "max-age=0", "only-if-cached", "min-fresh=9999"] {
        let headers = [("cache-control", directive), ("pragma", "no-cache")];
        let answer = asked(&app, Method::GET, "/api/faq", &headers).await;
        assert_eq!((answer.status(), answer.text().await.unwrap()), (StatusCode::OK, text.clone()), "{directive}");
    }
    assert_eq!(asked_store().await, before);
    for range in ["bytes=0-9", "bytes=0-1,4-5", "bytes=-1", "items=0-1"] {
        let answer = asked(&app, Method::GET, "/api/faq", &[("range", range), ("if-range", "\"x\"")]).await;
        assert!(!answer.headers().contains_key("accept-ranges") && !answer.headers().contains_key("content-range"));
        assert_eq!((answer.status(), answer.text().await.unwrap()), (StatusCode::OK, text.clone()), "{range}");
    }
}

/// One spelling a resource; what is percent-encoded without need is the same resource (RFC 3986 §6.2.2).
#[actix_web::test]
async fn a_resource_has_one_path() {
    let app = TestApp::start().await;
    for (path, status) in [
        ("/api/%65vents", 200),
        ("/api/events/", 404),
        ("//api/events", 404),
        ("/api//events", 404),
        ("/API/events", 404),
        ("/api/Events", 404),
        ("/api/events%2F1", 404),
        ("/api/faq/..%2f..%2fetc%2fpasswd", 404),
        ("/api/faq/%00", 404),
        ("/.env", 404),
        ("/debug", 404),
    ] {
        assert_eq!(app.get(path).await.status().as_u16(), status, "{path}");
    }
}

/// RFC 9111 §4.2.3: `Date` and `Age` tell one moment. RFC 8288: links are relative and lead to the description.
#[actix_web::test]
async fn date_and_age_agree_and_links_lead_to_the_description() {
    let app = TestApp::start().await;
    for path in ["/api/faq", "/api/faq?limit=1", "/api/faq/adherer"] {
        let answer = app.get(path).await;
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        let date = jiff::Timestamp::try_from(httpdate::parse_http_date(&header("date")).unwrap()).unwrap();
        let skew = jiff::Timestamp::now().as_second() - date.as_second() - header("age").parse::<i64>().unwrap();
        assert!((0..=2).contains(&skew), "{path}: {skew}");
    }
    let links = app.get("/api/faq?limit=1").await.headers()["link"].to_str().unwrap().to_owned();
    assert!(links.ends_with("</openapi.json>; rel=\"service-desc\"") && links.contains("rel=\"first\""), "{links}");
    assert!(links.split(", ").all(|link| link.starts_with("</")), "{links}");
    assert_eq!(app.get("/api/faq").await.headers()["link"], "</openapi.json>; rel=\"service-desc\"");
}
