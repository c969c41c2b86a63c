//! What every response has, whatever its status: a request id, the headers that browsers ask for, and problem
//! documents in place of errors.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{Error, web};

use crate::cors::Cors;
use crate::error::Problem;
use crate::lifecycle::Lifecycle;

/// What a browser may do with an answer of an API: read it, from anywhere, and nothing else. A page brings its own policy.
const SECURITY: [(HeaderName, HeaderValue); 4] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin")),
];

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names the request, turns an error into its problem document, ends the connection during the drain.
///
/// # Errors
/// Those of the service that it wraps, before a request is routed.
pub async fn finish(
    lifecycle: web::Data<Lifecycle>,
    cors: web::Data<Cors>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = request_id(&request);
    let origin = request.headers().get(ORIGIN).cloned();
    let answered = next.call(request).await?;
    let problem = answered.response().error().and_then(|error| error.as_error::<Problem>()).cloned();
    let mut response = match problem {
        Some(problem) => {
            let document = problem.respond(answered.request().path(), id.to_str().unwrap_or_default());
            answered.into_response(document).map_into_right_body()
        }
        None => answered.map_into_left_body(),
    };
    cors.allow(origin.as_ref(), response.headers_mut());
    let head = response.response_mut().head_mut();
    for (name, value) in &SECURITY {
        // A page has brought its own policy.
        if *name != CONTENT_SECURITY_POLICY || !head.headers().contains_key(name) {
            head.headers_mut().insert(name.clone(), value.clone());
        }
    }
    head.headers_mut().insert(X_REQUEST_ID, id);
    if lifecycle.is_draining() {
        head.set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}

/// The id that the client gave, when it is a plain word of at most 64 characters, else a new one.
fn request_id(request: &ServiceRequest) -> HeaderValue {
    let plain = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        (1..=64).contains(&bytes.len()) && bytes.iter().all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(c))
    };
    match request.headers().get(X_REQUEST_ID).filter(plain) {
        Some(given) => given.clone(),
        None => HeaderValue::from_str(&format!("{:016x}", fastrand::u64(..))).unwrap_or(HeaderValue::from_static("-")),
    }
}
