//! `/api/{collection}/{id}`.

use actix_web::{HttpRequest, HttpResponse, web};
use domain::Collection;

use crate::error::Problem;
use crate::published::Offer;
use crate::representation::Coding;
use crate::{http_cache, query};

/// One item.
///
/// # Errors
/// `unknown-item`, `invalid-query`, or why the content cannot be had.
pub async fn item<C: Collection>(
    request: HttpRequest,
    offer: web::Data<Offer<C>>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query::none(&request)?;
    let snapshot = offer.source.load().await.map_err(|error| Problem::content(C::NAME, &error))?;
    let item = offer.shelf.item(&snapshot, &id, Coding::wanted(request.headers()))?;
    http_cache::content(&request, &snapshot, &offer.policy, &item)
}
