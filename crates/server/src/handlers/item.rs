//! `/api/{collection}/{id}`.

use actix_web::{HttpRequest, HttpResponse, web};
use domain::Collection;

use super::query;
use crate::error::{Kind, Problem};
use crate::http_cache;
use crate::published::Shelf;
use crate::representation::Representation;

/// One item.
///
/// # Errors
/// `unknown-item`, `invalid-query`, or why the content cannot be had.
pub async fn item<C: Collection>(
    request: HttpRequest,
    shelf: web::Data<Shelf<C>>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query::none(&request)?;
    let snapshot = shelf.source.load().await.map_err(|error| Problem::content(C::NAME, &error))?;
    let unknown = || Problem::new(Kind::UnknownItem, format!("No item of `{}` has this id.", C::NAME));
    let item = Representation::json(snapshot.items.get(&id).ok_or_else(unknown)?);
    let item = item.map_err(|_| Problem::new(Kind::ContentInvalid, "The item cannot be written."))?;
    Ok(http_cache::content(&request, &snapshot, shelf.cache, item))
}
