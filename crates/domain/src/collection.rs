//! What makes a collection, and its items as they are served.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::fault::{Fault, Position, Severity, quote};
use crate::id::Id;
use crate::mistakes::{DUPLICATE_ID, NO_OBJECT};
use crate::query;
use crate::reader::Reader;
use crate::rule::Rule;
use crate::value::{Fields, Node, Value};
use crate::view::View;

/// A kind of content: its name and the rules of one item.
pub trait Collection: Serialize + Send + Sync + Sized + 'static {
    /// The name in URLs, of the file, and of the list within the file: `events`.
    const NAME: &'static str;

    /// The fields of the model, in the order in which they leave.
    const FIELDS: &'static [Rule];

    /// Whether items take place: they have a [`Collection::span`].
    const TIMED: bool = false;

    /// Reads the fields of an item, its `id` apart. `None`, or any fault that the reader has noted, costs the item.
    fn read(fields: &mut Reader) -> Option<Self>;

    /// What an item calls itself, and what an id that its author left out begins with.
    fn label(&self) -> &str;

    /// What tells this item from the others when its author gave it no id; an id follows it, so
    /// leave out what may be edited later.
    fn identity(&self) -> String;

    /// The value of one of [`Collection::FIELDS`].
    fn view(&self, field: &str) -> Option<View<'_>>;

    /// When an item begins, and when it is over.
    fn span(&self) -> Option<(Timestamp, Timestamp)> {
        None
    }

    /// The default order; items that are equal stay as in the file.
    fn order(_: &Self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

/// One item as it is served: its id, the fields of its model, and all else that its author wrote.
#[derive(Debug, Clone, Serialize)]
pub struct Item<C> {
    /// Its name within the collection.
    pub id: Id,
    /// What the model knows.
    #[serde(flatten)]
    pub model: C,
    /// What passes through.
    #[serde(flatten)]
    pub extra: Fields,
}

/// The items of one version of a collection in default order, found by id, with what was left out and why.
#[derive(Debug)]
pub struct Items<C> {
    list: Vec<Item<C>>,
    by_id: HashMap<String, usize>,
    skipped: usize,
    faults: Vec<Fault>,
    zone: TimeZone,
    extra_names: BTreeSet<String>,
    /// What each item says in words, folded; made when it is first searched.
    haystacks: OnceLock<Vec<String>>,
}

impl<C: Collection> Item<C> {
    /// The value of a field: the id, one of the model's, or one that passes through.
    #[must_use]
    pub fn view(&self, field: &str) -> Option<View<'_>> {
        match field {
            "id" => Some(View::Id(&self.id)),
            _ => self.model.view(field).or_else(|| self.extra.get(field).map(View::Node)),
        }
    }
}

impl<C: Collection> Items<C> {
    /// Reads every node as an item. One that is wrong is left out and reported; the others are served.
    #[must_use]
    pub fn read(nodes: Vec<Node>, zone: &TimeZone) -> Self {
        let total = nodes.len();
        let mut faults = Vec::new();
        let mut drafts: Vec<Draft<C>> =
            nodes.into_iter().filter_map(|node| Draft::read(node, zone, &mut faults)).collect();
        name(&mut drafts);

        let mut taken: HashMap<String, Position> = HashMap::new();
        let mut list = Vec::with_capacity(drafts.len());
        for Draft { at, id, model, extra } in drafts {
            let Some(id) = id else { continue };
            match taken.get(&id.to_string()) {
                Some(first) => faults.push(
                    Fault::new(
                        &DUPLICATE_ID,
                        at,
                        format!("the id {} is taken by the item at {first}", quote(&id.to_string())),
                    )
                    .hint("give each item an id of its own"),
                ),
                None => {
                    taken.insert(id.to_string(), at);
                    list.push(Item { id, model, extra });
                }
            }
        }
        list.sort_by(|a, b| C::order(&a.model, &b.model));
        faults.sort_by_key(|fault| fault.at);
        let by_id = list.iter().enumerate().map(|(index, item)| (item.id.to_string(), index)).collect();
        let extra_names = list.iter().flat_map(|item| item.extra.iter()).map(|field| field.name.clone()).collect();
        let (skipped, zone) = (total - list.len(), zone.clone());
        Self { list, by_id, skipped, faults, zone, extra_names, haystacks: OnceLock::new() }
    }

