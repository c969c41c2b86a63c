//! A collection from its store to its routes, and what the rest of the server may know of it.

use std::sync::Arc;

use actix_http::Request;
use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use adapters::decode::{Fixed, Format, Limits, decode, examine, fix};
use adapters::watch::watch;
use adapters::{BlobSource, CacheCounts, Cached, Store};
use domain::{Collection, ContentSource, Fault, Item};
use jiff::tz::TimeZone;
use tokio::runtime::Handle;

use crate::config::Settings;
use crate::handlers::list;
use crate::http_cache::Policy;
use crate::openapi::Described;
use crate::prepared::Prepared;
use crate::publish::ItemTexts;
use crate::representation::{Representations, Shelf};
use crate::standing::Standing;
use crate::traces::{Traced, Traces};

/// A collection that is to be published.
pub struct Published {
    /// What its documentation knows of it.
    pub described: Described,
    /// Finds every fault of a document of it.
    pub examine: fn(&[u8], Format, &Limits, &TimeZone) -> Vec<Fault>,
    /// What each item of a document says, by its id; none of a document that cannot be read.
    pub items: fn(&[u8], Format, &Limits, &TimeZone) -> Option<ItemTexts>,
    /// Writes a document as it is meant to be written; none that would change for its readers.
    pub fix: fn(&[u8], Format, &Limits, &TimeZone) -> Option<Fixed>,
    opener: Box<Opener>,
}

/// What each item of a document says, by its id.
fn items<C: Collection>(bytes: &[u8], format: Format, limits: &Limits, zone: &TimeZone) -> Option<ItemTexts> {
    let items = decode::<C>(bytes, format, limits, zone).ok()?;
    let text = |item: &Item<C>| serde_json::to_string(item).unwrap_or_default();
    Some(items.list().iter().map(|item| (item.id.to_string(), text(item))).collect())
}

type Opener = dyn Fn(&Arc<Store>, &Arc<Representations>, &Settings, Option<&Traces>) -> Open;

/// Adds the routes of a collection to an application.
pub type Routes<C> = fn(&mut ServiceConfig, &web::Data<Offer<C>>);

impl Published {
    /// A collection under its routes.
    #[must_use]
    pub fn new<C: Collection>(routes: Routes<C>) -> Self {
        let opener = Box::new(move |store: &_, shared: &_, settings: &_, traces: Option<&_>| {
            Open::new(store, shared, settings, traces, routes)
        });
        Self { described: Described::of::<C>(), examine: examine::<C>, items: items::<C>, fix: fix::<C>, opener }
    }

    /// Puts the cache before the store. Nothing is fetched yet.
    #[must_use]
    pub fn open(
        &self,
        store: &Arc<Store>,
        shared: &Arc<Representations>,
        settings: &Settings,
        traces: Option<&Traces>,
    ) -> Open {
        (self.opener)(store, shared, settings, traces)
    }
}

/// Answers a request, or leaves it to the application.
type Ready = dyn Fn(&Request) -> Option<HttpResponse> + Send + Sync;

/// A collection that is open: its routes, its keeper, and how it is.
pub struct Open {
    /// Its name.
    pub name: &'static str,
    /// What its content comes through.
    pub stack: String,
    /// Adds its routes to an application.
    pub configure: Box<dyn Fn(&mut ServiceConfig) + Send + Sync>,
    /// Answers a request for its list where that takes no wait.
    pub ready: Box<Ready>,
    /// Starts to keep it fresh, for ever, on a runtime.
    pub keep: Box<dyn Fn(&Handle) + Send + Sync>,
    /// Tells how it is, without asking the store.
    pub standing: Box<dyn Fn() -> Standing + Send + Sync>,
    /// How it has answered.
    pub counts: Arc<CacheCounts>,
}

impl Open {
    fn new<C: Collection>(
        store: &Arc<Store>,
        shared: &Arc<Representations>,
        settings: &Settings,
        traces: Option<&Traces>,
        routes: Routes<C>,
    ) -> Self {
        let shelf = Arc::new(Shelf::new(Arc::clone(shared)));
        let source = BlobSource::<C>::new(Arc::clone(store), settings.source.limits, settings.source.zone.clone());
        let mut source: Arc<dyn ContentSource<C>> = Arc::new(Prepared::new(Arc::new(source), Arc::clone(&shelf)));
        if let Some(traces) = traces {
            source = Arc::new(Traced::new(source, traces.clone()));
        }
        let cached = Cached::new(source, settings.cache);
        let (kept, watched, counts, cache) = (cached.clone(), cached.clone(), cached.counts(), settings.cache);
        let (stack, folder) = (cached.to_string(), settings.source.watched());
        let at_door = cached.clone();
        let offer = web::Data::new(Offer::<C> { source: Arc::new(cached), policy: Policy::new(cache), shelf });
        let offered = offer.clone();
        Self {
            name: C::NAME,
            stack,
            configure: Box::new(move |config| routes(config, &offer)),
            ready: Box::new(move |request| list::ready(request, &*at_door.fresh()?, &offered)),
            keep: Box::new(move |runtime| {
                runtime.spawn(kept.clone().keep());
                if let Some(folder) = &folder {
                    runtime.spawn(watch(kept.clone(), folder.clone()));
                }
            }),
            standing: Box::new(move || Standing::of(&watched, cache)),
            counts,
        }
    }
}

/// What a handler of a collection works with.
pub struct Offer<C: Collection> {
    /// Where its content comes from.
    pub source: Arc<dyn ContentSource<C>>,
    /// How long it is good for.
    pub policy: Policy,
    /// Its representations, ready to send.
    pub shelf: Arc<Shelf>,
}

/// Every collection that is open, in the order in which they are published.
pub struct Catalogue(pub Arc<[Open]>);

impl Catalogue {
    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|open| open.name)
    }

    /// How each of them is.
    #[must_use]
    pub fn standings(&self) -> Vec<Standing> {
        self.0.iter().map(|open| (open.standing)()).collect()
    }
}
