//! Where representations stand ready: the plain lists for as long as they are current, all else as long as there is room.

use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use adapters::Count;
use domain::{Collection, Query, Snapshot};
use jiff::Timestamp;
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};

use super::{Coding, Effort, Representation, list};
use crate::error::{Kind, Problem};
use crate::query;

/// Representations of all collections, bounded in bytes.
pub struct Representations {
    kept: Cache<Key, Arc<Representation>, ByBytes>,
    found: Count,
    made: Count,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    collection: &'static str,
    version: Arc<str>,
    modified: Timestamp,
    target: Box<str>,
    coding: Coding,
}

/// A key that is borrowed from a request.
#[derive(Hash)]
struct KeyRef<'a> {
    collection: &'static str,
    version: &'a Arc<str>,
    modified: Timestamp,
    target: &'a str,
    coding: Coding,
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.target == &*key.target
            && self.coding == key.coding
            && self.collection == key.collection
            && self.modified == key.modified
            && *self.version == key.version
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Key, Arc<Representation>> for ByBytes {
    fn weight(&self, key: &Key, representation: &Arc<Representation>) -> u64 {
        (representation.weight() + key.target.len() + size_of::<Key>()) as u64
    }
}

/// About what a representation weighs, to guess how many there will be.
const TYPICAL: u64 = 8 * 1024;

impl Representations {
    /// Holds at most `max_bytes`.
    #[must_use]
    pub fn new(max_bytes: u64) -> Arc<Self> {
        let count = usize::try_from(max_bytes / TYPICAL).unwrap_or(usize::MAX).max(16);
        let (found, made) = Default::default();
        Arc::new(Self { kept: Cache::with_weighter(count, max_bytes, ByBytes), found, made })
    }

    /// What they weigh.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.kept.weight()
    }

    /// How many stood ready when they were asked for, and how many did not.
    #[must_use]
    pub fn counts(&self) -> [(&'static str, u64); 2] {
        [("ready", self.found.get()), ("made", self.made.get())]
    }
}

/// The representations of one collection.
pub struct Shelf {
    shared: Arc<Representations>,
    plain: RwLock<Option<Plain>>,
}

/// The list without a query, in every coding.
struct Plain {
    version: Arc<str>,
    modified: Timestamp,
    codings: [Arc<Representation>; 4],
}

impl Shelf {
    /// An empty shelf.
    #[must_use]
    pub fn new(shared: Arc<Representations>) -> Self {
        Self { shared, plain: RwLock::new(None) }
    }

    /// Makes the plain list of a version in every coding and indexes its words, if it is a new one. Takes its time.
    ///
    /// # Errors
    /// When the list cannot be written.
    pub fn prepare<C: Collection>(&self, snapshot: &Snapshot<C>) -> serde_json::Result<()> {
        if self.plain(snapshot, Coding::Identity).is_none() {
            snapshot.items.index();
            let made = list::answer(snapshot, &[], &Query::default(), Timestamp::UNIX_EPOCH)?;
            let codings = Coding::ALL.map(|coding| Arc::new(made.encoded(coding, Effort::Much)));
            let plain = Plain { version: Arc::clone(&snapshot.version), modified: snapshot.modified, codings };
            *self.plain.write().unwrap_or_else(PoisonError::into_inner) = Some(plain);
        }
        Ok(())
    }

    /// The list that a query string asks for.
    ///
    /// # Errors
    /// `invalid-query` with every parameter at fault.
    pub fn list<C: Collection>(
        &self,
        snapshot: &Snapshot<C>,
        asked: &str,
        coding: Coding,
    ) -> Result<Arc<Representation>, Problem> {
        if asked.is_empty()
            && let Some(plain) = self.plain(snapshot, coding)
        {
            return Ok(plain);
        }
        self.made::<C>(snapshot, &format!("?{asked}"), coding, |now| {
            let parameters = query::parameters(asked)?;
            let query = Query::parse(&parameters, &snapshot.items).map_err(Problem::refused)?;
            list::answer(snapshot, &parameters, &query, now).map_err(|_| unwritable())
        })
    }

    /// The item of an id.
    ///
    /// # Errors
    /// `unknown-item`.
    pub fn item<C: Collection>(
        &self,
        snapshot: &Snapshot<C>,
        id: &str,
        coding: Coding,
    ) -> Result<Arc<Representation>, Problem> {
        self.made::<C>(snapshot, id, coding, |_| {
            let unknown = || Problem::new(Kind::UnknownItem, format!("No item of `{}` has this id.", C::NAME));
            let item = snapshot.items.get(id).ok_or_else(unknown)?;
            Representation::json(item, snapshot.modified).map_err(|_| unwritable())
        })
    }

    /// The plain list of this version, if it stands ready.
    pub fn plain<C>(&self, snapshot: &Snapshot<C>, coding: Coding) -> Option<Arc<Representation>> {
        let plain = self.plain.read().unwrap_or_else(PoisonError::into_inner);
        let plain =
            plain.as_ref().filter(|plain| plain.version == snapshot.version && plain.modified == snapshot.modified)?;
        Some(Arc::clone(&plain.codings[coding as usize]))
    }

    /// Finds a representation, or makes the plain one and the coded one and keeps both.
    fn made<C: Collection>(
        &self,
        snapshot: &Snapshot<C>,
        target: &str,
        coding: Coding,
        make: impl FnOnce(Timestamp) -> Result<Representation, Problem>,
    ) -> Result<Arc<Representation>, Problem> {
        let now = Timestamp::now();
        let find = |coding| {
            let key =
                KeyRef { collection: C::NAME, version: &snapshot.version, modified: snapshot.modified, target, coding };
            self.shared.kept.get(&key).filter(|found| found.until.is_none_or(|until| now < until))
        };
        let keep = |coding, made: &Arc<Representation>| {
            let key = Key {
                collection: C::NAME,
                version: Arc::clone(&snapshot.version),
                modified: snapshot.modified,
                target: target.into(),
                coding,
            };
            self.shared.kept.insert(key, Arc::clone(made));
        };
        if let Some(found) = find(coding) {
            self.shared.found.up();
            return Ok(found);
        }
        self.shared.made.up();
        let plain = match find(Coding::Identity) {
            Some(plain) => plain,
            None => {
                let plain = Arc::new(make(now)?);
                keep(Coding::Identity, &plain);
                plain
            }
        };
        if coding == Coding::Identity {
            return Ok(plain);
        }
        let coded = Arc::new(plain.encoded(coding, Effort::Little));
        keep(coding, &coded);
        Ok(coded)
    }
}

fn unwritable() -> Problem {
    Problem::new(Kind::ContentInvalid, "The content cannot be written.")
}