    /// The ids that are made for items without one, and where these stand.
    #[must_use]
    pub fn made_ids(nodes: Vec<Node>, zone: &TimeZone) -> Vec<(Position, Id)> {
        let read = |node| Draft::<C>::read(node, zone, &mut Vec::new());
        let mut drafts: Vec<_> = nodes.into_iter().filter_map(read).collect();
        let lacking: Vec<bool> = drafts.iter().map(|draft| draft.id.is_none()).collect();
        name(&mut drafts);
        let made = drafts.into_iter().zip(lacking).filter(|(_, lacking)| *lacking);
        made.filter_map(|(draft, _)| Some((draft.at, draft.id?))).collect()
    }

    /// The same items with findings about their document as a whole.
    #[must_use]
    pub fn with_warnings(mut self, warnings: impl IntoIterator<Item = Fault>) -> Self {
        self.faults.extend(warnings);
        self
    }

    /// The items in default order.
    #[must_use]
    pub fn list(&self) -> &[Item<C>] {
        &self.list
    }

    /// The item of an id; `1` finds `1` and `"1"`.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Item<C>> {
        self.by_id.get(id).and_then(|index| self.list.get(*index))
    }

    /// The zone of dates that name none.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The names of all fields that pass through.
    #[must_use]
    pub fn extra_names(&self) -> &BTreeSet<String> {
        &self.extra_names
    }

    /// Makes ready what a search for words looks into. Without it the first search does, and is slower.
    pub fn index(&self) {
        self.haystacks();
    }

    /// What each item says in words, folded, in the order of the list.
    pub(crate) fn haystacks(&self) -> &[String] {
        self.haystacks.get_or_init(|| self.list.iter().map(query::haystack).collect())
    }

    /// How many items were left out.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// What is left of items that are not to be served: every fault.
    #[must_use]
    pub fn into_faults(self) -> Vec<Fault> {
        self.faults
    }

    /// Every fault, in the order of the document.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

/// An item that may still lack its id.
struct Draft<C> {
    at: Position,
    id: Option<Id>,
    model: C,
    extra: Fields,
}

impl<C: Collection> Draft<C> {
    fn read(node: Node, zone: &TimeZone, faults: &mut Vec<Fault>) -> Option<Self> {
        let at = node.at;
        let mut fields = match node.value {
            Value::Map(fields) => fields,
            other => {
                faults.push(
                    Fault::new(&NO_OBJECT, at, format!("an item is {}, an object is wanted", other.kind()))
                        .hint("write its fields, each with its name"),
                );
                return None;
            }
        };
        fields.drop_private();
        let mut reader = Reader::new(fields, at, zone.clone(), C::FIELDS);
        let id = reader.id();
        let model = C::read(&mut reader);
        let (extra, found) = reader.finish();
        let sound = found.iter().all(|fault| fault.severity() != Severity::Error);
        faults.extend(found);
        model.filter(|_| sound).map(|model| Self { at, id, model, extra })
    }
}

