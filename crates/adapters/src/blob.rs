//! Content from any object store: one document, one collection. Asks the store at every call, with
//! the ETag that it knows, so that an unchanged document costs one small answer and no parsing.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::mistakes::RIVAL_FILES;
use domain::{Collection, ContentError, ContentSource, Fault, Items, Position, Snapshot};
use futures_util::future::join_all;
use jiff::tz::TimeZone;
use object_store::{Error, GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt as _};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::decode::{self, Format, Limits};
use crate::store::{self, ContentMd5, FailureKind, Store};

/// The document `NAME.json`, `NAME.yaml` or `NAME.yml`, the first that is there.
pub struct BlobSource<C> {
    store: Arc<Store>,
    limits: Limits,
    zone: TimeZone,
    seen: Mutex<Option<Seen<C>>>,
}

/// The last answer: a document is read again only when its ETag has changed, good or bad.
struct Seen<C> {
    document: String,
    etag: String,
    outcome: Result<Snapshot<C>, ContentError>,
}

impl<C> Clone for Seen<C> {
    fn clone(&self) -> Self {
        Self { document: self.document.clone(), etag: self.etag.clone(), outcome: self.outcome.clone() }
    }
}

impl<C: Collection> BlobSource<C> {
    /// Reads from `store` within `limits`; dates that name no zone are in `zone`.
    #[must_use]
    pub fn new(store: Arc<Store>, limits: Limits, zone: TimeZone) -> Self {
        Self { store, limits, zone, seen: Mutex::new(None) }
    }

    fn seen(&self, document: &str) -> Option<Seen<C>> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.as_ref().filter(|seen| seen.document == document).cloned()
    }

    fn failed(&self, error: ContentError) -> ContentError {
        self.store.counts().failed(&error);
        error
    }

    /// One conditional GET. `None`: there is no such document.
    async fn fetch(
        &self,
        store: &dyn ObjectStore,
        document: &str,
        format: Format,
    ) -> Option<Result<Snapshot<C>, ContentError>> {
        let began = Instant::now().into_std();
        let seen = self.seen(document);
        let etag = seen.as_ref().map(|seen| seen.etag.clone());
        let counts = self.store.counts();
        let path = self.store.path(document);
        let asked = store.get_opts(&path, GetOptions::new().with_if_none_match(etag));
        // Somebody waits for the first answer: nothing more is asked once it is there.
        let first = seen.is_none();
        let early = async { if first { self.rivals(store, document).await } else { Vec::new() } };
        let (asked, early) = tokio::join!(asked, early);
        let answer = match (asked, seen) {
            (Ok(answer), _) => answer,
            (Err(Error::NotModified { .. }), Some(seen)) => {
                counts.unmodified.up();
                return Some(seen.outcome.map(|snapshot| snapshot.confirmed(began)));
            }
            (Err(Error::NotModified { .. }), None) => {
                return Some(Err(self.failed(store::failed(
                    document,
                    FailureKind::Answer,
                    Some("not modified, though nothing was known"),
                ))));
            }
            (Err(error), _) => match self.failed(self.store.failure(document, &error)) {
                ContentError::Missing { .. } => return None,
                failure => return Some(Err(failure)),
            },
        };
        let (meta, digest) = (answer.meta.clone(), answer.extensions.get::<ContentMd5>().cloned());
        let outcome = if meta.size > self.limits.max_bytes {
            counts.content.up();
            Err(ContentError::invalid(document, decode::too_large(&self.limits)))
        } else {
            match answer.bytes().await {
                Ok(bytes) if digest.is_some_and(|digest| !digest.is_of(&bytes)) => {
                    return Some(Err(self.failed(store::failed(document, FailureKind::Digest, None))));
                }
                Ok(bytes) if bytes.len() as u64 == meta.size => {
                    counts.content.up();
                    counts.bytes.add(meta.size);
                    let rivals = if first { early } else { self.rivals(store, document).await };
                    self.read(document, format, bytes.into(), &meta, began, rivals).await
                }
                Ok(_) => return Some(Err(self.failed(store::failed(document, FailureKind::Truncated, None)))),
                Err(error) => return Some(Err(self.failed(self.store.failure(document, &error)))),
            }
        };
        if matches!(&outcome, Err(ContentError::Unavailable { .. })) {
            return Some(outcome);
        }
        let known = meta.e_tag.map(|etag| Seen { document: document.into(), etag, outcome: outcome.clone() });
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = known;
        Some(outcome)
    }

    /// Reads changed bytes, off this thread. The same bytes under a new ETag are the same items.
    async fn read(
        &self,
        document: &str,
        format: Format,
        bytes: Vec<u8>,
        meta: &ObjectMeta,
        began: std::time::Instant,
        rivals: Vec<Fault>,
    ) -> Result<Snapshot<C>, ContentError> {
        let version: Arc<str> = fingerprint(&bytes).into();
        let modified = store::modified(meta);
        if let Some(Seen { outcome: Ok(known), .. }) = self.seen(document)
            && known.version == version
        {
            return Ok(Snapshot { modified, ..known.confirmed(began) });
        }
        let (limits, zone) = (self.limits, self.zone.clone());
        let read = tokio::task::spawn_blocking(move || decode::decode::<C>(&bytes, format, &limits, &zone)).await;
        let items: Items<C> = read
            .map_err(|error| ContentError::unavailable(document, error))?
            .map_err(|faults| ContentError::Invalid { document: document.into(), faults: faults.into() })?
            .with_warnings(rivals);
        Ok(Snapshot { items: Arc::new(items), document: document.into(), version, modified, validated: began })
    }

    /// A warning for every other document of this collection: it lies there and is not read.
    async fn rivals(&self, store: &dyn ObjectStore, document: &str) -> Vec<Fault> {
        let others = Format::ENDINGS.iter().map(|(ending, _)| format!("{}.{ending}", C::NAME));
        let asked = others.filter(|other| other != document).map(async |other| {
            store.head(&self.store.path(&other)).await.ok()?;
            Some(rival(&other))
        });
        join_all(asked).await.into_iter().flatten().collect()
    }
}

#[async_trait]
impl<C: Collection> ContentSource<C> for BlobSource<C> {
    async fn load(&self) -> Result<Arc<Snapshot<C>>, ContentError> {
        let store = self.store.current();
        for (ending, format) in Format::ENDINGS {
            let document = format!("{}.{ending}", C::NAME);
            if let Some(outcome) = self.fetch(store.as_ref(), &document, format).await {
                return outcome.map(Arc::new);
            }
        }
        Err(ContentError::Missing { document: format!("{}.json", C::NAME).into() })
    }
}

impl<C: Collection> fmt::Display for BlobSource<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({}/{}.{{json,yaml,yml}})", self.store.to_string().trim_end_matches('/'), C::NAME)
    }
}

/// The warning of a document beside which `other` lies and is not read.
#[must_use]
pub fn rival(other: &str) -> Fault {
    Fault::new(&RIVAL_FILES, Position::START, format!("{other} is there too and is not read"))
        .hint("keep one of the two")
}

/// The first 16 hexadecimal digits of the SHA-256 of the bytes.
fn fingerprint(bytes: &[u8]) -> String {
    Sha256::digest(bytes)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
