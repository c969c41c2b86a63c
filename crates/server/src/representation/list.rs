//! The envelope of a list. It follows from the content and the query alone: no clock, no age.

use domain::query::Parameter;
use domain::{Collection, Item, Query, Snapshot};
use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use utoipa::ToSchema;

use super::Representation;
use super::links::Links;

/// Answers a query, as plain JSON.
pub(super) fn answer<C: Collection>(
    snapshot: &Snapshot<C>,
    parameters: &[Parameter],
    query: &Query,
    now: Timestamp,
) -> serde_json::Result<Representation> {
    let found = query.run(&snapshot.items, now);
    let links = Links::new(C::NAME, parameters, query, found.total);
    let header = links.header();
    let envelope = Envelope {
        items: found.page.iter().map(|item| Row { item, fields: &query.fields }).collect(),
        meta: Meta {
            total: found.total,
            count: found.page.len(),
            limit: query.limit,
            offset: query.offset,
            version: &snapshot.version,
            updated_at: snapshot.modified,
            skipped: snapshot.items.skipped(),
        },
        links,
    };
    let made = Representation::json(&envelope, snapshot.modified)?;
    Ok(Representation { links: header, total: Some(found.total.into()), until: found.changes_at, ..made })
}

#[derive(serde::Serialize)]
#[serde(bound(serialize = "C: Collection"))]
struct Envelope<'a, C> {
    items: Vec<Row<'a, C>>,
    meta: Meta<'a>,
    links: Links,
}

/// What a list says of itself.
#[derive(serde::Serialize, ToSchema)]
pub struct Meta<'a> {
    /// How many items the query finds, on all pages.
    total: usize,
    /// How many are on this page.
    count: usize,
    /// The most that a page has.
    limit: usize,
    /// How many were passed over.
    offset: usize,
    /// The content's version.
    version: &'a str,
    /// When the file was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// How many items of the file are left out, for they are at fault.
    skipped: usize,
}

/// An item, or those of its fields that were asked for.
struct Row<'a, C> {
    item: &'a Item<C>,
    fields: &'a [String],
}

impl<C: Collection> Serialize for Row<'_, C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.fields.is_empty() {
            return self.item.serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        for name in self.fields {
            if let Some(view) = self.item.view(name) {
                map.serialize_entry(name, &view)?;
            }
        }
        map.end()
    }
}
