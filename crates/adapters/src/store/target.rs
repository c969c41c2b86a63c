//! Writes documents where content lies: only over what was seen there before, and whole or not at all. It stands beside
//! the port, which only reads.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::ContentError;
use jiff::Timestamp;
use md5::{Digest as _, Md5};
use object_store::ObjectStoreExt as _;
use tokio::time::sleep;

use super::azure::{AzureAccess, Container, Refusal};
use super::digest::ContentMd5;
use super::{FailureKind, Location, Store, failed, folder, modified};
use crate::decode::{Format, Limits};

/// A place that documents are published to.
pub struct Target {
    store: Store,
    limits: Limits,
    writer: Writer,
}

enum Writer {
    Folder(PathBuf),
    Azure(Container),
}

/// A document as it was seen in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its bytes; none of a document that is larger than one may be.
    pub bytes: Option<Vec<u8>>,
    /// When it was last changed.
    pub modified: Timestamp,
    tag: String,
}

/// Why a document was not written.
#[derive(Debug)]
pub enum Unwritten {
    /// Somebody else has changed it since it was seen; what is there now.
    Changed(Option<Held>),
    /// The store failed, or cannot be asked any more.
    Failed(ContentError),
}

/// At most so many tries, where what is there shows that the last one came to nothing.
const TRIES: u32 = 3;
/// The first pause between two tries; it doubles.
const PAUSE: Duration = Duration::from_millis(300);

impl Target {
    /// Opens a location; nothing is sent yet.
    ///
    /// # Errors
    /// One line for each reason, without any secret.
    pub fn open(location: Location, azure: Option<&AzureAccess>, limits: Limits) -> Result<Self, Vec<String>> {
        let store = Store::open(location.clone(), azure)?;
        let writer = match (location, azure) {
            (Location::Folder(folder), _) => Writer::Folder(folder),
            (Location::Azure { container, .. }, Some(access)) => Writer::Azure(Container::open(access, &container)?),
            (other, _) => {
                return Err(vec![format!("{other}: keeps nothing: name a folder or az://CONTAINER[/PREFIX]")]);
            }
        };
        Ok(Self { store, limits, writer })
    }

    /// What lies there under a name.
    ///
    /// # Errors
    /// [`ContentError::Unavailable`].
    pub async fn held(&self, document: &str) -> Result<Option<Held>, ContentError> {
        let answer = match self.store.current().get(&self.store.path(document)).await {
            Ok(answer) => answer,
            Err(error) => {
                return match self.store.failure(document, &error) {
                    ContentError::Missing { .. } => Ok(None),
                    failure => Err(failure),
                };
            }
        };
        let (tag, modified) = (answer.meta.e_tag.clone().unwrap_or_default(), modified(&answer.meta));
        if answer.meta.size > self.limits.max_bytes {
            return Ok(Some(Held { bytes: None, modified, tag }));
        }
        let digest = answer.extensions.get::<ContentMd5>().cloned();
        let bytes = answer.bytes().await.map_err(|error| self.store.failure(document, &error))?;
        if digest.is_some_and(|digest| !digest.is_of(&bytes)) {
            return Err(failed(document, FailureKind::Digest, None));
        }
        Ok(Some(Held { bytes: Some(bytes.into()), modified, tag }))
    }

    /// Writes a document over the one that was seen, or where none was. An answer that is lost on its way is no failure:
    /// what lies there then tells.
    ///
    /// # Errors
    /// [`Unwritten::Changed`], and nothing is overwritten; [`Unwritten::Failed`].
    pub async fn put(
        &self,
        document: &str,
        format: Format,
        bytes: &[u8],
        over: Option<&Held>,
    ) -> Result<(), Unwritten> {
        let mut tries = 1;
        loop {
            let refusal = match self.write(document, format, bytes, over).await {
                Ok(()) => return Ok(()),
                Err(refusal) => refusal,
            };
            let now = self.held(document).await.map_err(Unwritten::Failed)?;
            if now.as_ref().is_some_and(|now| now.bytes.as_deref() == Some(bytes)) {
                return Ok(());
            }
            if now.as_ref() != over {
                return Err(Unwritten::Changed(now));
            }
            if !refusal.again || tries == TRIES {
                return Err(Unwritten::Failed(refusal.error));
            }
            sleep(PAUSE * 2_u32.pow(tries - 1)).await;
            tries += 1;
        }
    }

    /// Deletes a document as it was seen. One that is gone already is deleted.
    ///
    /// # Errors
    /// [`Unwritten::Changed`], and it is still there; [`Unwritten::Failed`].
    pub async fn delete(&self, document: &str, seen: &Held) -> Result<(), Unwritten> {
        let Err(refusal) = self.remove(document, seen).await else { return Ok(()) };
        match self.held(document).await.map_err(Unwritten::Failed)? {
            None => Ok(()),
            Some(now) if now != *seen => Err(Unwritten::Changed(Some(now))),
            Some(_) => Err(Unwritten::Failed(refusal.error)),
        }
    }

    async fn write(&self, document: &str, format: Format, bytes: &[u8], over: Option<&Held>) -> Result<(), Refusal> {
        match &self.writer {
            Writer::Folder(folder) => {
                let _lock = self.unchanged(folder, document, over).await?;
                folder::write(folder, document, bytes).map_err(|error| in_folder(document, &error))
            }
            Writer::Azure(container) => {
                let condition = over.map_or(("if-none-match", "*"), |held| ("if-match", &held.tag));
                let digest = STANDARD.encode(Md5::digest(bytes));
                let headers = [
                    ("x-ms-blob-type", "BlockBlob"),
                    ("content-type", format.media_type()),
                    ("content-md5", &digest),
                    condition,
                ];
                container.send("PUT", &self.store.path(document), &headers, bytes.to_vec()).await
            }
        }
    }

    async fn remove(&self, document: &str, seen: &Held) -> Result<(), Refusal> {
        match &self.writer {
            Writer::Folder(folder) => {
                let _lock = self.unchanged(folder, document, Some(seen)).await?;
                folder::remove(folder, document).map_err(|error| in_folder(document, &error))
            }
            Writer::Azure(container) => {
                let headers = [("if-match", seen.tag.as_str())];
                container.send("DELETE", &self.store.path(document), &headers, Vec::new()).await
            }
        }
    }

    /// Keeps other publishers out of a folder, if nobody has changed the document since it was seen.
    async fn unchanged(&self, folder: &Path, document: &str, seen: Option<&Held>) -> Result<folder::Lock, Refusal> {
        let lock = folder::lock(folder).await.map_err(|error| in_folder(document, &error))?;
        let now = self.held(document).await.map_err(|error| Refusal { error, again: false })?;
        let changed = || failed(document, FailureKind::Answer, Some("changed meanwhile"));
        if now.as_ref() == seen { Ok(lock) } else { Err(Refusal { error: changed(), again: false }) }
    }
}

fn in_folder(document: &str, error: &std::io::Error) -> Refusal {
    let words = error.kind().to_string();
    Refusal {
        error: ContentError::unavailable(document, format!("the folder cannot be written to: {words}")),
        again: false,
    }
}
