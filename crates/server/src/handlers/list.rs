//! `/api/{collection}`.

use actix_web::{HttpRequest, HttpResponse, web};
use domain::Collection;

use super::query;
use crate::error::{Kind, Problem};
use crate::http_cache;
use crate::published::Shelf;

/// The items of a collection in their envelope.
///
/// # Errors
/// `invalid-query`, or why the content cannot be had.
pub async fn list<C: Collection>(request: HttpRequest, shelf: web::Data<Shelf<C>>) -> Result<HttpResponse, Problem> {
    query::none(&request)?;
    let snapshot = shelf.source.load().await.map_err(|error| Problem::content(C::NAME, &error))?;
    let list =
        shelf.lists.get(&snapshot).map_err(|_| Problem::new(Kind::ContentInvalid, "The list cannot be written."))?;
    Ok(http_cache::content(&request, &snapshot, shelf.cache, list))
}
