//! The envelope of a list. It follows from the content alone: no clock, no age.

use domain::{Collection, Item, Snapshot};
use jiff::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
#[serde(bound(serialize = "C: Collection"))]
pub(super) struct Envelope<'a, C> {
    items: &'a [Item<C>],
    meta: Meta<'a>,
    links: Links,
}

#[derive(Serialize)]
struct Meta<'a> {
    total: usize,
    count: usize,
    limit: usize,
    offset: usize,
    version: &'a str,
    updated_at: Timestamp,
    skipped: usize,
}

#[derive(Serialize)]
struct Links {
    #[serde(rename = "self")]
    this: String,
    first: String,
    prev: Option<String>,
    next: Option<String>,
    last: String,
}

/// A page is never smaller. There are no others yet: a list is one page, however long.
const PAGE: usize = 100;

impl<'a, C: Collection> Envelope<'a, C> {
    pub(super) fn new(snapshot: &'a Snapshot<C>) -> Self {
        let items = snapshot.items.list();
        let this = || format!("/api/{}", C::NAME);
        Self {
            items,
            meta: Meta {
                total: items.len(),
                count: items.len(),
                limit: items.len().max(PAGE),
                offset: 0,
                version: &snapshot.version,
                updated_at: snapshot.modified,
                skipped: snapshot.items.skipped(),
            },
            links: Links { this: this(), first: this(), prev: None, next: None, last: this() },
        }
    }
}
