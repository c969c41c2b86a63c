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
    what: What,
    target: Box<str>,
    coding: Coding,
}

/// What a target names: a list by its query string, or an item by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum What {
    List,
    Item,
}

/// A key that is borrowed from a request.
#[derive(Hash)]
struct KeyRef<'a> {
    collection: &'static str,
    version: &'a Arc<str>,
    modified: Timestamp,
    what: What,
    target: &'a str,
    coding: Coding,
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.target == &*key.target
            && (self.what, self.coding) == (key.what, key.coding)
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
        if let Some(ready) = self.ready(snapshot, asked, coding) {
            return Ok(ready);
        }
        self.make(snapshot, (What::List, asked), coding, |now| {
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
        let target = (What::Item, id);
        if let Some(ready) = self.find(snapshot, target, coding) {
            self.shared.found.up();
            return Ok(ready);
        }
        self.make(snapshot, target, coding, |_| {
            let unknown = || Problem::new(Kind::UnknownItem, format!("No item of `{}` has this id.", C::NAME));
            let item = snapshot.items.get(id).ok_or_else(unknown)?;
            Representation::json(item, snapshot.modified).map_err(|_| unwritable())
        })
    }

    /// The list that a query string asks for, if it stands ready.
    pub fn ready<C: Collection>(
        &self,
        snapshot: &Snapshot<C>,
        asked: &str,
        coding: Coding,
    ) -> Option<Arc<Representation>> {
        if asked.is_empty()
            && let Some(plain) = self.plain(snapshot, coding)
        {
            return Some(plain);
        }
        let ready = self.find(snapshot, (What::List, asked), coding)?;
        self.shared.found.up();
        Some(ready)
    }

    fn plain<C>(&self, snapshot: &Snapshot<C>, coding: Coding) -> Option<Arc<Representation>> {
        let plain = self.plain.read().unwrap_or_else(PoisonError::into_inner);
        let plain =
            plain.as_ref().filter(|plain| plain.version == snapshot.version && plain.modified == snapshot.modified)?;
        Some(Arc::clone(&plain.codings[coding as usize]))
    }

    /// What is kept, unless the clock has made another of it.
    fn find<C: Collection>(
        &self,
        snapshot: &Snapshot<C>,
        (what, target): (What, &str),
        coding: Coding,
    ) -> Option<Arc<Representation>> {
        let Snapshot { version, modified, .. } = snapshot;
        let key = KeyRef { collection: C::NAME, version, modified: *modified, what, target, coding };
        self.shared.kept.get(&key).filter(|found| found.until.is_none_or(|until| Timestamp::now() < until))
    }

    /// Makes the plain representation and the coded one, as far as they are not there, and keeps both.
    fn make<C: Collection>(
        &self,
        snapshot: &Snapshot<C>,
        (what, target): (What, &str),
        coding: Coding,
        make: impl FnOnce(Timestamp) -> Result<Representation, Problem>,
    ) -> Result<Arc<Representation>, Problem> {
        let keep = |coding, made: &Arc<Representation>| {
            let (version, modified) = (Arc::clone(&snapshot.version), snapshot.modified);
            let key = Key { collection: C::NAME, version, modified, what, target: target.into(), coding };
            self.shared.kept.insert(key, Arc::clone(made));
        };
        self.shared.made.up();
        let plain = match self.find(snapshot, (what, target), Coding::Identity) {
            Some(plain) => plain,
            None => {
                let plain = Arc::new(make(Timestamp::now())?);
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
