//! The map of the server: what is published, and every URL.

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{Handler, Resource, Responder};
use domain::{Collection, Event, Faq, News};

use crate::handlers::{documentation, health, home, item, list, method_not_allowed, not_found, options};
use crate::published::{Catalogue, Offer, Published};

/// Every collection that is published.
#[must_use]
pub fn published() -> Vec<Published> {
    vec![publish::<Event>(), publish::<News>(), publish::<Faq>()]
}

/// Publishes a collection.
#[must_use]
pub fn publish<C: Collection>() -> Published {
    Published::new(collection::<C>)
}

/// The paths of the routes that are there whatever is published, as metrics name them.
pub const FIXED: [&str; 9] = [
    "/",
    "/api",
    "/openapi.json",
    "/docs",
    "/docs/problems",
    "/schemas/{collection}.json",
    "/healthz",
    "/readyz",
    "/metrics",
];

/// The public routes.
pub fn public(routes: &mut ServiceConfig, catalogue: &Catalogue) {
    // Paths are compared in this order: what is asked for most stands first.
    for open in catalogue.0.iter() {
        (open.configure)(routes);
    }
    routes.service(read_only("/", home::home));
    routes.service(read_only("/api", home::index));
    routes.service(read_only("/api/{collection}", home::unknown_collection));
    routes.service(read_only("/api/{collection}/{id}", home::unknown_collection));
    routes.service(read_only("/openapi.json", documentation::openapi));
    routes.service(read_only("/docs", documentation::docs));
    routes.service(read_only("/docs/problems", home::problem_page));
    routes.service(read_only("/schemas/{collection}.json", documentation::schema));
    probes(routes);
}

/// The routes of one collection.
pub fn collection<C: Collection>(routes: &mut ServiceConfig, offer: &web::Data<Offer<C>>) {
    let path = format!("/api/{}", C::NAME);
    let (listed, single) = (offer.clone(), offer.clone());
    routes.service(read_only(&path, move |request| list::list(request, listed.clone())));
    // In a scope, whose prefix is compared, so that no other request pays for the pattern.
    let item = move |request, id| item::item(request, single.clone(), id);
    routes.service(web::scope(&path).service(read_only("/{id}", item)));
}

/// The routes of the management port.
pub fn management(routes: &mut ServiceConfig, _: &Catalogue) {
    routes.service(read_only("/metrics", health::metrics));
    probes(routes);
}

/// What both ports have.
fn probes(routes: &mut ServiceConfig) {
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
