//! `/api/{collection}`.

use actix_http::{HttpMessage as _, Request};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::{Collection, Snapshot};

use crate::error::Problem;
use crate::http_cache;
use crate::published::Offer;
use crate::representation::Coding;

/// The items of a collection that the query asks for, in their envelope.
///
/// # Errors
/// `invalid-query`, or why the content cannot be had.
pub async fn list<C: Collection>(request: HttpRequest, offer: web::Data<Offer<C>>) -> Result<HttpResponse, Problem> {
    let snapshot = offer.source.load().await.map_err(|error| Problem::content(C::NAME, &error))?;
    let coding = Coding::wanted(request.headers());
    let list = offer.shelf.list(&snapshot, request.query_string(), coding)?;
    http_cache::content(&request, &snapshot, &offer.policy, &list)
}

/// The same answer, if it stands ready.
pub fn ready<C: Collection>(request: &Request, snapshot: &Snapshot<C>, offer: &Offer<C>) -> Option<HttpResponse> {
    let asked = request.uri().query().unwrap_or_default();
    let list = offer.shelf.ready(snapshot, asked, Coding::wanted(request.headers()))?;
    http_cache::content(request, snapshot, &offer.policy, &list).ok()
}
