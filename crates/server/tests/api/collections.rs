//! The lists and items of the sample content, and the envelope that they come in.

use serde_json::{Value as Json, json};

use crate::app::TestApp;

#[actix_web::test]
async fn the_sample_content_is_served_whole() {
    let app = TestApp::start().await;
    for (collection, least) in [("events", 12), ("news", 8), ("faq", 10)] {
        let list = app.json(&format!("/api/{collection}")).await;
        let items = list["items"].as_array().unwrap();
        assert!(items.len() >= least, "{collection}: {}", items.len());
        assert_eq!(list["meta"]["skipped"], 0, "{collection}");
        for item in items {
            let id = item["id"].as_str().map_or_else(|| item["id"].to_string(), str::to_owned);
            assert_eq!(&app.json(&format!("/api/{collection}/{id}")).await, item);
        }
    }
}

#[actix_web::test]
async fn a_list_tells_what_it_is_and_where_it_goes_on() {
    let app = TestApp::with(&[("faq.json", r#"[{"id":1,"q":"a","a":"b"},{"q":"c"}]"#)]).await;
    let list = app.json("/api/faq").await;
    let meta = &list["meta"];
    assert_eq!(list["items"], json!([{"id": 1, "question": "a", "answer": "b"}]));
    for (name, value) in [("total", 1), ("count", 1), ("limit", 100), ("offset", 0), ("skipped", 1)] {
        assert_eq!(meta[name], value, "{name}");
    }
    assert_eq!(meta["version"].as_str().unwrap().len(), 16);
    assert!(meta["updated_at"].as_str().unwrap().ends_with('Z'));
    let here = "/api/faq";
    assert_eq!(list["links"], json!({"self": here, "first": here, "prev": null, "next": null, "last": here}));
}

#[actix_web::test]
async fn lists_stand_in_their_default_order() {
    let app = TestApp::start().await;
    let dates = |items: Vec<Json>, name: &str| -> Vec<String> {
        items.iter().filter_map(|item| item[name].as_str().map(|date| date[..10].to_owned())).collect()
    };
    let starts = dates(app.items("events").await, "start");
    assert!(starts.is_sorted(), "{starts:?}");
    let published = dates(app.items("news").await, "date");
    assert!(published.iter().rev().is_sorted(), "{published:?}");
}

#[actix_web::test]
async fn lists_never_answer_for_one_another_in_any_order_cold_or_warm() {
    let orders = [["events", "news", "faq"], ["events", "faq", "news"], ["news", "events", "faq"]];
    let more = [["news", "faq", "events"], ["faq", "events", "news"], ["faq", "news", "events"]];
    for order in orders.into_iter().chain(more) {
        let app = TestApp::serve(crate::app::sample(), &server::routes::published(), &[]);
        for _ in ["cold", "warm"] {
            for collection in order {
                let own = match collection {
                    "events" => "start",
                    "news" => "content",
                    _ => "question",
                };
                let items = app.items(collection).await;
                assert!(items.iter().any(|item| item.get(own).is_some()), "{order:?}: {collection}");
                let others = ["start", "content", "question"].into_iter().filter(|name| *name != own);
                for other in others {
                    assert!(items.iter().all(|item| item.get(other).is_none()), "{order:?}: {collection}");
                }
            }
        }
    }
}

#[actix_web::test]
async fn what_is_not_there_is_a_problem_that_says_so() {
    let app = TestApp::with(&[("faq.json", "[]"), ("news.json", "{")]).await;
    for (path, status, name) in [
        ("/api/faq/1", 404, "unknown-item"),
        ("/api/faqs", 404, "unknown-collection"),
        ("/api/faqs/1", 404, "unknown-collection"),
        ("/api/events", 404, "content-missing"),
        ("/api/events/1", 404, "content-missing"),
        ("/api/news", 502, "content-invalid"),
        ("/api/faq/", 404, "not-found"),
        ("/nowhere", 404, "not-found"),
        ("/metrics", 404, "not-found"),
        ("/.env", 404, "not-found"),
    ] {
        let (got, kind) = app.problem(path).await;
        assert_eq!((got.as_u16(), kind.as_str()), (status, name), "{path}");
    }
    assert_eq!(app.items("faq").await, [] as [Json; 0]);
}

#[actix_web::test]
async fn an_item_is_found_by_its_number_and_by_its_text() {
    let app = TestApp::with(&[("faq.json", r#"[{"id":1,"q":"a","a":"b"},{"id":"é/è 2","q":"c","a":"d"}]"#)]).await;
    assert_eq!(app.json("/api/faq/1").await["id"], 1);
    assert_eq!(app.json("/api/faq/%C3%A9%2F%C3%A8%202").await["id"], "é/è 2");
}
