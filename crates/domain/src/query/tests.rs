//! Queries against a naive model, and each rule by example.

use std::cmp::Ordering as Order;

use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::testing::nodes;
use crate::{Event, Faq};

fn now() -> Timestamp {
    "2026-06-15T12:00:00Z".parse().unwrap()
}

fn items<C: Collection>(json: Json) -> Items<C> {
    let items = Items::read(nodes(json), &TimeZone::get("Europe/Paris").unwrap());
    assert_eq!(items.faults(), []);
    items
}

fn parameters(query: &str) -> Vec<Parameter> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

fn events() -> Items<Event> {
    items(json!([
        {"id": 1, "title": "Bal", "start": "2026-06-01", "tags": ["danse", "été"], "tarif": {"plein": 12.50}, "places": 100},
        {"id": 2, "title": "Été au Loir", "start": "2026-06-15 10:00", "end": "2026-06-15 18:00", "location": {"city": "Tours"}, "places": 9},
        {"id": 3, "title": "concert", "start": "2026-06-15", "tags": ["musique"], "location": "Tours", "tarif": {"plein": 8}},
        {"id": 4, "title": "Atelier", "start": "2026-06-14", "end": "2026-06-16", "category": "atelier", "places": null},
        {"id": 5, "title": "Zut", "start": "2026-07-01T18:00:00Z", "category": "Atelier", "big": 9_007_199_254_740_993_u64},
    ]))
}

fn ids(query: &str) -> Vec<String> {
    let events = events();
    let query = Query::parse(&parameters(query), &events).unwrap_or_else(|refused| panic!("{query}: {refused:?}"));
    query.run(&events, now()).page.iter().map(|item| item.id.to_string()).collect()
}

#[test]
fn each_parameter_finds_what_it_says() {
    for (query, found) in [
        ("", "1 4 3 2 5"),
        ("title=Bal", "1"),
        ("title=bal", ""),
        ("title=Bal&title=Zut", "1 5"),
        ("id=2", "2"),
        ("id[in]=2,3", "3 2"),
        ("id[nin]=2,3", "1 4 5"),
        ("title[ne]=Bal", "4 3 2 5"),
        ("category[ne]=atelier", "1 3 2 5"),
        ("tags=danse", "1"),
        ("tags[ne]=danse", "4 3 2 5"),
        ("tags[exists]=true", "1 3"),
        ("tags[exists]=false", "4 2 5"),
        ("places[exists]=true", "1 2"),
        ("location=Tours", "3"),
        ("location.city=Tours", "2"),
        ("location.city[exists]=false", "1 4 3 5"),
        ("tarif.plein[lte]=10", "3"),
        ("tarif.plein[gt]=8", "1"),
        ("tarif.plein=12.5", "1"),
        ("places[gte]=10", "1"),
        ("places[gte]=9", "1 2"),
        ("big=9007199254740993", "5"),
        ("big=9007199254740992", ""),
        ("title[contains]=ete", "2"),
        ("title[contains]=É", "4 3 2"),
        ("title[startswith]=CON", "3"),
        ("tags[contains]=ET", "1"),
        ("start=2026-06-15", "3 2"),
        ("start[gt]=2026-06-15", "5"),
        ("start[gte]=2026-06-15", "3 2 5"),
        ("start[lt]=2026-06-15", "1 4"),
        ("start[lte]=2026-06-15", "1 4 3 2"),
        ("start[gte]=2026-06-15 09:00", "2 5"),
        ("end[exists]=true", "4 2"),
        ("end[lt]=2026-06-16", "2"),
        ("sort=title", "4 1 3 2 5"),
        ("sort=-title", "5 2 3 1 4"),
        ("sort=places", "2 1 4 3 5"),
        ("sort=-places", "1 2 4 3 5"),
        ("sort=category,-start", "5 4 2 3 1"),
        ("sort=tarif.plein", "3 1 4 2 5"),
        ("limit=2", "1 4"),
        ("limit=2&offset=2", "3 2"),
        ("limit=0", ""),
        ("offset=99", ""),
        ("q=LOIR ete", "2"),
        ("q=tours", "3 2"),
        ("q=danse", "1"),
        ("q=", "1 4 3 2 5"),
        ("when=past", "1"),
        ("when=ongoing", "4 3 2"),
        ("when=upcoming", "4 3 2 5"),
        ("when=all", "1 4 3 2 5"),
        ("from=2026-06-16", "4 5"),
        ("to=2026-06-14", "1 4"),
        ("from=2026-06-15&to=2026-06-15", "4 3 2"),
    ] {
        assert_eq!(ids(query).join(" "), found, "{query}");
    }
}

