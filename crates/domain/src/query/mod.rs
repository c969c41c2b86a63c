//! Filter, sort, page, search: pure functions on the items of one version.

mod filter;
mod order;
mod parse;
mod time;

use jiff::Timestamp;

pub use self::parse::{Parameter, Refusal};
pub use self::time::Moment;

use crate::collection::{Collection, Item, Items};
use crate::text::fold;
use crate::view::{Kind, Scalar, View};

/// A page has this many items where a query names no `limit`.
pub const LIMIT: usize = 100;
/// No page has more.
pub const MAX_LIMIT: usize = 500;
/// A query has no more filters.
pub const MAX_FILTERS: usize = 20;
/// A query has no more parameters, no more words to search for, no more fields to send, and no more values to compare with.
pub const MAX_PARTS: usize = 100;
/// A query has no more fields to sort by: each is held for every item while they are sorted.
pub const MAX_KEYS: usize = 10;

/// What a list is asked for. [`Query::parse`] makes one from parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    filters: Vec<filter::Filter>,
    order: Vec<order::Key>,
    words: Vec<String>,
    time: time::Window,
    /// The fields to send, all where it is empty.
    pub fields: Vec<String>,
    /// The most items to send.
    pub limit: usize,
    /// How many items to pass over.
    pub offset: usize,
}

/// The items that a query finds.
#[derive(Debug)]
pub struct Found<'a, C> {
    /// Those of the page.
    pub page: Vec<&'a Item<C>>,
    /// How many there are on all pages.
    pub total: usize,
    /// When the passing of time changes the answer, if it does.
    pub changes_at: Option<Timestamp>,
}

/// The operators that a field of a kind can be compared by, beside equality.
pub fn operators(kind: Kind) -> impl Iterator<Item = &'static str> {
    let fits = move |operator: &filter::Operator| operator.refuses(Some(kind)).is_none();
    filter::Operator::NAMES.into_iter().filter(move |(_, operator)| fits(operator)).map(|(name, _)| name)
}

impl Default for Query {
    fn default() -> Self {
        Self {
            filters: Vec::new(),
            order: Vec::new(),
            words: Vec::new(),
            time: time::Window::default(),
            fields: Vec::new(),
            limit: LIMIT,
            offset: 0,
        }
    }
}

impl Query {
    /// Finds the items at the time `now`. Filters are joined by "and"; nulls sort last, equals stay in default order.
    #[must_use]
    pub fn run<'a, C: Collection>(&self, items: &'a Items<C>, now: Timestamp) -> Found<'a, C> {
        let matches = |(index, item): &(usize, &'a Item<C>)| {
            self.filters.iter().all(|filter| filter.matches(item))
                && self.time.contains(item, now)
                && (self.words.is_empty()
                    || self.words.iter().all(|word| items.haystacks()[*index].contains(word.as_str())))
        };
        let mut found: Vec<&Item<C>> = items.list().iter().enumerate().filter(matches).map(|(_, item)| item).collect();
        let total = found.len();
        if !self.order.is_empty() {
            found = order::sorted(&found, &self.order, self.offset.saturating_add(self.limit));
        }
        let page = found.into_iter().skip(self.offset).take(self.limit).collect();
        Found { page, total, changes_at: self.time.changes_at(items, now) }
    }
}

/// All that an item says in words, folded, for `q`.
pub(crate) fn haystack<C: Collection>(item: &Item<C>) -> String {
    let mut words = String::new();
    let names = C::FIELDS.iter().map(|rule| rule.name).chain(item.extra.iter().map(|field| field.name.as_str()));
    for view in names.filter_map(|name| item.view(name)) {
        gather(view, &mut words);
    }
    fold(&words)
}

fn gather(view: View<'_>, words: &mut String) {
    if let View::Node(node) = view {
        return gather_node(node, words);
    }
    view.any(&[], &mut |scalar| {
        if let Scalar::Text(text) = scalar {
            words.push_str(text);
            words.push('\n');
        }
        false
    });
}

fn gather_node(node: &crate::value::Node, words: &mut String) {
    use crate::value::Value;
    match &node.value {
        Value::Text(text) => {
            words.push_str(text);
            words.push('\n');
        }
        Value::List(nodes) => nodes.iter().for_each(|node| gather_node(node, words)),
        Value::Map(fields) => fields.iter().for_each(|field| gather_node(&field.node, words)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests;
