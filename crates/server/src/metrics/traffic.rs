//! What was asked and how it was answered, by the route's template: nothing that a client writes becomes a label.

use std::fmt::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

/// The methods that are told apart, then any other.
const METHODS: [&str; 4] = ["GET", "HEAD", "OPTIONS", "_OTHER"];
/// The statuses that are told apart, then any other.
const STATUSES: [&str; 16] =
    ["200", "204", "304", "400", "404", "405", "406", "408", "412", "414", "431", "500", "501", "502", "503", "other"];
/// The upper bounds of the latency's buckets; one more is without bound.
const BOUNDS: [Duration; 13] = [
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(5),
];

/// The requests of every route.
#[derive(Debug)]
pub struct Traffic {
    /// `/api/NAME` and `/api/NAME/{id}`, then whatever has a path of its own, then all else.
    routes: Vec<Route>,
    collections: usize,
}

#[derive(Debug)]
struct Route {
    template: String,
    answers: [[AtomicU64; STATUSES.len()]; METHODS.len()],
    latency: [AtomicU64; BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
}

impl Route {
    fn new(template: String) -> Self {
        let (answers, latency, nanoseconds) = Default::default();
        Self { template, answers, latency, nanoseconds }
    }
}

/// Where a path leads that has no template.
const UNMATCHED: &str = "unmatched";

impl Traffic {
    /// Counts the routes of these collections and of these paths.
    #[must_use]
    pub fn new<'a>(collections: impl Iterator<Item = &'a str>, paths: &[&str]) -> Self {
        let of = |name: &str| [Route::new(format!("/api/{name}")), Route::new(format!("/api/{name}/{{id}}"))];
        let mut routes: Vec<_> = collections.flat_map(of).collect();
        let collections = routes.len() / 2;
        routes.extend(paths.iter().chain([&UNMATCHED]).map(|path| Route::new((*path).to_owned())));
        Self { routes, collections }
    }

    /// Counts a request that was answered.
    pub fn count(&self, method: &str, path: &str, status: u16, took: Duration) {
        let route = self.route(path);
        let place = |known: &[&str], wanted: &str| known.iter().position(|known| *known == wanted);
        let method = place(&METHODS, method).unwrap_or(METHODS.len() - 1);
        // The two that matter for speed first.
        let status = match status {
            200 => 0,
            304 => 2,
            other => place(&STATUSES, other.to_string().as_str()).unwrap_or(STATUSES.len() - 1),
        };
        let bucket = BOUNDS.iter().position(|bound| took <= *bound).unwrap_or(BOUNDS.len());
        route.answers[method][status].fetch_add(1, Ordering::Relaxed);
        route.latency[bucket].fetch_add(1, Ordering::Relaxed);
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        route.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// The template that a path belongs to, if it belongs to any.
    #[must_use]
    pub fn template(&self, path: &str) -> Option<&str> {
        Some(self.route(path).template.as_str()).filter(|template| *template != UNMATCHED)
    }

    fn route(&self, path: &str) -> &Route {
        for pair in self.routes[..2 * self.collections].chunks_exact(2) {
            match path.strip_prefix(pair[0].template.as_str()) {
                Some("") => return &pair[0],
                Some(rest) if rest.starts_with('/') => return &pair[1],
                _ => {}
            }
        }
        let others = &self.routes[2 * self.collections..];
        let matches = |template: &str| match template.split_once('{') {
            Some((prefix, _)) => path.len() > prefix.len() && path.starts_with(prefix),
            None => path == template,
        };
        others.iter().find(|route| matches(&route.template)).unwrap_or(&others[others.len() - 1])
    }

    /// Writes it all for a scrape.
    ///
    /// # Errors
    /// Those of the encoder, which writes to memory.
    pub fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let about = "Requests that were answered, by route, method and status";
        let mut family = encoder.encode_descriptor("http_requests", about, None, MetricType::Counter)?;
        for route in &self.routes {
            for (method, answers) in METHODS.iter().zip(&route.answers) {
                for (status, count) in STATUSES.iter().zip(answers) {
                    let count = count.load(Ordering::Relaxed);
                    if count > 0 {
                        let labels = [("route", route.template.as_str()), ("method", method), ("status", status)];
                        family.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&count, None)?;
                    }
                }
            }
        }
        let about = "From the request's head to the answer's, by route";
        let mut family =
            encoder.encode_descriptor("http_request_duration_seconds", about, None, MetricType::Histogram)?;
        for route in &self.routes {
            let counts: Vec<_> = route.latency.iter().map(|count| count.load(Ordering::Relaxed)).collect();
            let bounds = BOUNDS.iter().map(Duration::as_secs_f64).chain([f64::INFINITY]);
            let buckets: Vec<_> = bounds.zip(counts.iter().copied()).collect();
            let sum = Duration::from_nanos(route.nanoseconds.load(Ordering::Relaxed)).as_secs_f64();
            let labels = [("route", route.template.as_str())];
            let total = counts.iter().sum();
            if total > 0 {
                family.encode_family(&labels)?.encode_histogram::<NoLabelSet>(sum, total, &buckets, None)?;
            }
        }
        Ok(())
    }
}
