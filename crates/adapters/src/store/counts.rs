//! How often the store was asked, and how it answered.

use domain::ContentError;

use super::failure::{FailureKind, StoreFailure};
use crate::counts::Count;

/// Requests to the store by their outcome.
#[derive(Debug, Default)]
pub struct StoreCounts {
    /// Content.
    pub content: Count,
    /// Not modified.
    pub unmodified: Count,
    /// No such document.
    pub missing: Count,
    /// Bytes of content.
    pub bytes: Count,
    failures: [Count; FailureKind::ALL.len()],
}

impl StoreCounts {
    /// Counts an answer that is no content.
    pub(crate) fn failed(&self, error: &ContentError) {
        match error {
            ContentError::Missing { .. } => self.missing.up(),
            ContentError::Unavailable { source, .. } => {
                let kind = source.downcast_ref::<StoreFailure>().map_or(FailureKind::Answer, |failure| failure.kind);
                self.failures[kind as usize].up();
            }
            ContentError::Invalid { .. } => {}
        }
    }

    /// The requests by their outcome.
    pub fn requests(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let good = [("content", &self.content), ("unmodified", &self.unmodified), ("missing", &self.missing)];
        let failures = FailureKind::ALL.map(|kind| (kind.name(), &self.failures[kind as usize]));
        good.into_iter().chain(failures).map(|(name, count)| (name, count.get()))
    }
}