#[test]
fn the_total_counts_all_pages() {
    let events = events();
    let query = Query::parse(&parameters("limit=1&offset=7&start[gte]=2026-06-15"), &events).unwrap();
    let found = query.run(&events, now());
    assert_eq!((found.page.len(), found.total), (0, 3));
}

#[test]
fn an_answer_that_depends_on_the_clock_says_until_when_it_holds() {
    let events = events();
    let until = |query: &str| Query::parse(&parameters(query), &events).unwrap().run(&events, now()).changes_at;
    assert_eq!(until(""), None);
    assert_eq!(until("when=all&from=2026-01-01"), None);
    assert_eq!(until("when=upcoming"), Some("2026-06-15T16:00:00Z".parse().unwrap()));
}

#[test]
fn every_fault_is_told_at_once_with_what_was_probably_meant() {
    let refused = |query: &str| Query::parse(&parameters(query), &events()).unwrap_err();
    let told: Vec<_> = refused(
        "limit=-1&sort=nope,-titel&start[gte]=soon&tarfi=1&title[lk]=a&when=upcomming&offset=x&limit=501&fields=id,titl&pinned=true&tags[lt]=a&start[contains]=a&tags[exists]=maybe&start[in]=2026-01-01,x&sort=tags&limitt=3",
    )
    .into_iter()
    .map(|refusal| format!("{}: {}", refusal.parameter, refusal.detail))
    .collect();
    assert_eq!(
        told,
        [
            "limit: a whole number from 0 to 500 is wanted",
            "sort: there is no `nope`; there is no `titel`; did you mean `title`?",
            "start[gte]: a date is wanted, such as 2026-02-05 or 2026-02-05T18:00:00Z",
            "tarfi: there is no `tarfi`; did you mean `tarif`?",
            "title[lk]: [lk] is no operator; there are ne, in, nin, lt, lte, gt, gte, contains, startswith, exists",
            "when: one of upcoming, ongoing, past, all is wanted; did you mean `upcoming`?",
            "offset: a whole number from 0 is wanted",
            "limit: it stands twice",
            "fields: there is no `titl`; did you mean `title`?",
            "pinned: there is no `pinned`",
            "tags[lt]: `tags` has no order; compare a text, a number or a date",
            "start[contains]: `start` holds no text to look into",
            "tags[exists]: true or false is wanted",
            "start[in]: a date is wanted, such as 2026-02-05 or 2026-02-05T18:00:00Z",
            "sort: it stands twice",
            "limitt: there is no `limitt`; did you mean `limit`?",
        ]
    );
    let faq = items::<Faq>(json!([]));
    assert!(Query::parse(&parameters("when=past"), &faq).is_err(), "questions do not take place");
    let many = vec!["title[ne]=a"; MAX_FILTERS + 1].join("&");
    assert_eq!(refused(&many)[0].detail, "there are 21 filters, 20 is the limit");
}

/// Each of these, as long as a request target may be, took seconds and hundreds of megabytes on 10,000 items.
#[test]
fn what_a_query_may_cost_is_bounded() {
    let many = |part: &str, count: usize| vec![part; count].join(",");
    let values = |count: usize| format!("id[in]={}&title[nin]=a", many("1", count));
    for (most, over, detail) in [
        (many("sort=id", 1), format!("sort={}", many("id", 11)), "there are 11 fields, 10 is the limit"),
        (
            format!("sort={}", many("id", 10)),
            format!("sort={}", many("nope", 11)),
            "there are 11 fields, 10 is the limit",
        ),
        (
            format!("fields={}", many("id", 100)),
            format!("fields={}", many("nope", 101)),
            "there are 101 fields, 100 is the limit",
        ),
        (format!("q={}", "a ".repeat(100)), format!("q={}", "a ".repeat(101)), "there are 101 words, 100 is the limit"),
        (values(99), values(100), "there are 101 values, 100 is the limit"),
        (vec!["id=1"; 100].join("&"), vec!["nope=1"; 101].join("&"), "there are 101 parameters, 100 is the limit"),
    ] {
        assert!(Query::parse(&parameters(&most), &events()).is_ok(), "{most}");
        let refusals = Query::parse(&parameters(&over), &events()).expect_err(&over);
        assert_eq!(refusals.iter().map(|refusal| refusal.detail.as_str()).collect::<Vec<_>>(), [detail], "{over}");
    }
}

