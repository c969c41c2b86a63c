//! The pages around a page, as relative references: no link is ever built from a request's `Host`.

use actix_web::http::header::HeaderValue;
use domain::Query;
use domain::query::{LIMIT, Parameter};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use utoipa::ToSchema;

/// What stays as it is in a query.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'[')
    .remove(b']')
    .remove(b',')
    .remove(b':');

/// The pages around a page.
#[derive(Debug, Serialize, ToSchema)]
pub struct Links {
    /// This page.
    #[serde(rename = "self")]
    this: String,
    /// The first one.
    first: String,
    /// The one before, if there is one.
    #[schema(required = true)]
    prev: Option<String>,
    /// The one after, if there is one.
    #[schema(required = true)]
    next: Option<String>,
    /// The last one.
    last: String,
}

impl Links {
    pub(super) fn new(collection: &str, parameters: &[Parameter], query: &Query, total: usize) -> Self {
        let kept = parameters.iter().filter(|(name, _)| name != "limit" && name != "offset");
        let kept: Vec<String> = kept.map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let Query { limit, offset, .. } = *query;
        let page = |offset: usize| {
            let limit = (limit != LIMIT).then(|| format!("limit={limit}"));
            let offset = (offset > 0).then(|| format!("offset={offset}"));
            let pairs: Vec<String> = kept.iter().cloned().chain(limit).chain(offset).collect();
            let mark = if pairs.is_empty() { "" } else { "?" };
            format!("/api/{collection}{mark}{}", pairs.join("&"))
        };
        let last = total.saturating_sub(1).checked_div(limit).unwrap_or_default() * limit;
        Self {
            this: page(offset),
            first: page(0),
            prev: (offset > 0 && limit > 0).then(|| page(offset.saturating_sub(limit).min(last))),
            next: (limit > 0 && offset + limit < total).then(|| page(offset + limit)),
            last: page(last),
        }
    }

    /// The same as a `Link` header (RFC 8288), with the way to the documentation.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        // Where there is one page, every link would lead to where the client is.
        let several = self.prev.is_some() || self.next.is_some();
        let pages = [
            ("first", several.then_some(&self.first)),
            ("prev", self.prev.as_ref()),
            ("next", self.next.as_ref()),
            ("last", several.then_some(&self.last)),
        ];
        let links = pages.iter().filter_map(|(rel, page)| page.map(|page| format!("<{page}>; rel=\"{rel}\"")));
        let described = "</openapi.json>; rel=\"service-desc\"".to_owned();
        HeaderValue::from_str(&links.chain([described]).collect::<Vec<_>>().join(", ")).ok()
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}
