//! The port's implementations: content from any object store, and a cache before it.

pub mod decode;