#[test]
fn a_model_names_each_of_its_fields_once_and_shows_what_it_sends() {
    fn check<C: Collection>(json: Json) {
        let items = items::<C>(json);
        let sent = serde_json::to_value(&items.list()[0].model).unwrap();
        let names: Vec<_> = sent.as_object().unwrap().keys().cloned().collect();
        let mut known: Vec<_> = C::FIELDS.iter().map(|rule| rule.name.to_owned()).collect();
        known.sort();
        assert_eq!(names, known, "the sample must use every field");
        for name in C::FIELDS.iter().map(|rule| rule.name) {
            assert_eq!(serde_json::to_value(items.list()[0].view(name)).unwrap(), sent[name], "{name}");
        }
    }
    check::<Event>(
        json!([{"title": "a", "start": "2026-01-01", "end": "2026-01-02", "timezone": "UTC", "location": {"a": 1}, "summary": "b",
        "description": "c", "status": "d", "organizer": "e", "url": "f", "image": "g", "tags": ["h"], "category": "i"}]),
    );
    check::<crate::News>(
        json!([{"title": "a", "date": "2026-01-01", "summary": "b", "content": "c", "author": "d", "url": "e", "image": "f",
        "tags": ["g"], "category": "h", "pinned": true}]),
    );
    check::<Faq>(json!([{"question": "a", "answer": "b", "category": "c", "order": 1, "tags": ["d"], "url": "e"}]));
}

/// What a query over `n`, `t` and `tags` finds, told as plainly as can be.
fn naive(
    rows: &[Json],
    n: Option<(&str, i64)>,
    tag: Option<&str>,
    sort: Option<(&str, bool)>,
    limit: usize,
    offset: usize,
) -> (Vec<Json>, usize) {
    let mut found: Vec<Json> = rows
        .iter()
        .filter(|row| {
            n.is_none_or(|(operator, bound)| match (row["n"].as_i64(), operator) {
                (value, "ne") => value != Some(bound),
                (None, _) => false,
                (Some(value), "lt") => value < bound,
                (Some(value), "gte") => value >= bound,
                (Some(value), _) => value == bound,
            })
        })
        .filter(|row| tag.is_none_or(|tag| row["tags"].as_array().is_some_and(|tags| tags.contains(&json!(tag)))))
        .cloned()
        .collect();
    if let Some((field, descending)) = sort {
        found.sort_by(|a, b| match (&a[field], &b[field]) {
            (Json::Null, Json::Null) => Order::Equal,
            (Json::Null, _) => Order::Greater,
            (_, Json::Null) => Order::Less,
            (a, b) => {
                let order = match (a.as_i64(), b.as_i64()) {
                    (Some(a), Some(b)) => a.cmp(&b),
                    _ => a.as_str().cmp(&b.as_str()),
                };
                if descending { order.reverse() } else { order }
            }
        });
    }
    let total = found.len();
    (found.into_iter().skip(offset).take(limit).map(|row| row["id"].clone()).collect(), total)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_query_finds_what_the_naive_model_finds(
        rows in prop::collection::vec((prop::option::of(-3i64..4), "[a-c]{0,2}", prop::collection::vec("[xyz]", 0..3)), 0..30),
        n in prop::option::of((prop::sample::select(vec!["eq", "ne", "lt", "gte"]), -3i64..4)),
        tag in prop::option::of("[xyz]"),
        sort in prop::option::of((prop::sample::select(vec!["n", "t"]), any::<bool>())),
        limit in 0usize..40,
        offset in 0usize..40,
    ) {
        let rows: Vec<Json> = rows.into_iter().enumerate().map(|(id, (n, t, tags))| {
            let mut row = json!({"id": id, "question": "q", "answer": "a", "t": t});
            if let Some(n) = n { row["n"] = json!(n); }
            if !tags.is_empty() { row["tags"] = json!(tags); }
            row
        }).chain([json!({"id": 1000, "question": "q", "answer": "a", "n": 9, "t": "zz"})]).collect();
        let items = items::<Faq>(Json::Array(rows.clone()));
        let mut asked = vec![("limit".to_owned(), limit.to_string()), ("offset".to_owned(), offset.to_string())];
        if let Some((operator, bound)) = n {
            asked.push((if operator == "eq" { "n".into() } else { format!("n[{operator}]") }, bound.to_string()));
        }
        asked.extend(tag.clone().map(|tag| ("tags".to_owned(), tag)));
        asked.extend(sort.map(|(field, descending)| ("sort".to_owned(), format!("{}{field}", if descending { "-" } else { "" }))));
        let query = Query::parse(&asked, &items).unwrap();
        let found = query.run(&items, now());
        let ids: Vec<Json> = found.page.iter().map(|item| serde_json::to_value(&item.id).unwrap()).collect();
        prop_assert_eq!((ids, found.total), naive(&rows, n, tag.as_deref(), sort, limit, offset));
    }
}
