//! What every response has, whatever its status: a request id, the headers that browsers ask for, and problem
//! documents in place of errors.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{RequestHead, ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{ConnectionType, Uri};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};
use tokio::time::Instant;

use crate::cors::Cors;
use crate::error::{Kind, Problem};
use crate::head;
use crate::lifecycle::Lifecycle;
use crate::metrics::Traffic;
use crate::request_log::{Answered, RequestLog};
use crate::traces::Traces;

/// What a browser may do with an answer of an API: read it, from anywhere, and nothing else. A page brings its own policy.
const SECURITY: [(HeaderName, HeaderValue); 4] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin")),
];

/// For two years, no request in the clear (RFC 6797).
const ONLY_TLS: (HeaderName, HeaderValue) = (STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000"));

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What every answer depends on, whatever its route.
pub struct Manners {
    /// Whether the server is on its way out.
    pub lifecycle: Lifecycle,
    /// Who may read the answers.
    pub cors: Cors,
    /// Whether the listener speaks TLS and nothing else.
    pub secure: bool,
    /// Where requests are counted.
    pub traffic: Arc<Traffic>,
    /// Where requests are told of.
    pub log: Arc<RequestLog>,
    /// Where their spans are made, if anywhere.
    pub traces: Option<Traces>,
}

impl Manners {
    /// Gives an answer what every answer has, counts it and tells of it.
    pub fn dress(&self, request: &RequestHead, begun: Instant, id: HeaderValue, answer: &mut HttpResponse) {
        let status = answer.status().as_u16();
        let head = answer.head_mut();
        self.cors.allow(request.headers().get(ORIGIN), head.headers_mut());
        for (name, value) in SECURITY {
            // A page has brought its own policy.
            if name != CONTENT_SECURITY_POLICY || !head.headers().contains_key(CONTENT_SECURITY_POLICY) {
                head.headers_mut().append(name, value);
            }
        }
        if self.secure {
            head.headers_mut().append(ONLY_TLS.0, ONLY_TLS.1);
        }
        if self.lifecycle.is_draining() {
            head.set_connection_type(ConnectionType::Close);
        }
        let (path, took) = (request.uri.path(), begun.elapsed());
        self.traffic.count(request.method.as_str(), path, status, took);
        if self.traces.is_some() || self.log.wants(status) {
            let (route, id) = (self.traffic.template(path), id.to_str().unwrap_or_default());
            let answered = Answered { head: request, route, status, took, id, secure: self.secure };
            let trace_id = self.traces.as_ref().map(|traces| traces.request(&answered));
            self.log.answered(&answered, trace_id);
        }
        answer.headers_mut().append(X_REQUEST_ID, id);
    }
}

/// Names the request, turns an error into its problem document, ends the connection during the drain.
///
/// # Errors
/// Those of the service that it wraps, before a request is routed.
pub async fn finish(
    manners: Rc<Manners>,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, Error> {
    let begun = Instant::now();
    let id = request_id(request.headers());
    let written = |problem: &Problem, path: &str| problem.respond(path, id.to_str().unwrap_or_default());
    let response = match too_large(request.uri(), request.headers()) {
        Some(problem) => {
            let document = written(&problem, request.path());
            request.into_response(document)
        }
        None => {
            let response = next.call(request).await?;
            match response.response().error().and_then(|error| error.as_error::<Problem>()) {
                Some(problem) => {
                    let document = written(problem, response.request().path());
                    response.into_response(document)
                }
                None => response,
            }
        }
    };
    let (request, mut response) = response.into_parts();
    manners.dress(request.head(), begun, id, &mut response);
    Ok(ServiceResponse::new(request, response))
}

/// What is wrong with the size of a head that has come whole.
pub(crate) fn too_large(uri: &Uri, headers: &HeaderMap) -> Option<Problem> {
    if uri.path_and_query().is_some_and(|target| target.as_str().len() > head::TARGET) {
        return Some(Problem::new(Kind::TargetTooLong, "The address of this request is longer than 8 KiB."));
    }
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let problem = || Problem::new(Kind::HeadTooLarge, "The header fields of this request are larger than 16 KiB.");
    (size > head::HEAD).then(problem)
}

/// The id that the client gave, when it is a plain word of at most 64 characters, else a new one.
pub(crate) fn request_id(headers: &HeaderMap) -> HeaderValue {
    let plain = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        (1..=64).contains(&bytes.len()) && bytes.iter().all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(c))
    };
    match headers.get(X_REQUEST_ID).filter(plain) {
        Some(given) => given.clone(),
        None => HeaderValue::from_bytes(&hexadecimal(fastrand::u64(..))).unwrap_or(HeaderValue::from_static("-")),
    }
}

fn hexadecimal(number: u64) -> [u8; 16] {
    let digits = number.to_be_bytes().map(|byte| [byte >> 4, byte & 15]);
    let mut written = [0; 16];
    for (to, digit) in written.iter_mut().zip(digits.as_flattened()) {
        *to = b"0123456789abcdef"[usize::from(*digit)];
    }
    written
}
