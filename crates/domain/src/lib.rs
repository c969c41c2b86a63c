//! The vocabulary of Blobcast: what a collection is, what its items must hold, and the one port
//! that content comes through. No I/O, no HTTP, no file format, no clock.
//!
//! # Recipe: add a collection
//!
//! To publish `jobs` from `jobs.json` or `jobs.yaml`:
//!
//! 1. Here: `src/job.rs` with a struct `Job` that derives `Serialize` and implements
//!    [`Collection`]: its fields, how one is read, and how one is seen; [`faq`] is the shortest example. Name it below with `pub mod job;`.
//! 2. `content/jobs.json` or `content/jobs.yaml`: a sample, which the tests serve too.
//! 3. `crates/server/src/routes.rs`: the line `publish::<Job>()` in `published`.
//! 4. `crates/server/tests/api/jobs.rs`: what its users rely on.
//!
//! Nothing in `adapters` changes.

pub mod collection;
pub mod error;
pub mod event;
pub mod faq;
pub mod fault;
pub mod id;
pub mod mistakes;
pub mod news;
pub mod query;
pub mod reader;
pub mod rule;
pub mod snapshot;
pub mod source;
#[cfg(any(test, feature = "mock"))]
pub mod testing;
pub mod text;
pub mod value;
pub mod view;
pub mod when;

pub use collection::{Collection, Item, Items};
pub use error::ContentError;
pub use event::Event;
pub use faq::Faq;
pub use fault::{Fault, Position, Severity};
pub use id::Id;
pub use mistakes::Mistake;
pub use news::News;
pub use query::Query;
pub use reader::Reader;
pub use rule::Rule;
pub use snapshot::Snapshot;
pub use source::ContentSource;
#[cfg(any(test, feature = "mock"))]
pub use source::MockContentSource;
pub use value::{Field, Fields, Node, Number, Value};
pub use view::{AsView, Kind, View};
pub use when::When;
