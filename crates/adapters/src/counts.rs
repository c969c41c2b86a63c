//! What happened how often, for whoever measures. Reading never stops what counts.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// One more.
    pub fn up(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// How many by now.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How the cache of a collection has answered, and what its fetches have brought.
#[derive(Debug, Default)]
pub struct CacheCounts {
    /// Answered from memory, within the TTL.
    pub fresh: Count,
    /// Answered from memory, past it.
    pub stale: Count,
    /// Answered after a wait for the store.
    pub waited: Count,
    /// Not answered.
    pub failed: Count,
    /// Fetches that brought another version.
    pub updated: Count,
    /// Fetches that confirmed the version that is held.
    pub unchanged: Count,
    /// Fetches that found nothing.
    pub missing: Count,
    /// Fetches of what cannot be served.
    pub invalid: Count,
    /// Fetches that the store did not answer.
    pub unavailable: Count,
}

impl CacheCounts {
    /// The answers by their names.
    #[must_use]
    pub fn answers(&self) -> [(&'static str, u64); 4] {
        let Self { fresh, stale, waited, failed, .. } = self;
        [("fresh", fresh), ("stale", stale), ("waited", waited), ("failed", failed)].map(|(name, n)| (name, n.get()))
    }

    /// The fetches by their names.
    #[must_use]
    pub fn fetches(&self) -> [(&'static str, u64); 5] {
        let Self { updated, unchanged, missing, invalid, unavailable, .. } = self;
        [
            ("updated", updated),
            ("unchanged", unchanged),
            ("missing", missing),
            ("invalid", invalid),
            ("unavailable", unavailable),
        ]
        .map(|(name, count)| (name, count.get()))
    }
}
