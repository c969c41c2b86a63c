//! `/healthz`, `/readyz` and `/metrics`. None asks the store.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use serde_json::json;

use crate::http_cache;
use crate::lifecycle::Lifecycle;
use crate::metrics::{self, Metrics};
use crate::published::Catalogue;
use crate::standing::Standing;

/// Whether the process lives; it does when it can answer.
pub async fn live() -> HttpResponse {
    http_cache::status(true, r#"{"status":"alive"}"#.to_owned())
}

/// Whether to send clients here, and how each collection is.
pub async fn ready(catalogue: web::Data<Catalogue>, lifecycle: web::Data<Lifecycle>) -> HttpResponse {
    let standings = catalogue.standings();
    let ready = lifecycle.is_ready(standings.iter().any(Standing::is_good));
    let status = match (ready, lifecycle.is_draining()) {
        (true, _) => "ready",
        (false, true) => "draining",
        (false, false) => "not ready",
    };
    let collections: BTreeMap<_, _> = standings.iter().map(|standing| (standing.name, standing)).collect();
    http_cache::status(ready, json!({"status": status, "collections": collections}).to_string())
}

/// The numbers of this moment.
pub async fn metrics(metrics: web::Data<Metrics>) -> HttpResponse {
    http_cache::page(metrics::MEDIA_TYPE, "Accept-Encoding", metrics.text())
}
