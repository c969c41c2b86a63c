//! Items to bytes: made once for each content version, query and coding, then sent as they are.

mod coding;
pub mod home;
mod links;
mod list;
pub mod problems;
mod shelf;

use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::http_cache;

pub use coding::{Coding, Effort};
pub use links::Links;
pub use list::Meta;
pub use shelf::{Representations, Shelf};

/// Bytes that are ready to send, and what goes with them.
#[derive(Debug, Clone)]
pub struct Representation {
    /// The body.
    pub body: Bytes,
    /// Its coding.
    pub coding: Coding,
    /// A weak validator made from the plain body: the same in every coding and on every instance.
    pub etag: HeaderValue,
    /// When its content was last changed, as HTTP writes it.
    pub last_modified: HeaderValue,
    /// `Link`, where there is something to follow.
    pub links: Option<HeaderValue>,
    /// How many items a list has on all pages, as a header.
    pub total: Option<HeaderValue>,
    /// When the passing of time makes another of it.
    pub until: Option<Timestamp>,
}

/// Bytes of an entry beside its body: the keys, the headers, the table. Measured by filling the cache, as is the third
/// that allocations of many sizes leave idle between them.
const ENTRY: usize = 2048;

impl Representation {
    /// Writes a value as JSON.
    fn json(value: &impl Serialize, modified: Timestamp) -> serde_json::Result<Self> {
        // Boxed: what a growing vector holds in reserve would not be counted, and would be half of all memory.
        let body = serde_json::to_vec(value)?.into_boxed_slice();
        let digest: String = Sha256::digest(&body)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let etag = HeaderValue::from_str(&format!("W/\"{digest}\"")).unwrap_or(HeaderValue::from_static("W/\"\""));
        Ok(Self {
            body: Bytes::from(body),
            coding: Coding::Identity,
            etag,
            last_modified: http_cache::http_date(modified),
            links: None,
            total: None,
            until: None,
        })
    }

    /// The same in another coding, if it is worth one.
    fn encoded(&self, coding: Coding, effort: Effort) -> Self {
        let coding = coding.worth(self.body.len());
        match coding.encode(&self.body, effort) {
            Ok(body) => Self { body, coding, ..self.clone() },
            Err(_) => self.clone(),
        }
    }

    /// What it weighs in memory, about, with what the allocator and the cache add to each entry.
    fn weight(&self) -> usize {
        let bytes = self.body.len() + self.links.as_ref().map_or(0, HeaderValue::len);
        bytes + bytes / 3 + ENTRY
    }
}
