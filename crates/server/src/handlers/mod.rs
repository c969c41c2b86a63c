//! Parse, call, answer.

pub mod documentation;
pub mod health;
pub mod home;
pub mod item;
pub mod list;

use actix_web::http::header::{ACCESS_CONTROL_REQUEST_METHOD, ALLOW};
use actix_web::{HttpRequest, HttpResponse};

use crate::cors::Cors;
use crate::error::{ALLOWED, Kind, Problem};

/// OPTIONS: what may be done with a resource (RFC 9110 §9.3.7), and what a script of another origin may.
pub async fn options(request: HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::NoContent().insert_header((ALLOW, ALLOWED)).finish();
    if request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        Cors::preflight(response.headers_mut());
    }
    response
}

/// The methods that are known and not for content (RFC 9110 §9, RFC 5789, and QUERY); any other is not known at all.
const KNOWN: [&str; 7] = ["POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "QUERY"];

/// Any other method.
///
/// # Errors
/// Always.
pub async fn method_not_allowed(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let method = request.method();
    if !KNOWN.contains(&method.as_str()) {
        return Err(Problem::new(Kind::UnknownMethod, "There is no such method."));
    }
    Err(Problem::new(Kind::MethodNotAllowed, format!("{method} is not for content, which is read-only here.")))
}

/// Any other path.
///
/// # Errors
/// Always.
pub async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::new(Kind::NotFound, "Nothing is served at this path."))
}

#[cfg(test)]
mod tests;
