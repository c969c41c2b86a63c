//! The only writer of ETag, Last-Modified, Cache-Control, Age, Date and Vary; the only maker of a 304.

use std::cell::RefCell;

use actix_web::http::header::{
    AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, DATE, ETAG, EntityTag, Header as _, HeaderMap, HeaderName,
    HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE, IfNoneMatch, LAST_MODIFIED, LINK,
    VARY,
};
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpResponse};
use adapters::CacheSettings;
use domain::Snapshot;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::time::Instant;

use crate::error::{Kind, Problem};
use crate::representation::Representation;

/// Answers with content, or with 304 when the client has it already.
///
/// # Errors
/// `precondition-failed` when the client wants another version (RFC 9110 §13.1.1, §13.1.4).
pub fn content<C>(
    request: &impl HttpMessage,
    snapshot: &Snapshot<C>,
    policy: &Policy,
    sent: &Representation,
) -> Result<HttpResponse, Problem> {
    if is_refused(request, snapshot.modified) {
        return Err(Problem::new(Kind::PreconditionFailed, "The content is not the version that is asked for."));
    }
    let known = is_known(request, &sent.etag, snapshot.modified);
    let mut response =
        if known { HttpResponse::NotModified().finish() } else { HttpResponse::Ok().body(sent.body.clone()) };
    let age = Instant::now().into_std().saturating_duration_since(snapshot.validated).as_secs();
    let (written_age, date) = age_and_date(snapshot.validated, age);
    let until = sent.until.map(|until| until.as_second() - Timestamp::now().as_second());
    let until = until.map(|until| u64::try_from(until).unwrap_or_default() + age);
    let headers = response.headers_mut();
    headers.append(ETAG, sent.etag.clone());
    headers.append(LAST_MODIFIED, sent.last_modified.clone());
    headers.append(CACHE_CONTROL, policy.until(until));
    headers.append(AGE, written_age);
    headers.append(DATE, date);
    headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
    if !known {
        headers.append(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(coding) = sent.coding.token() {
            headers.append(CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        if let Some(total) = &sent.total {
            headers.append(TOTAL, total.clone());
        }
        if let Some(links) = &sent.links {
            headers.append(LINK, links.clone());
        }
    }
    Ok(response)
}

const TOTAL: HeaderName = HeaderName::from_static("x-total-count");

/// A page that is made anew for every request and is the same for a moment at most.
#[must_use]
pub fn page(content_type: &'static str, vary: &'static str, body: impl Into<Bytes>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((VARY, vary))
        .body(body.into())
}

/// Tells caches that an answer differs by the origin of the page that asks.
pub fn vary_by_origin(headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static("Origin"));
}

/// An answer about the server itself, which nobody keeps.
#[must_use]
pub fn status(good: bool, body: String) -> HttpResponse {
    let mut response = if good { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header((CONTENT_TYPE, "application/json")).insert_header((CACHE_CONTROL, "no-store")).body(body)
}

/// Whether `If-Match` or, without it, `If-Unmodified-Since` is false. Our weak tags never match strongly.
fn is_refused(request: &impl HttpMessage, modified: Timestamp) -> bool {
    if let Some(wanted) = request.headers().get(IF_MATCH) {
        return wanted.to_str().is_ok_and(|wanted| wanted.trim() != "*");
    }
    date_of(request, IF_UNMODIFIED_SINCE).is_some_and(|since| modified > since)
}

fn date_of(request: &impl HttpMessage, name: HeaderName) -> Option<Timestamp> {
    let date = request.headers().get(name)?.to_str().ok()?;
    Timestamp::try_from(httpdate::parse_http_date(date).ok()?).ok()
}

/// RFC 9110 §13.2.2: `If-None-Match` decides alone where it stands and can be read; else `If-Modified-Since` does.
fn is_known(request: &impl HttpMessage, etag: &HeaderValue, modified: Timestamp) -> bool {
    if let Some(theirs) = request.headers().get(IF_NONE_MATCH) {
        // As nearly every client sends it: what it was given, and nothing else.
        if theirs == etag {
            return true;
        }
        let ours = etag.to_str().ok().and_then(|etag| etag.parse::<EntityTag>().ok());
        return match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => true,
            Ok(IfNoneMatch::Items(theirs)) => ours.is_some_and(|ours| theirs.iter().any(|tag| tag.weak_eq(&ours))),
            Err(_) => false,
        };
    }
    date_of(request, IF_MODIFIED_SINCE).is_some_and(|since| modified <= since)
}

/// The policy that the server itself keeps, for caches that come after it (RFC 9111 §5.2.2, RFC 5861).
#[derive(Debug, Clone)]
pub struct Policy {
    ttl: u64,
    written: HeaderValue,
}

impl Policy {
    /// Writes it down.
    #[must_use]
    pub fn new(cache: CacheSettings) -> Self {
        let CacheSettings { ttl, stale_while_revalidate, stale_if_error } = cache;
        let (ttl, revalidate, error) = (ttl.as_secs(), stale_while_revalidate.as_secs(), stale_if_error.as_secs());
        let written = format!("max-age={ttl}, stale-while-revalidate={revalidate}, stale-if-error={error}");
        Self { ttl, written: HeaderValue::from_str(&written).unwrap_or(HeaderValue::from_static("no-cache")) }
    }

    /// `longest`: the seconds after which the answer is another, where the clock makes it so.
    fn until(&self, longest: Option<u64>) -> HeaderValue {
        let longest = longest.filter(|longest| *longest < self.ttl);
        let shorter = longest.and_then(|longest| HeaderValue::from_str(&format!("max-age={longest}")).ok());
        shorter.unwrap_or_else(|| self.written.clone())
    }
}

/// The preferred form of a date (RFC 9110 §5.6.7).
#[must_use]
pub fn http_date(at: Timestamp) -> HeaderValue {
    let written = DateTimePrinter::new().timestamp_to_rfc9110_string(&at).unwrap_or_default();
    HeaderValue::from_str(&written).unwrap_or(HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"))
}

/// `Age` in seconds and `Date`, the moment that it counts from; the requests of one second share what is written.
fn age_and_date(validated: std::time::Instant, age: u64) -> (HeaderValue, HeaderValue) {
    type Written = (std::time::Instant, u64, HeaderValue, HeaderValue);
    thread_local!(static LAST: RefCell<Option<Written>> = const { RefCell::new(None) });
    LAST.with_borrow_mut(|last| match last {
        Some((at, seconds, age_header, date)) if (*at, *seconds) == (validated, age) => {
            (age_header.clone(), date.clone())
        }
        _ => {
            let asked = Timestamp::now().as_second().saturating_sub_unsigned(age);
            let date = http_date(Timestamp::from_second(asked).unwrap_or(Timestamp::UNIX_EPOCH));
            let (.., age, date) = last.insert((validated, age, HeaderValue::from(age), date));
            (age.clone(), date.clone())
        }
    })
}
