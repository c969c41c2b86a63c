#![no_main]

use std::sync::OnceLock;

use adapters::decode::{Format, Limits, decode};
use domain::{Collection, Event, Faq, Items, News, Query};
use jiff::{Timestamp, tz::TimeZone};
use libfuzzer_sys::fuzz_target;

fn sample<C: Collection>(bytes: &[u8], format: Format) -> Items<C> {
    decode(bytes, format, &Limits::default(), &TimeZone::UTC).expect("the sample content is good")
}

static EVENTS: OnceLock<Items<Event>> = OnceLock::new();
static NEWS: OnceLock<Items<News>> = OnceLock::new();
static FAQ: OnceLock<Items<Faq>> = OnceLock::new();

fn ask<C: Collection>(text: &str, items: &Items<C>) {
    let Ok(parameters) = server::query::parameters(text) else { return };
    let Ok(query) = Query::parse(&parameters, items) else { return };
    let now = Timestamp::from_second(1_780_000_000).expect("a moment");
    let found = query.run(items, now);
    assert!(found.page.len() <= found.total && found.total <= items.list().len() && found.page.len() <= 500);
}

fuzz_target!(|text: &str| {
    let events = EVENTS.get_or_init(|| sample(include_bytes!("../../content/events.json"), Format::Json));
    let news = NEWS.get_or_init(|| sample(include_bytes!("../../content/news.yaml"), Format::Yaml));
    let faq = FAQ.get_or_init(|| sample(include_bytes!("../../content/faq.json"), Format::Json));
    fuzz::in_time(|| {
        ask(text, events);
        ask(text, news);
        ask(text, faq);
    });
});
