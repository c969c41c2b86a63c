//! How a collection is at this moment, for `/readyz` and the home page, without asking the store.

use std::time::Duration;

use adapters::{CacheSettings, Cached};
use domain::{Collection, ContentError};
use serde::Serialize;
use tokio::time::Instant;

/// How a collection is.
#[derive(Debug, Clone, Serialize)]
pub struct Standing {
    /// The collection.
    #[serde(skip)]
    pub name: &'static str,
    /// `good`, `stale`, `loading`, or what is wrong: `content-missing`, `content-invalid`, `storage-unavailable`.
    pub state: &'static str,
    /// Why the last refresh failed, where there is a version to answer with all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<&'static str>,
    /// How many items are served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<usize>,
    /// How many are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<usize>,
    /// The version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Seconds since the store confirmed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<u64>,
}

const INVALID: &str = "content-invalid";
/// A refresh that is under way has ended after so long.
const REFRESH: Duration = Duration::from_secs(10);

impl Standing {
    /// Whether there is something to answer with.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.items.is_some()
    }

    /// Whether it is older than it should be.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.state == "stale"
    }

    /// Whether the document, as far as it was seen, can be read.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.state != INVALID && self.last_error != Some(INVALID)
    }

    /// Looks at what is held.
    #[must_use]
    pub fn of<C: Collection>(cached: &Cached<C>, cache: CacheSettings) -> Self {
        let state = cached.state();
        let failure = state.failure.as_ref().map(|failure| match failure {
            ContentError::Missing { .. } => "content-missing",
            ContentError::Invalid { .. } => INVALID,
            ContentError::Unavailable { .. } => "storage-unavailable",
        });
        let Some(snapshot) = state.snapshot else {
            let state = failure.unwrap_or("loading");
            return Self {
                name: C::NAME,
                state,
                last_error: None,
                items: None,
                skipped: None,
                version: None,
                age: None,
            };
        };
        let age = Instant::now().into_std().saturating_duration_since(snapshot.validated);
        let grace = if failure.is_none() { REFRESH } else { Duration::ZERO };
        Self {
            name: C::NAME,
            state: if age < cache.ttl + grace { "good" } else { "stale" },
            last_error: failure,
            items: Some(snapshot.items.list().len()),
            skipped: Some(snapshot.items.skipped()),
            version: Some(snapshot.version.to_string()),
            age: Some(age.as_secs()),
        }
    }
}
