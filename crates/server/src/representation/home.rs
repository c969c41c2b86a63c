//! The home page: what is served and how it is, for people, without a script.

use std::fmt::Write as _;
use std::sync::LazyLock;

use actix_web::http::header::HeaderValue;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use crate::standing::Standing;

/// What a browser may do with a page: nothing but apply its own style, which is known by its hash.
pub static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

const STYLE: &str = "body{font:1rem/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color:#1d2733;background:#fff}\
h1{font-size:1.8rem;margin:0}table{border-collapse:collapse;width:100%;margin:1.5rem 0}th,td{text-align:left;padding:.5rem .75rem;border-bottom:1px solid #d5dce4}\
td.n,th.n{text-align:right}a{color:#0b5cad}code{font-size:.95em}.bad{color:#a3241b;font-weight:600}.good{color:#1b6b3a}\
@media(prefers-color-scheme:dark){body{color:#e3e8ee;background:#12171d}a{color:#7db8f5}th,td{border-color:#333d48}.bad{color:#ff9b90}.good{color:#7fd3a0}}";

/// The home page.
#[must_use]
pub fn page(standings: &[Standing]) -> String {
    let mut rows = String::new();
    for standing in standings {
        let Standing { name, state, items, skipped, last_error, .. } = standing;
        let count = |number: &Option<usize>| number.map_or_else(|| "–".to_owned(), |number| number.to_string());
        let class = if standing.is_good() && last_error.is_none() { "good" } else { "bad" };
        let note = last_error.map_or_else(String::new, |error| format!(" ({error})"));
        let _ = writeln!(
            rows,
            "<tr><td><a href=\"/api/{name}\">{name}</a></td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"{class}\">{state}{note}</td></tr>",
            count(items),
            count(skipped),
        );
    }
    let body = format!(
        "<h1>Blobcast</h1>\n<p>Files in a bucket, served as a content API.</p>\n\
         <table>\n<thead><tr><th>Collection</th><th class=\"n\">Items</th><th class=\"n\">Skipped</th><th>State</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n\
         <p>One item: <code>/api/{{collection}}/{{id}}</code>. How to ask: <a href=\"/docs\">documentation</a>. For programs: <a href=\"/api\">/api</a>, <a href=\"/openapi.json\">OpenAPI</a>. For operators: <a href=\"/readyz\">/readyz</a>. \
         What can go wrong: <a href=\"/docs/problems\">problems</a>.</p>\n"
    );
    document("Blobcast", &body)
}

/// A page in the style of this one. Both texts are HTML already.
#[must_use]
pub fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}
