//! What every target holds: no panic, and an answer in time.

use std::time::{Duration, Instant};

use adapters::decode::{Format, Limits, decode};
use domain::{Collection, Event, Faq, Fault, News};
use jiff::tz::TimeZone;

/// What comes from outside takes no longer.
const LIMIT: Duration = Duration::from_millis(100);

/// Runs it, and again if it took too long: a busy machine is slow once, a bad input each time.
pub fn in_time<T>(mut run: impl FnMut() -> T) -> T {
    let mut slow = 0;
    loop {
        let begun = Instant::now();
        let outcome = run();
        if begun.elapsed() <= LIMIT {
            return outcome;
        }
        slow += 1;
        assert!(slow < 5, "it takes {:?}", begun.elapsed());
    }
}

/// Decodes a document into each collection.
pub fn document(bytes: &[u8], format: Format) {
    each::<Event>(bytes, format);
    each::<News>(bytes, format);
    each::<Faq>(bytes, format);
}

fn each<C: Collection>(bytes: &[u8], format: Format) {
    let zone = TimeZone::get("Europe/Paris").expect("the zones are in the binary");
    let limits = Limits::default();
    let items = match in_time(|| decode::<C>(bytes, format, &limits, &zone)) {
        Ok(items) => items,
        Err(fault) => return inside(bytes, &fault),
    };
    items.faults().iter().for_each(|fault| inside(bytes, fault));
    for item in items.list() {
        let found = items.get(&item.id.to_string()).expect("an item is found by its id");
        assert!(std::ptr::eq(found, item), "two items have the id {}", item.id);
    }
    // What is served is JSON, and reads as what it was.
    let served = serde_json::to_string(items.list()).expect("items can be written");
    let again = decode::<C>(served.as_bytes(), Format::Json, &Limits { max_depth: 70, ..limits }, &zone);
    let again = again.unwrap_or_else(|fault| panic!("{fault} in {served}"));
    assert_eq!(again.list().len(), items.list().len(), "{served}");
}

/// A fault names a place in its document.
fn inside(bytes: &[u8], fault: &Fault) {
    let text = String::from_utf8_lossy(bytes);
    // YAML ends lines at a bare carriage return too (YAML 1.2 §5.4).
    let lines = text.matches(['\r', '\n']).count() + 1;
    let at = fault.at;
    assert!(at.line >= 1 && at.column >= 1 && at.line as usize <= lines + 1, "{fault} of {lines} lines");
    let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    assert!(at.column as usize <= longest + 2, "{fault} of {longest} columns");
}
