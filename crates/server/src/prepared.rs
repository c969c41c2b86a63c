//! A source before a source that makes the plain list of each new version ready, so that no request does.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use domain::{Collection, ContentError, ContentSource, Snapshot};

use crate::representation::Shelf;

/// Passes on what `inner` loads once its list stands on the shelf. It belongs behind the cache: it takes its time.
pub struct Prepared<C: Collection> {
    inner: Arc<dyn ContentSource<C>>,
    shelf: Arc<Shelf>,
}

impl<C: Collection> Prepared<C> {
    /// Wraps `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn ContentSource<C>>, shelf: Arc<Shelf>) -> Self {
        Self { inner, shelf }
    }
}

#[async_trait]
impl<C: Collection> ContentSource<C> for Prepared<C> {
    async fn load(&self) -> Result<Arc<Snapshot<C>>, ContentError> {
        let snapshot = self.inner.load().await?;
        let (shelf, prepared) = (Arc::clone(&self.shelf), Arc::clone(&snapshot));
        let made = tokio::task::spawn_blocking(move || shelf.prepare(&prepared)).await;
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| ContentError::unavailable(C::NAME, error);
        made.map_err(|error| failed(error.into()))?.map_err(|error| failed(error.into()))?;
        Ok(snapshot)
    }
}

impl<C: Collection> fmt::Display for Prepared<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prepared({})", self.inner)
    }
}
