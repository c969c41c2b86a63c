//! The port: where content comes from.

use std::fmt::Display;
use std::sync::Arc;

use async_trait::async_trait;

use crate::collection::Collection;
use crate::error::ContentError;
use crate::snapshot::Snapshot;

/// Where the content of a collection comes from.
///
/// `load` returns the newest version that the source can vouch for, and `Snapshot::validated` says
/// since when. A source that reads a store asks it at every call; one that remembers, such as a
/// cache, may answer with what it holds, and says in its own documentation for how long. Two calls
/// that return the same `version` share one `items`.
///
/// Errors: [`ContentError::Missing`] when the store answers that there is no such content;
/// [`ContentError::Invalid`] when there is, and it cannot be served; [`ContentError::Unavailable`]
/// when the store cannot be asked or refuses. An error says nothing about earlier versions.
///
/// A call may be dropped at any await. `Display` names the source and what it wraps, without secrets:
/// `Cached(60s, Blob(az://content/events))`.
#[async_trait]
pub trait ContentSource<C: Collection>: Display + Send + Sync {
    /// Loads the collection.
    async fn load(&self) -> Result<Arc<Snapshot<C>>, ContentError>;
}

#[cfg(any(test, feature = "mock"))]
mockall::mock! {
    /// A source that answers as a test tells it to.
    pub ContentSource<C: Collection> {}

    #[async_trait]
    impl<C: Collection> ContentSource<C> for ContentSource<C> {
        async fn load(&self) -> Result<Arc<Snapshot<C>>, ContentError>;
    }

    impl<C: Collection> Display for ContentSource<C> {
        fn fmt<'a>(&self, f: &mut std::fmt::Formatter<'a>) -> std::fmt::Result;
    }
}
