//! Content over HTTP: the thin server around the port. `routes` is the map of it.

pub mod cli;
pub mod config;
pub mod connection;
pub mod cors;
pub mod door;
pub mod error;
pub mod handlers;
pub mod head;
pub mod http2;
pub mod http_cache;
pub mod lifecycle;
pub mod listener;
pub mod metrics;
pub mod middleware;
pub mod openapi;
pub mod prepared;
pub mod published;
pub mod query;
pub mod representation;
pub mod request_log;
pub mod routes;
pub mod standing;
pub mod startup;
pub mod telemetry;
pub mod tls;
pub mod traces;
