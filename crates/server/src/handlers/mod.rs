//! Parse, call, answer.

pub mod health;
pub mod home;
pub mod item;
pub mod list;

use actix_web::http::header::ALLOW;
use actix_web::{HttpRequest, HttpResponse};

use crate::error::{ALLOWED, Kind, Problem};

/// OPTIONS: what may be done with a resource (RFC 9110 §9.3.7).
pub async fn options() -> HttpResponse {
    HttpResponse::NoContent().insert_header((ALLOW, ALLOWED)).finish()
}

/// Any other method.
///
/// # Errors
/// Always.
pub async fn method_not_allowed(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let method = request.method();
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
