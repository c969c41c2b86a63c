//! A collection at one moment, as the store last confirmed it.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use crate::collection::Items;

/// One version of a collection and when the store last confirmed it. Cheap to clone: the items are shared.
#[derive(Debug)]
pub struct Snapshot<C> {
    /// The items.
    pub items: Arc<Items<C>>,
    /// What the document is called where it lies: `events.json`.
    pub document: Arc<str>,
    /// A fingerprint of the document's bytes; the same bytes have the same on every instance.
    pub version: Arc<str>,
    /// When the document was last changed.
    pub modified: Timestamp,
    /// When the request that last confirmed this version began.
    pub validated: Instant,
}

impl<C> Snapshot<C> {
    /// The same version, confirmed again by a request that began at `validated`.
    #[must_use]
    pub fn confirmed(&self, validated: Instant) -> Self {
        Self { validated, ..self.clone() }
    }
}

impl<C> Clone for Snapshot<C> {
    fn clone(&self) -> Self {
        Self {
            items: Arc::clone(&self.items),
            document: Arc::clone(&self.document),
            version: Arc::clone(&self.version),
            modified: self.modified,
            validated: self.validated,
        }
    }
}
