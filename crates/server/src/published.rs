//! A collection from its store to its routes, and what the rest of the server may know of it.

use std::fmt::Display;
use std::sync::Arc;

use actix_web::web::{self, ServiceConfig};
use adapters::{BlobSource, CacheSettings, Cached, Store};
use domain::{Collection, ContentError, ContentSource};
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::config::Settings;
use crate::representation::Lists;
use crate::routes;

/// A collection that is to be published.
pub struct Published {
    open: fn(&Arc<Store>, &Settings) -> Open,
}

/// Publishes a collection.
#[must_use]
pub fn publish<C: Collection>() -> Published {
    Published { open: open::<C> }
}

impl Published {
    /// Puts the cache before the store. Nothing is fetched yet.
    #[must_use]
    pub fn open(&self, store: &Arc<Store>, settings: &Settings) -> Open {
        (self.open)(store, settings)
    }
}

/// A collection that is open: its routes, its keeper, and how it is.
pub struct Open {
    /// Its name.
    pub name: &'static str,
    /// What its content comes through.
    pub stack: String,
    /// Adds its routes to an application.
    pub configure: Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>,
    /// Starts to keep it fresh, for ever, on a runtime.
    pub keep: Box<dyn Fn(&Handle) + Send + Sync>,
    /// Tells how it is, without asking the store.
    pub standing: Arc<dyn Fn() -> Standing + Send + Sync>,
}

/// What a handler of a collection works with.
pub struct Shelf<C: Collection> {
    /// Where its content comes from.
    pub source: Arc<dyn ContentSource<C>>,
    /// How long it is good for.
    pub cache: CacheSettings,
    /// Its lists, ready to send.
    pub lists: Lists,
}

/// How a collection is, for `/readyz` and the home page.
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

impl Standing {
    /// Whether there is something to answer with.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.items.is_some()
    }
}

fn open<C: Collection>(store: &Arc<Store>, settings: &Settings) -> Open {
    let source = BlobSource::<C>::new(Arc::clone(store), settings.source.limits, settings.source.zone.clone());
    let cached = Cached::new(Arc::new(source), settings.cache);
    let (kept, watched, cache) = (cached.clone(), cached.clone(), settings.cache);
    let stack: &dyn Display = &cached;
    let stack = stack.to_string();
    let shelf = web::Data::new(Shelf::<C> { source: Arc::new(cached), cache, lists: Lists::default() });
    Open {
        name: C::NAME,
        stack,
        configure: Arc::new(move |routes| routes::collection(routes, &shelf)),
        keep: Box::new(move |runtime| drop(runtime.spawn(kept.clone().keep()))),
        standing: Arc::new(move || standing(&watched, cache)),
    }
}

fn standing<C: Collection>(cached: &Cached<C>, cache: CacheSettings) -> Standing {
    let state = cached.state();
    let failure = state.failure.as_ref().map(|failure| match failure {
        ContentError::Missing { .. } => "content-missing",
        ContentError::Invalid { .. } => "content-invalid",
        ContentError::Unavailable { .. } => "storage-unavailable",
    });
    let Some(snapshot) = state.snapshot else {
        let state = failure.unwrap_or("loading");
        return Standing {
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
    Standing {
        name: C::NAME,
        state: if age < cache.ttl + cache.stale_while_revalidate { "good" } else { "stale" },
        last_error: failure,
        items: Some(snapshot.items.list().len()),
        skipped: Some(snapshot.items.skipped()),
        version: Some(snapshot.version.to_string()),
        age: Some(age.as_secs()),
    }
}
