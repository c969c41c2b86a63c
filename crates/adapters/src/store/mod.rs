//! Opens the object store of a location. The only place that knows a backend.

mod azure;
mod client;
mod connection_string;
mod counts;
mod digest;
mod failure;
mod folder;
mod identity;
mod location;
mod target;
mod transport;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use domain::ContentError;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};
use secrecy::{ExposeSecret, SecretString};

use crate::decode::{self, Limits};

pub use azure::AzureAccess;
pub use connection_string::{ConnectionString, Credential};
pub use counts::StoreCounts;
pub(crate) use digest::ContentMd5;
pub(crate) use failure::failed;
pub use failure::{FailureKind, StoreFailure};
pub use identity::Identity;
pub use location::Location;
pub use target::{Held, Target, Unwritten};

/// An open store and the place in it where documents lie.
pub struct Store {
    location: Location,
    backend: Backend,
    counts: StoreCounts,
}

enum Backend {
    Fixed(Arc<dyn ObjectStore>),
    /// Opened again at every call: a link may lead elsewhere by now. One that leads nowhere leaves the store as it was.
    Folder {
        folder: PathBuf,
        opened: Arc<dyn ObjectStore>,
    },
    /// Opened again whenever the mounted connection string changes.
    Rotating {
        file: PathBuf,
        container: String,
        current: Mutex<Rotating>,
    },
}

struct Rotating {
    text: SecretString,
    store: Arc<dyn ObjectStore>,
    /// Why the file cannot be used now; told once.
    faults: Vec<String>,
}

impl Store {
    /// Opens a location; nothing is sent yet. `azure` says how to reach `az://`.
    ///
    /// # Errors
    /// One line for each reason, with the setting that it comes from and without any secret.
    pub fn open(location: Location, azure: Option<&AzureAccess>) -> Result<Self, Vec<String>> {
        let backend = match &location {
            Location::Memory => Backend::Fixed(Arc::new(InMemory::new())),
            Location::Folder(folder) => {
                let store = LocalFileSystem::new_with_prefix(folder).map_err(|_| {
                    vec![format!("source.location: {} is not a folder that can be read", folder.display())]
                })?;
                Backend::Folder { folder: folder.clone(), opened: Arc::new(store) }
            }
            Location::Azure { container, .. } => match azure {
                Some(AzureAccess::ConnectionStringFile(file)) => {
                    let (text, access) = azure::read_file(file)?;
                    let store = azure::open(&AzureAccess::ConnectionString(access), container)?;
                    let current = Mutex::new(Rotating { text, store, faults: Vec::new() });
                    Backend::Rotating { file: file.clone(), container: container.clone(), current }
                }
                Some(access) => Backend::Fixed(azure::open(access, container)?),
                None => {
                    return Err(vec![format!(
                        "source.location: {location} needs AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCOUNT_NAME"
                    )]);
                }
            },
        };
        Ok(Self { location, backend, counts: StoreCounts::default() })
    }

    /// Wraps a store that is open already, under the name of a location.
    #[must_use]
    pub fn new(location: Location, store: Arc<dyn ObjectStore>) -> Self {
        Self { location, backend: Backend::Fixed(store), counts: StoreCounts::default() }
    }

    /// The store to ask now. A mounted connection string is read again, so that a key changes without a restart;
    /// one that cannot be used leaves the store as it was.
    pub(crate) fn current(&self) -> Arc<dyn ObjectStore> {
        let (file, container, current) = match &self.backend {
            Backend::Fixed(store) => return Arc::clone(store),
            Backend::Folder { folder, opened } => {
                let store = LocalFileSystem::new_with_prefix(folder);
                return store.map_or_else(|_| Arc::clone(opened), |store| Arc::new(store));
            }
            Backend::Rotating { file, container, current } => (file, container, current),
        };
        let mut current = current.lock().unwrap_or_else(PoisonError::into_inner);
        let renewed = azure::read_file(file).and_then(|(text, access)| {
            if text.expose_secret() == current.text.expose_secret() {
                return Ok(None);
            }
            azure::open(&AzureAccess::ConnectionString(access), container).map(|store| Some((text, store)))
        });
        match renewed {
            Ok(renewed) => {
                if !std::mem::take(&mut current.faults).is_empty() {
                    tracing::warn!("the connection string can be used again");
                }
                if let Some((text, store)) = renewed {
                    tracing::info!("the connection string has changed and is in use");
                    *current = Rotating { text, store, faults: Vec::new() };
                }
            }
            Err(faults) if faults == current.faults => {}
            Err(faults) => {
                tracing::warn!("the connection string stays as it was: {}", faults.join("; "));
                current.faults = faults;
            }
        }
        Arc::clone(&current.store)
    }

    /// Where a document lies in the store.
    pub(crate) fn path(&self, document: &str) -> Path {
        match &self.location {
            Location::Azure { prefix, .. } => prefix.clone().join(document),
            Location::Folder(_) | Location::Memory => Path::from(document),
        }
    }

    /// Reads a document once.
    ///
    /// # Errors
    /// [`ContentError::Missing`]; [`ContentError::Invalid`] when it is larger than it may be; [`ContentError::Unavailable`].
    pub async fn read(&self, document: &str, limits: &Limits) -> Result<Vec<u8>, ContentError> {
        let failed = |error| self.failure(document, &error);
        let answer = self.current().get(&self.path(document)).await.map_err(failed)?;
        if answer.meta.size > limits.max_bytes {
            return Err(ContentError::invalid(document, decode::too_large(limits)));
        }
        Ok(answer.bytes().await.map_err(failed)?.into())
    }

    /// How it was asked and has answered so far.
    #[must_use]
    pub fn counts(&self) -> &StoreCounts {
        &self.counts
    }

    /// What a failure to get a document means.
    pub(crate) fn failure(&self, document: &str, error: &object_store::Error) -> ContentError {
        let gone = matches!(&self.location, Location::Folder(folder) if !folder.is_dir());
        failure::content_error(document, error, gone)
    }
}

/// The location, which holds no secret.
impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.location.fmt(f)
    }
}

/// Prints the location alone: a backend's own Debug shows its key.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.location)
    }
}

/// When a document was last changed, in whole seconds as HTTP has it.
pub(crate) fn modified(meta: &ObjectMeta) -> jiff::Timestamp {
    jiff::Timestamp::from_second(meta.last_modified.timestamp()).unwrap_or_default()
}
