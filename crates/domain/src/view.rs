//! A field of an item, whatever its type, as a query sees it.

use std::cmp::Ordering;

use serde::{Serialize, Serializer};

use crate::id::Id;
use crate::value::{Node, Number, Value};
use crate::when::When;

/// What a field of a model holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A date or a moment.
    When,
    /// Texts in order.
    Texts,
    /// Text or an object.
    TextOrObject,
    /// A number.
    Number,
    /// True or false.
    Flag,
}

/// A field's value, borrowed.
#[derive(Debug, Clone, Copy)]
pub enum View<'a> {
    /// An id.
    Id(&'a Id),
    /// Text.
    Text(&'a str),
    /// A date or a moment.
    When(&'a When),
    /// Texts in order.
    Texts(&'a [String]),
    /// A number.
    Number(&'a Number),
    /// True or false.
    Flag(bool),
    /// Anything that passes through.
    Node(&'a Node),
}

/// A value that can be compared.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scalar<'a> {
    Flag(bool),
    Number(&'a Number),
    When(&'a When),
    Text(&'a str),
}

/// What has a view, if it is there.
pub trait AsView {
    /// The view; `None` for a value that is absent.
    fn view(&self) -> Option<View<'_>>;
}

impl AsView for String {
    fn view(&self) -> Option<View<'_>> {
        Some(View::Text(self))
    }
}

impl AsView for When {
    fn view(&self) -> Option<View<'_>> {
        Some(View::When(self))
    }
}

impl AsView for Node {
    fn view(&self) -> Option<View<'_>> {
        Some(View::Node(self))
    }
}

impl AsView for Number {
    fn view(&self) -> Option<View<'_>> {
        Some(View::Number(self))
    }
}

impl AsView for bool {
    fn view(&self) -> Option<View<'_>> {
        Some(View::Flag(*self))
    }
}

impl AsView for Vec<String> {
    fn view(&self) -> Option<View<'_>> {
        (!self.is_empty()).then_some(View::Texts(self))
    }
}

impl<T: AsView> AsView for Option<T> {
    fn view(&self) -> Option<View<'_>> {
        self.as_ref().and_then(AsView::view)
    }
}

impl<'a> View<'a> {
    /// Calls `visit` with every scalar at `path` within this value, lists unfolded, until it returns true.
    pub(crate) fn any(self, path: &[String], visit: &mut impl FnMut(Scalar<'a>) -> bool) -> bool {
        match self {
            View::Node(node) => any_of(node, path, visit),
            _ if !path.is_empty() => false,
            View::Id(Id::Number(number)) | View::Number(number) => visit(Scalar::Number(number)),
            View::Id(Id::Text(text)) => visit(Scalar::Text(text)),
            View::Text(text) => visit(Scalar::Text(text)),
            View::When(when) => visit(Scalar::When(when)),
            View::Flag(flag) => visit(Scalar::Flag(flag)),
            View::Texts(texts) => texts.iter().any(|text| visit(Scalar::Text(text))),
        }
    }

    /// Whether something that is not null stands at `path`.
    pub(crate) fn exists(self, path: &[String]) -> bool {
        match (self, path.split_first()) {
            (View::Node(node), _) => stands(node, path),
            (_, rest) => rest.is_none(),
        }
    }
}

fn any_of<'a>(node: &'a Node, path: &[String], visit: &mut impl FnMut(Scalar<'a>) -> bool) -> bool {
    match (&node.value, path.split_first()) {
        (Value::List(nodes), _) => nodes.iter().any(|node| any_of(node, path, visit)),
        (Value::Map(fields), Some((name, rest))) => fields.get(name).is_some_and(|node| any_of(node, rest, visit)),
        (_, Some(_)) | (Value::Null | Value::Map(_), None) => false,
        (Value::Bool(flag), None) => visit(Scalar::Flag(*flag)),
        (Value::Number(number), None) => visit(Scalar::Number(number)),
        (Value::Text(text), None) => visit(Scalar::Text(text)),
    }
}

fn stands(node: &Node, path: &[String]) -> bool {
    match (&node.value, path.split_first()) {
        (value, None) => *value != Value::Null,
        (Value::Map(fields), Some((name, rest))) => fields.get(name).is_some_and(|node| stands(node, rest)),
        (Value::List(nodes), Some(_)) => nodes.iter().any(|node| stands(node, path)),
        _ => false,
    }
}

impl Scalar<'_> {
    /// Orders scalars of one kind by value, texts as people do, and different kinds apart.
    pub(crate) fn compare(self, other: Self) -> Ordering {
        let rank = |scalar: &Self| match scalar {
            Self::Flag(_) => 0,
            Self::Number(_) => 1,
            Self::When(_) => 2,
            Self::Text(_) => 3,
        };
        match (self, other) {
            (Self::Flag(a), Self::Flag(b)) => a.cmp(&b),
            (Self::Number(a), Self::Number(b)) => a.compare(b),
            (Self::When(a), Self::When(b)) => a.instant().cmp(&b.instant()),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (a, b) => rank(&a).cmp(&rank(&b)),
        }
    }
}

impl Serialize for View<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            View::Id(id) => id.serialize(serializer),
            View::Text(text) => serializer.serialize_str(text),
            View::When(when) => when.serialize(serializer),
            View::Texts(texts) => texts.serialize(serializer),
            View::Number(number) => number.serialize(serializer),
            View::Flag(flag) => serializer.serialize_bool(*flag),
            View::Node(node) => node.serialize(serializer),
        }
    }
}
