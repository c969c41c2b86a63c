//! The map of the server: what is published, and every URL.

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use actix_web::web::{self, ServiceConfig};
use actix_web::{Handler, Resource, Responder};
use domain::{Collection, Event, Faq, News};

use crate::handlers::{health, home, item, list, method_not_allowed, not_found, options};
use crate::published::{Open, Published, Shelf, Standing, publish};

/// Every collection that is published.
#[must_use]
pub fn published() -> Vec<Published> {
    vec![publish::<Event>(), publish::<News>(), publish::<Faq>()]
}

/// The public routes.
pub fn public(routes: &mut ServiceConfig, catalogue: &Catalogue) {
    routes.service(read_only("/", home::home));
    routes.service(read_only("/api", home::index));
    for open in catalogue.open.iter() {
        (open.configure)(routes);
    }
    routes.service(read_only("/api/{collection}", home::unknown_collection));
    routes.service(read_only("/api/{collection}/{id}", home::unknown_collection));
    routes.service(read_only("/docs/problems", home::problem_page));
    management(routes);
}

/// The routes of one collection.
pub fn collection<C: Collection>(routes: &mut ServiceConfig, shelf: &web::Data<Shelf<C>>) {
    let path = format!("/api/{}", C::NAME);
    routes.app_data(shelf.clone());
    routes.service(read_only(&path, list::list::<C>));
    routes.service(read_only(&format!("{path}/{{id}}"), item::item::<C>));
}

/// The routes of the management port, which the public port has too.
pub fn management(routes: &mut ServiceConfig) {
    routes.service(read_only("/healthz", health::live));
    routes.service(read_only("/readyz", health::ready));
    routes.default_service(web::to(not_found));
}

/// A resource with GET, HEAD and OPTIONS; any other method is told which there are.
fn read_only<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args> + Clone,
    Args: actix_web::FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .route(web::method(Method::OPTIONS).to(options))
        .default_service(web::to(method_not_allowed))
}

/// The collections that are open, in the order in which they are published.
pub struct Catalogue {
    open: Arc<[Open]>,
    /// The policy of the pages.
    pub page_policy: HeaderValue,
}

impl Catalogue {
    /// Takes the collections.
    #[must_use]
    pub fn new(open: Vec<Open>) -> Self {
        Self { open: open.into(), page_policy: home::page_policy() }
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.open.iter().map(|open| open.name)
    }

    /// How each of them is.
    #[must_use]
    pub fn standings(&self) -> Vec<Standing> {
        self.open.iter().map(|open| (open.standing)()).collect()
    }
}
