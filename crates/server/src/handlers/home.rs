//! `/`, `/api`, `/docs/problems`, and the collections that are not there.

use actix_web::http::header::{ACCEPT, Accept, CONTENT_SECURITY_POLICY, Header as _};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use crate::error::{Kind, Problem};
use crate::http_cache;
use crate::published::Catalogue;
use crate::representation::{home, problems};

const HTML: &str = "text/html; charset=utf-8";
pub(super) const JSON: &str = "application/json";

/// The home page, or the index for whoever prefers JSON.
pub async fn home(request: HttpRequest, catalogue: web::Data<Catalogue>) -> HttpResponse {
    if prefers_json(&request) {
        return http_cache::page(JSON, "Accept", index_of(&catalogue));
    }
    page("Accept", home::page(&catalogue.standings()))
}

/// The index: every collection, where it is, and its formats.
pub async fn index(catalogue: web::Data<Catalogue>) -> HttpResponse {
    http_cache::page(JSON, "Accept-Encoding", index_of(&catalogue))
}

/// What can go wrong, for people.
pub async fn problem_page() -> HttpResponse {
    page("Accept", problems::page())
}

/// A collection that is not published.
///
/// # Errors
/// Always.
pub async fn unknown_collection(catalogue: web::Data<Catalogue>) -> Result<HttpResponse, Problem> {
    let names: Vec<_> = catalogue.names().map(|name| format!("`{name}`")).collect();
    Err(Problem::new(Kind::UnknownCollection, format!("There are {}.", names.join(", "))))
}

/// A page for people, with the policy that lets it bring its styles.
pub(super) fn page(vary: &'static str, html: impl Into<Bytes>) -> HttpResponse {
    let mut response = http_cache::page(HTML, vary, html);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, home::POLICY.clone());
    response
}

fn index_of(catalogue: &Catalogue) -> String {
    let collections: Vec<_> = catalogue
        .names()
        .map(|name| {
            json!({
                "name": name,
                "href": format!("/api/{name}"),
                "item": format!("/api/{name}/{{id}}"),
                "formats": [JSON],
            })
        })
        .collect();
    json!({"collections": collections}).to_string()
}

/// Whether JSON stands before HTML in what the client accepts.
fn prefers_json(request: &HttpRequest) -> bool {
    if !request.headers().contains_key(ACCEPT) {
        return false;
    }
    let ranked = Accept::parse(request).map(|accept| accept.ranked()).unwrap_or_default();
    let first = ranked.iter().find(|mime| matches!(mime.essence_str(), JSON | "text/html" | "*/*" | "text/*"));
    first.is_some_and(|mime| mime.essence_str() == JSON)
}
