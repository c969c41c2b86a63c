//! What an operator measures, in the OpenMetrics text format. Names follow the Prometheus conventions; the number of
//! series depends on the routes and collections alone.

mod traffic;

use std::fmt::{Debug, Error, Formatter};
use std::sync::Arc;

use adapters::Store;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

pub use traffic::Traffic;

use crate::connection::Crowd;
use crate::published::Open;
use crate::representation::Representations;
use crate::standing::Standing;
use crate::telemetry;

/// The format of the text (OpenMetrics 1.0).
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that is measured.
#[derive(Clone)]
pub struct Metrics(Arc<Measured>);

struct Measured {
    traffic: Arc<Traffic>,
    open: Arc<[Open]>,
    store: Arc<Store>,
    representations: Arc<Representations>,
    crowds: Vec<(&'static str, Arc<Crowd>)>,
}

impl Metrics {
    /// Gathers what counts.
    #[must_use]
    pub fn new(
        traffic: Arc<Traffic>,
        open: Arc<[Open]>,
        store: Arc<Store>,
        representations: Arc<Representations>,
        crowds: Vec<(&'static str, Arc<Crowd>)>,
    ) -> Self {
        Self(Arc::new(Measured { traffic, open, store, representations, crowds }))
    }

    /// The numbers of this moment.
    #[must_use]
    pub fn text(&self) -> String {
        let mut registry = Registry::with_prefix("blobcast");
        registry.register_collector(Box::new(self.clone()));
        let mut text = String::new();
        if text::encode(&mut text, &registry).is_err() {
            tracing::error!("the metrics cannot be written");
        }
        text
    }
}

/// A family: its name, what it is, its kind, and a number for each set of labels.
type Numbers<'a> = Vec<(Vec<(&'static str, &'a str)>, f64)>;

/// What a gauge shows of a collection, if there is anything to show.
type Of = fn(&Standing) -> Option<f64>;

fn write(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    about: &str,
    kind: MetricType,
    numbers: Numbers<'_>,
) -> Result<(), Error> {
    let mut family = encoder.encode_descriptor(name, about, None, kind)?;
    for (labels, number) in numbers {
        let mut metric = family.encode_family(&labels)?;
        match kind {
            MetricType::Counter => metric.encode_counter::<NoLabelSet, _, u64>(&number, None)?,
            _ => metric.encode_gauge(&number)?,
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a count past 2^53 is not reached")]
fn number(count: u64) -> f64 {
    count as f64
}

impl Collector for Metrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        use MetricType::{Counter, Gauge};
        let Measured { traffic, open, store, representations, crowds } = &*self.0;
        traffic.encode(&mut encoder)?;
        let answers = open.iter().flat_map(|open| open.counts.answers().map(|(name, n)| (open.name, name, n)));
        let numbers = |rows: Vec<(&'static str, &'static str, u64)>, label| -> Numbers<'_> {
            rows.into_iter().map(|(of, name, n)| (vec![("collection", of), (label, name)], number(n))).collect()
        };
        let rows = numbers(answers.collect(), "outcome");
        write(&mut encoder, "content_loads", "Answers of the content cache, by outcome", Counter, rows)?;
        let fetches = open.iter().flat_map(|open| open.counts.fetches().map(|(name, n)| (open.name, name, n)));
        let rows = numbers(fetches.collect(), "result");
        write(&mut encoder, "content_refreshes", "Refreshes of a collection, by result", Counter, rows)?;

        let requests = store.counts().requests().map(|(name, n)| (vec![("result", name)], number(n))).collect();
        write(&mut encoder, "store_requests", "Documents asked of the store, by result", Counter, requests)?;
        let bytes = vec![(vec![], number(store.counts().bytes.get()))];
        write(&mut encoder, "store_received_bytes", "Bytes of documents that the store sent", Counter, bytes)?;

        let found = representations.counts().map(|(name, n)| (vec![("outcome", name)], number(n)));
        let about = "Answers to queries and of items, ready or made";
        write(&mut encoder, "representations", about, Counter, found.into())?;
        let held = vec![(vec![], number(representations.bytes()))];
        write(&mut encoder, "representations_bytes", "Memory of answers that stand ready", Gauge, held)?;

        let standings: Vec<_> = open.iter().map(|open| (open.standing)()).collect();
        let gauges: [(&str, &str, Of); 6] = [
            ("content_age_seconds", "Since the store confirmed the content", |s| s.age.map(number)),
            ("content_items", "Items that are served", |s| s.items.map(|n| number(n as u64))),
            ("content_skipped_items", "Items left out, for they are faulty", |s| s.skipped.map(|n| number(n as u64))),
            ("content_loaded", "Whether there is content to answer with", |s| Some(f64::from(u8::from(s.is_good())))),
            ("content_stale", "Whether the content is older than it should be", |s| {
                Some(f64::from(u8::from(s.is_stale())))
            }),
            ("content_valid", "Whether the document can be read", |s| Some(f64::from(u8::from(s.is_valid())))),
        ];
        for (name, about, of) in gauges {
            let rows =
                standings.iter().filter_map(|standing| Some((vec![("collection", standing.name)], of(standing)?)));
            write(&mut encoder, name, about, Gauge, rows.collect())?;
        }
        let versions = standings.iter().filter_map(|standing| {
            Some((vec![("collection", standing.name), ("version", standing.version.as_deref()?)], 1.0))
        });
        write(&mut encoder, "content_version_info", "The version that is served", Gauge, versions.collect())?;

        let rows = crowds.iter().map(|(name, crowd)| (vec![("listener", *name)], number(crowd.open() as u64)));
        write(&mut encoder, "connections", "Open connections", Gauge, rows.collect())?;
        let dropped = vec![(vec![], number(telemetry::dropped() as u64))];
        write(&mut encoder, "log_dropped", "Lines of the log that nobody read in time", Counter, dropped)?;
        let build = vec![(vec![("version", env!("CARGO_PKG_VERSION"))], 1.0)];
        write(&mut encoder, "build_info", "The program", Gauge, build)
    }
}

impl Debug for Metrics {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}
