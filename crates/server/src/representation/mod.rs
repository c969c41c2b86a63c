//! Items to bytes. A list is made once for each version of its content and then sent as it is.

pub mod home;
mod list;
pub mod problems;

use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;
use domain::{Collection, Snapshot};
use quick_cache::sync::Cache;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// Bytes that are ready to send, with their validator.
#[derive(Debug, Clone)]
pub struct Representation {
    /// The body.
    pub body: Bytes,
    /// A weak validator made from the body, the same on every instance.
    pub etag: HeaderValue,
}

impl Representation {
    /// Writes a value as JSON.
    ///
    /// # Errors
    /// When the value cannot be written: no model of ours is such.
    pub fn json(value: &impl Serialize) -> serde_json::Result<Self> {
        let body = serde_json::to_vec(value)?;
        let digest: String = Sha256::digest(&body)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let etag = HeaderValue::from_str(&format!("W/\"{digest}\"")).unwrap_or(HeaderValue::from_static("W/\"\""));
        Ok(Self { body: body.into(), etag })
    }
}

/// The lists of a collection by the version of their content. One version is current, so few are kept.
pub struct Lists(Cache<String, Representation>);

impl Default for Lists {
    fn default() -> Self {
        Self(Cache::new(4))
    }
}

impl Lists {
    /// The list of a snapshot, made when it is first asked for.
    ///
    /// # Errors
    /// Those of [`Representation::json`].
    pub fn get<C: Collection>(&self, snapshot: &Snapshot<C>) -> serde_json::Result<Representation> {
        let key = format!("{} {}", snapshot.version, snapshot.modified.as_second());
        self.0.get_or_insert_with(&key, || Representation::json(&list::Envelope::new(snapshot)))
    }
}
