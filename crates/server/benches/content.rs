//! The two paths whose cost grows with the content: a refresh (decode, render, compress) and a query that nothing has
//! asked before (parse, filter, sort, page, render).

use std::hint::black_box;
use std::time::Duration;

use adapters::decode::{Format, Limits, decode};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use domain::{Event, Snapshot};
use jiff::tz::TimeZone;
use server::representation::{Coding, Representations, Shelf};

const SIZES: [usize; 3] = [10, 1_000, 10_000];

/// Events of a small town, as an editor writes them.
fn document(items: usize) -> Vec<u8> {
    let places = ["Médiathèque", "Salle des fêtes", "Théâtre", "Parc de la Sèvre"];
    let events = (0..items).map(|n| {
        let (day, hour) = (n % 28 + 1, n % 12 + 8);
        let month = n / 28 % 12 + 1;
        serde_json::json!({
            "id": n,
            "title": format!("Événement nº {}", n * 7919 % 10_007),
            "start": format!("2026-{month:02}-{day:02} {hour:02}:30"),
            "location": places[n % places.len()],
            "summary": "Une soirée ouverte à toutes et à tous, sans réservation.",
            "tags": [if n % 3 == 0 { "musique" } else { "atelier" }],
        })
    });
    serde_json::to_vec(&events.collect::<Vec<_>>()).unwrap_or_default()
}

fn snapshot(document: &[u8]) -> Snapshot<Event> {
    let items = decode(document, Format::Json, &Limits::default(), &TimeZone::UTC);
    Snapshot {
        items: items.unwrap_or_else(|faults| panic!("{faults:?}")).into(),
        document: "events.json".into(),
        version: "v".into(),
        modified: jiff::Timestamp::UNIX_EPOCH,
        validated: tokio::time::Instant::now().into_std(),
    }
}

/// A shelf with room for so many bytes of answers.
fn shelf(bytes: u64) -> Shelf {
    Shelf::new(Representations::new(bytes))
}

fn refresh(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("refresh");
    group.measurement_time(Duration::from_secs(3)).sample_size(10);
    for size in SIZES {
        let document = document(size);
        group.throughput(Throughput::Elements(size as u64));
        group.bench_with_input(BenchmarkId::new("decode", size), &document, |bench, document| {
            bench.iter(|| decode::<Event>(black_box(document), Format::Json, &Limits::default(), &TimeZone::UTC));
        });
        group.bench_with_input(BenchmarkId::new("render and compress", size), &document, |bench, document| {
            let fresh = || (snapshot(document), shelf(1));
            bench.iter_batched(fresh, |(snapshot, shelf)| shelf.prepare(&snapshot), criterion::BatchSize::PerIteration);
        });
    }
}

fn query(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("query");
    group.measurement_time(Duration::from_secs(2)).sample_size(20);
    for size in SIZES {
        let snapshot = snapshot(&document(size));
        snapshot.items.index();
        for (name, asked) in [
            ("filter, sort, page", "tags=musique&start[gte]=2026-03-01&sort=-start,id&limit=20&offset=40"),
            ("sort by text", "sort=title&limit=20"),
            ("search", "q=evenement+777"),
        ] {
            // Nothing fits on this shelf, so that every answer is made anew.
            let shelf = shelf(1);
            group.bench_function(BenchmarkId::new(name, size), |bench| {
                bench.iter(|| shelf.list(&snapshot, black_box(asked), Coding::Identity).is_ok());
            });
        }
        let shelf = shelf(1 << 20);
        group.bench_function(BenchmarkId::new("again", size), |bench| {
            bench.iter(|| shelf.list(&snapshot, black_box("sort=title&limit=20"), Coding::Identity).is_ok());
        });
    }
}

criterion_group!(benches, refresh, query);
criterion_main!(benches);
