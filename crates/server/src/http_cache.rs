//! The only writer of ETag, Last-Modified, Cache-Control, Age, Date and Vary; the only maker of a 304.

use actix_web::http::header::{
    AGE, CACHE_CONTROL, CONTENT_TYPE, DATE, ETAG, EntityTag, Header as _, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, IfNoneMatch, LAST_MODIFIED, VARY,
};
use actix_web::{HttpRequest, HttpResponse};
use adapters::CacheSettings;
use domain::Snapshot;
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::representation::Representation;

/// Answers with content, or with 304 when the client has it already.
#[must_use]
pub fn content<C>(
    request: &HttpRequest,
    snapshot: &Snapshot<C>,
    cache: CacheSettings,
    sent: Representation,
) -> HttpResponse {
    let known = is_known(request, &sent.etag, snapshot.modified);
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    let age = Instant::now().into_std().saturating_duration_since(snapshot.validated).as_secs();
    let asked = Timestamp::now() - SignedDuration::from_secs(i64::try_from(age).unwrap_or_default());
    response
        .insert_header((ETAG, sent.etag))
        .insert_header((LAST_MODIFIED, http_date(snapshot.modified)))
        .insert_header((CACHE_CONTROL, cache_control(cache)))
        .insert_header((AGE, age))
        .insert_header((DATE, http_date(asked)))
        .insert_header((VARY, "Accept-Encoding"));
    if known { response.finish() } else { response.insert_header((CONTENT_TYPE, "application/json")).body(sent.body) }
}

/// A page that is made anew for every request and is the same for a moment at most.
#[must_use]
pub fn page(content_type: &'static str, vary: &'static str, body: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((VARY, vary))
        .body(body)
}

/// An answer about the server itself, which nobody keeps.
#[must_use]
pub fn status(good: bool, body: String) -> HttpResponse {
    let mut response = if good { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header((CONTENT_TYPE, "application/json")).insert_header((CACHE_CONTROL, "no-store")).body(body)
}

/// RFC 9110 §13.2.2: `If-None-Match` decides alone where it stands and can be read; else `If-Modified-Since` does.
fn is_known(request: &HttpRequest, etag: &HeaderValue, modified: Timestamp) -> bool {
    if request.headers().contains_key(IF_NONE_MATCH) {
        let ours = etag.to_str().ok().and_then(|etag| etag.parse::<EntityTag>().ok());
        return match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => true,
            Ok(IfNoneMatch::Items(theirs)) => ours.is_some_and(|ours| theirs.iter().any(|tag| tag.weak_eq(&ours))),
            Err(_) => false,
        };
    }
    let since = request.headers().get(IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
    let since = since.and_then(|value| httpdate::parse_http_date(value).ok());
    since.and_then(|since| Timestamp::try_from(since).ok()).is_some_and(|since| modified <= since)
}

/// The policy that the server itself keeps, for caches that come after it (RFC 9111 §5.2.2, RFC 5861).
fn cache_control(cache: CacheSettings) -> String {
    let CacheSettings { ttl, stale_while_revalidate, stale_if_error } = cache;
    format!(
        "max-age={}, stale-while-revalidate={}, stale-if-error={}",
        ttl.as_secs(),
        stale_while_revalidate.as_secs(),
        stale_if_error.as_secs()
    )
}

/// The preferred form of a date (RFC 9110 §5.6.7).
fn http_date(at: Timestamp) -> String {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&at).unwrap_or_default()
}