/// Gives an id to every draft without one. Two that tell the same of themselves are told apart by all that they say.
fn name<C: Collection>(drafts: &mut [Draft<C>]) {
    let identities: Vec<String> = drafts.iter().map(|draft| draft.model.identity()).collect();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (draft, identity) in drafts.iter().zip(&identities) {
        if draft.id.is_none() {
            *seen.entry(identity).or_default() += 1;
        }
    }
    for (draft, identity) in drafts.iter_mut().zip(&identities).filter(|(draft, _)| draft.id.is_none()) {
        let whole =
            (seen[identity.as_str()] > 1).then(|| serde_json::to_string(&(&draft.model, &draft.extra)).ok()).flatten();
        let identity = format!("{}\n{}", C::NAME, whole.as_ref().unwrap_or(identity));
        draft.id = Some(Id::derived(draft.model.label(), &identity));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::Faq;
    use crate::testing::nodes;

    fn read(json: Json) -> Items<Faq> {
        Items::read(nodes(json), &TimeZone::UTC)
    }

    fn ids(items: &Items<Faq>) -> Vec<String> {
        items.list().iter().map(|item| item.id.to_string()).collect()
    }

    #[test]
    fn an_id_keeps_its_type_and_is_found_by_its_text() {
        let items = read(json!([{"id": 1, "q": "a", "a": "b"}, {"id": "2", "q": "c", "a": "d"}]));
        assert_eq!(serde_json::to_value(items.list()).unwrap()[0]["id"], json!(1));
        assert_eq!(serde_json::to_value(items.list()).unwrap()[1]["id"], json!("2"));
        assert!(items.get("1").is_some() && items.get("2").is_some() && items.get("3").is_none());
    }

    #[test]
    fn a_second_item_of_an_id_is_left_out_with_both_positions_named() {
        let items = read(json!([{"id": 1, "q": "a", "a": "b"}, {"id": "1", "q": "c", "a": "d"}]));
        assert_eq!((items.list().len(), items.skipped()), (1, 1));
        assert_eq!(items.faults()[0].message, "the id `1` is taken by the item at 1:1");
    }

    #[test]
    fn a_derived_id_does_not_follow_the_position() {
        let (a, b) = (json!({"q": "Où ?", "a": "Ici"}), json!({"q": "Quand ?", "a": "Demain"}));
        let (one, two) = (read(json!([a, b])), read(json!([b, a])));
        let reversed: Vec<_> = ids(&two).into_iter().rev().collect();
        assert_eq!(ids(&one), reversed);
        assert!(ids(&one)[0].starts_with("ou-"), "{:?}", ids(&one));
    }

    #[test]
    fn items_that_say_the_same_of_themselves_are_told_apart_wherever_they_stand() {
        let (a, b) = (json!({"q": "Où ?", "a": "Ici"}), json!({"q": "Où ?", "a": "Là"}));
        let (one, two) = (read(json!([a, b])), read(json!([b, a])));
        assert_eq!(one.skipped(), 0);
        assert_eq!(ids(&one)[0], ids(&two)[1]);
        assert_eq!(read(json!([a, a])).skipped(), 1, "the same item twice is one item too many");
    }

    #[test]
    fn a_wrong_item_is_left_out_and_the_others_are_served() {
        let items = read(json!([{"q": "a"}, 7, {"q": "c", "a": "d"}, {"id": {}, "q": "e", "a": "f"}]));
        assert_eq!((items.list().len(), items.skipped()), (1, 3));
        let messages: Vec<_> = items.faults().iter().map(|fault| fault.message.as_ref()).collect();
        assert_eq!(
            messages,
            [
                "`answer` is missing",
                "an item is a number, an object is wanted",
                "`id` is an object, text or a whole number is wanted"
            ]
        );
    }

    #[test]
    fn every_fault_of_an_item_is_noted_at_once() {
        let items = read(json!([{"question": "", "answer": 4, "tags": [1], "order": "x", "id": 1.5}]));
        let messages: Vec<_> = items.faults().iter().map(|fault| fault.message.as_ref()).collect();
        assert_eq!(
            messages,
            [
                "`id` is 1.5, not a whole number",
                "`question` is empty",
                "`answer` is a number, text is wanted",
                "`order` is text, a number is wanted",
                "an entry of `tags` is a number, text is wanted",
            ]
        );
    }
}
