//! The only table from a failure to a status and a problem document (RFC 9457).

use std::fmt;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use domain::ContentError;
use domain::query::Refusal;
use serde::Serialize;
use utoipa::ToSchema;

/// The kinds of problem that a client can meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No such page.
    NotFound,
    /// No such collection.
    UnknownCollection,
    /// No such item.
    UnknownItem,
    /// The store says that the collection's document is not there.
    ContentMissing,
    /// A parameter that is unknown or ill-typed.
    InvalidQuery,
    /// A condition of the request that the content does not meet.
    PreconditionFailed,
    /// A method other than GET, HEAD and OPTIONS.
    MethodNotAllowed,
    /// A method that does not exist.
    UnknownMethod,
    /// A request target that is longer than any that is served.
    TargetTooLong,
    /// Header fields that are larger than any request needs.
    HeadTooLarge,
    /// The document cannot be read, and there is no good copy.
    ContentInvalid,
    /// The store does not answer, and there is no good copy.
    StorageUnavailable,
}

impl Kind {
    /// Every kind: the page that `type` leads to is made from it.
    pub const ALL: [Self; 12] = [
        Self::NotFound,
        Self::UnknownCollection,
        Self::UnknownItem,
        Self::ContentMissing,
        Self::InvalidQuery,
        Self::PreconditionFailed,
        Self::MethodNotAllowed,
        Self::UnknownMethod,
        Self::TargetTooLong,
        Self::HeadTooLarge,
        Self::ContentInvalid,
        Self::StorageUnavailable,
    ];

    /// The name at the end of `type`, the status, the title, and what a client can do.
    #[must_use]
    pub fn row(self) -> (&'static str, StatusCode, &'static str, &'static str) {
        match self {
            Self::NotFound => (
                "not-found",
                StatusCode::NOT_FOUND,
                "There is no such page",
                "Start from /api, which lists what there is.",
            ),
            Self::UnknownCollection => (
                "unknown-collection",
                StatusCode::NOT_FOUND,
                "There is no such collection",
                "Start from /api, which lists the collections.",
            ),
            Self::UnknownItem => (
                "unknown-item",
                StatusCode::NOT_FOUND,
                "There is no such item",
                "The item was removed, or its id is misspelt: see the collection's list.",
            ),
            Self::ContentMissing => (
                "content-missing",
                StatusCode::NOT_FOUND,
                "The collection has no content",
                "Its file is not in the store. It is served within a minute of its upload.",
            ),
            Self::InvalidQuery => (
                "invalid-query",
                StatusCode::BAD_REQUEST,
                "The query cannot be understood",
                "See `errors`, which names every parameter at fault.",
            ),
            Self::PreconditionFailed => (
                "precondition-failed",
                StatusCode::PRECONDITION_FAILED,
                "The content is another by now",
                "Ask without If-Match and If-Unmodified-Since.",
            ),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                "The content is read-only",
                "Use GET, HEAD or OPTIONS.",
            ),
            Self::UnknownMethod => {
                ("unknown-method", StatusCode::NOT_IMPLEMENTED, "There is no such method", "Use GET, HEAD or OPTIONS.")
            }
            Self::TargetTooLong => {
                ("uri-too-long", StatusCode::URI_TOO_LONG, "The address is too long", "An address has at most 8 KiB.")
            }
            Self::HeadTooLarge => (
                "headers-too-large",
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "The header fields are too large",
                "They have at most 16 KiB in all: send fewer cookies.",
            ),
            Self::ContentInvalid => (
                "content-invalid",
                StatusCode::BAD_GATEWAY,
                "The content cannot be read",
                "Its file is faulty and no good copy is at hand. Its editors see why.",
            ),
            Self::StorageUnavailable => (
                "storage-unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
                "The content cannot be had now",
                "The store does not answer. Ask again after the time in Retry-After.",
            ),
        }
    }
}

/// A failure on its way to the client. What it says is safe for anyone to read.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: Kind,
    detail: String,
    errors: Vec<ParameterError>,
    retry_after: Option<Duration>,
}

/// What is wrong with one parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ParameterError {
    /// Its name.
    pub parameter: String,
    /// What is wrong, and what would be right.
    pub detail: String,
}

/// What a response holds of a problem (RFC 9457 §3.1).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Document<'a> {
    /// The page that explains it.
    r#type: String,
    /// What kind of problem it is.
    title: &'a str,
    /// The status of the response.
    status: u16,
    /// What this one is about.
    detail: &'a str,
    /// The path that was asked for.
    instance: &'a str,
    /// The request's name in the log.
    request_id: &'a str,
    /// Each parameter at fault.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ParameterError],
}

/// How long to wait where the store does not say.
const PATIENCE: Duration = Duration::from_secs(5);

impl Problem {
    /// A problem in its own words.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// Parameters at fault; at least one.
    #[must_use]
    pub fn query(errors: Vec<ParameterError>) -> Self {
        let names: Vec<_> = errors.iter().map(|error| format!("`{}`", error.parameter)).collect();
        Self { errors, ..Self::new(Kind::InvalidQuery, format!("Of the query, {} cannot be used.", names.join(", "))) }
    }

    /// A query that the domain refuses.
    #[must_use]
    pub fn refused(refusals: Vec<Refusal>) -> Self {
        let errors = refusals.into_iter().map(|Refusal { parameter, detail }| ParameterError { parameter, detail });
        Self::query(errors.collect())
    }

    /// Why a collection cannot be had. The store's words and the file's faults stay inside.
    #[must_use]
    pub fn content(collection: &str, error: &ContentError) -> Self {
        match error {
            ContentError::Missing { .. } => {
                Self::new(Kind::ContentMissing, format!("There is no content for `{collection}` yet."))
            }
            ContentError::Invalid { .. } => {
                Self::new(Kind::ContentInvalid, format!("The content of `{collection}` cannot be read."))
            }
            ContentError::Unavailable { retry_after, .. } => Self {
                retry_after: Some(retry_after.unwrap_or(PATIENCE)),
                ..Self::new(Kind::StorageUnavailable, format!("The content of `{collection}` cannot be had now."))
            },
        }
    }

    /// The response to a request for `instance`.
    #[must_use]
    pub fn respond(&self, instance: &str, request_id: &str) -> HttpResponse {
        let (name, status, title, _) = self.kind.row();
        let document = Document {
            r#type: format!("/docs/problems#{name}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            instance,
            request_id,
            errors: &self.errors,
        };
        let mut response = HttpResponse::build(status);
        response.insert_header((CONTENT_TYPE, "application/problem+json")).insert_header((CACHE_CONTROL, "no-store"));
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.insert_header((RETRY_AFTER, seconds.max(1).to_string()));
        }
        if self.kind == Kind::MethodNotAllowed {
            response.insert_header((ALLOW, ALLOWED));
        }
        response.body(serde_json::to_vec(&document).unwrap_or_default())
    }
}

/// The methods of every route.
pub const ALLOWED: &str = "GET, HEAD, OPTIONS";

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.row().1
    }

    /// A placeholder: the middleware, which knows the request, writes the document.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(self.status_code())
    }
}
