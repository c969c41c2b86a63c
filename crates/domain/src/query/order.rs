//! Sorting: nulls last whatever the direction, text without regard to case and accents, equals as they come.

use std::cmp::Ordering;
use std::ops::Range;

use crate::collection::{Collection, Item};
use crate::text::fold_onto;
use crate::view::Scalar;

/// One field to sort by.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key {
    pub(super) path: Vec<String>,
    pub(super) descending: bool,
}

/// The first `wanted` items by keys that are looked up once for each; equals stay in the order in which they come.
pub(super) fn sorted<'a, C: Collection>(found: &[&'a Item<C>], order: &[Key], wanted: usize) -> Vec<&'a Item<C>> {
    let keys = Keys::of(found, order);
    let mut places: Vec<usize> = (0..found.len()).collect();
    if wanted < places.len() {
        places.select_nth_unstable_by(wanted, |a, b| keys.compare(*a, *b));
        places.truncate(wanted);
    }
    places.sort_unstable_by(|a, b| keys.compare(*a, *b));
    places.into_iter().map(|place| found[place]).collect()
}

/// The keys of many items, side by side: one for each item and field.
struct Keys<'a> {
    order: &'a [Key],
    keys: Vec<Option<SortKey<'a>>>,
    /// Every text, folded.
    text: String,
}

enum SortKey<'a> {
    /// A part of the text.
    Text(Range<usize>),
    Other(Scalar<'a>),
}

impl<'a> Keys<'a> {
    fn of<C: Collection>(items: &[&'a Item<C>], order: &'a [Key]) -> Self {
        let (keys, text) = (Vec::with_capacity(items.len() * order.len()), String::new());
        let mut all = Self { order, keys, text };
        for item in items {
            for key in order {
                let found = all.find(item, &key.path);
                all.keys.push(found);
            }
        }
        all
    }

    fn find<C: Collection>(&mut self, item: &'a Item<C>, path: &[String]) -> Option<SortKey<'a>> {
        let (name, rest) = path.split_first()?;
        let mut key = None;
        item.view(name)?.any(rest, &mut |scalar| {
            key = Some(match scalar {
                Scalar::Text(text) => {
                    let start = self.text.len();
                    fold_onto(&mut self.text, text);
                    SortKey::Text(start..self.text.len())
                }
                other => SortKey::Other(other),
            });
            true
        });
        key
    }

    fn compare(&self, a: usize, b: usize) -> Ordering {
        let fields = self.order.len();
        for (field, key) in self.order.iter().enumerate() {
            let ordering = match (&self.keys[a * fields + field], &self.keys[b * fields + field]) {
                (None, None) => continue,
                (None, Some(_)) => return Ordering::Greater,
                (Some(_), None) => return Ordering::Less,
                (Some(a), Some(b)) => self.against(a, b),
            };
            if ordering.is_ne() {
                return if key.descending { ordering.reverse() } else { ordering };
            }
        }
        a.cmp(&b)
    }

    fn against(&self, a: &SortKey<'_>, b: &SortKey<'_>) -> Ordering {
        match (a, b) {
            (SortKey::Text(a), SortKey::Text(b)) => self.text[a.clone()].cmp(&self.text[b.clone()]),
            (SortKey::Other(a), SortKey::Other(b)) => a.compare(*b),
            (SortKey::Other(_), SortKey::Text(_)) => Ordering::Less,
            (SortKey::Text(_), SortKey::Other(_)) => Ordering::Greater,
        }
    }
}
