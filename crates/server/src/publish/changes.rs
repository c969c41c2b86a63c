//! What a document changes for its readers, item by item.

use std::collections::BTreeMap;
use std::fmt;

use domain::fault::printable;

/// The items of a document: what each is called and all that it says.
pub type ItemTexts = BTreeMap<String, String>;

/// At most so many ids of a kind are named.
const NAMED: usize = 20;

/// What becomes of a collection.
pub(super) struct Changes {
    document: String,
    /// What readers see now, where that is another document.
    instead: Option<String>,
    kind: Kind,
}

enum Kind {
    None,
    New(usize),
    /// What lies there cannot be read.
    Unread(usize),
    Items(Difference),
}

#[derive(Default)]
struct Difference {
    added: Vec<String>,
    changed: Vec<String>,
    removed: Vec<String>,
}

impl Changes {
    /// Compares the items of a document with those that readers see now: `seen`, by its name, whose items are none where
    /// it cannot be read. `same`: it is there already, byte for byte, and alone.
    pub(super) fn new(document: &str, seen: Option<(&str, Option<ItemTexts>)>, items: &ItemTexts, same: bool) -> Self {
        let instead = seen.as_ref().filter(|(name, _)| *name != document).map(|(name, _)| (*name).to_owned());
        let kind = match seen {
            _ if same => Kind::None,
            None => Kind::New(items.len()),
            Some((_, None)) => Kind::Unread(items.len()),
            Some((_, Some(old))) => Kind::Items(Difference::of(&old, items)),
        };
        Self { document: document.to_owned(), instead, kind }
    }

    /// Whether there is nothing to do.
    pub(super) fn is_none(&self) -> bool {
        matches!(self.kind, Kind::None)
    }

    /// The numbers of what has changed between two versions that could be read.
    pub(super) fn between(old: Option<ItemTexts>, new: Option<ItemTexts>) -> String {
        match (old, new) {
            (Some(old), Some(new)) => format!(" ({})", Difference::of(&old, &new).counts()),
            _ => String::new(),
        }
    }
}

impl Difference {
    fn of(old: &ItemTexts, new: &ItemTexts) -> Self {
        let only = |these: &ItemTexts, those: &ItemTexts| {
            these.keys().filter(|id| !those.contains_key(*id)).cloned().collect()
        };
        let changed = new.iter().filter(|(id, text)| old.get(*id).is_some_and(|old| old != *text));
        Self { added: only(new, old), changed: changed.map(|(id, _)| id.clone()).collect(), removed: only(old, new) }
    }

    fn counts(&self) -> String {
        let Self { added, changed, removed } = self;
        format!("{} added, {} changed, {} removed", added.len(), changed.len(), removed.len())
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.document)?;
        match &self.kind {
            Kind::None => return writeln!(f, "unchanged"),
            Kind::New(items) => write!(f, "new, {items} added")?,
            Kind::Unread(items) => write!(f, "{items} items; what is there now cannot be read")?,
            Kind::Items(Difference { added, changed, removed })
                if [added, changed, removed].iter().all(|of| of.is_empty()) =>
            {
                f.write_str("the same items; the text of the file changes")?;
            }
            Kind::Items(difference) => f.write_str(&difference.counts())?,
        }
        match &self.instead {
            Some(old) => writeln!(f, "; takes the place of {old}")?,
            None => writeln!(f)?,
        }
        let Kind::Items(Difference { added, changed, removed }) = &self.kind else { return Ok(()) };
        for (sign, ids) in [('+', added), ('~', changed), ('-', removed)] {
            for id in ids.iter().take(NAMED) {
                writeln!(f, "  {sign} {}", printable(id))?;
            }
            if let Some(more @ 1..) = ids.len().checked_sub(NAMED) {
                writeln!(f, "  {sign} and {more} more")?;
            }
        }
        Ok(())
    }
}
