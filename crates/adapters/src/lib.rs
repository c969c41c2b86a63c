//! The port's implementations: content from any object store, and a cache before it.

pub mod blob;
pub mod cached;
pub mod counts;
pub mod decode;
pub mod store;
pub mod watch;

pub use blob::BlobSource;
pub use cached::{CacheSettings, Cached, State};
pub use counts::{CacheCounts, Count};
pub use store::{Location, Store};
