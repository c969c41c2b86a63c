//! A document as a tree: every value as its author wrote it, with the place where it stands.

use std::cmp::Ordering;
use std::fmt;

use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::fault::Position;

/// A finite number, digit for digit as its author wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(Box<str>);

impl Number {
    /// Takes a number in JSON's grammar (RFC 8259 §6) that a 64-bit float can come near; `None` for all else.
    #[must_use]
    pub fn parse(digits: &str) -> Option<Self> {
        let grammar = digits.starts_with(|c: char| c == '-' || c.is_ascii_digit())
            && digits.ends_with(|c: char| c.is_ascii_digit())
            && serde_json::from_str::<&RawValue>(digits).is_ok();
        let finite = || digits.parse::<f64>().is_ok_and(f64::is_finite);
        (grammar && finite()).then(|| Self(digits.into()))
    }

    /// Orders numbers by value: whole ones exactly, others as 64-bit floats.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self.0.parse::<i128>(), other.0.parse::<i128>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            _ => self.float().total_cmp(&other.float()),
        }
    }

    fn float(&self) -> f64 {
        self.0.parse::<f64>().unwrap_or_default() + 0.0
    }

    /// Whether it is written without a fraction and an exponent.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.0.bytes().all(|c| c.is_ascii_digit() || c == b'-')
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(&self.0).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What was written.
    pub value: Value,
    /// Where its first character stands.
    pub at: Position,
}

/// What can be written. A number keeps every digit that its author gave it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number, digit for digit.
    Number(Number),
    /// Text.
    Text(String),
    /// Values in order.
    List(Vec<Node>),
    /// Named values in order.
    Map(Fields),
}

/// One named value.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The name.
    pub name: String,
    /// Where the name stands.
    pub at: Position,
    /// The value.
    pub node: Node,
}

/// Named values in the order of their author; no name stands twice.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields(Vec<Field>);

impl Fields {
    /// Takes fields whose names differ.
    #[must_use]
    pub fn new(fields: Vec<Field>) -> Self {
        Self(fields)
    }

    /// The fields, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        self.0.iter()
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.0.iter().find(|field| field.name == name).map(|field| &field.node)
    }

    /// Takes a field out.
    pub fn remove(&mut self, name: &str) -> Option<Field> {
        let index = self.0.iter().position(|field| field.name == name)?;
        Some(self.0.remove(index))
    }

    /// Drops, at every depth, the names that are private: those that start with `_` or `$`.
    pub fn drop_private(&mut self) {
        self.0.retain(|field| !field.name.starts_with(['_', '$']));
        self.0.iter_mut().for_each(|field| field.node.drop_private());
    }
}

impl Node {
    fn drop_private(&mut self) {
        match &mut self.value {
            Value::Map(fields) => fields.drop_private(),
            Value::List(nodes) => nodes.iter_mut().for_each(Self::drop_private),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
        }
    }
}

impl Value {
    /// The kind of value in words: "text", "a list".
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
        }
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(number) => number.serialize(serializer),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(nodes) => serializer.collect_seq(nodes),
            Value::Map(fields) => fields.serialize(serializer),
        }
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for field in &self.0 {
            map.serialize_entry(&field.name, &field.node)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn private_names_are_dropped_at_every_depth() {
        let mut node = Node::from(json!({"a": [{"_b": 1, "c": {"$d": 2, "e": 3}}], "_f": 4}));
        node.drop_private();
        assert_eq!(serde_json::to_value(&node).unwrap(), json!({"a": [{"c": {"e": 3}}]}));
    }

    #[test]
    fn a_number_leaves_with_every_digit() {
        for digits in ["9007199254740993", "1.10", "-0", "1e3", "0.1000000000000000055511151231257827"] {
            let node = Node { value: Value::Number(Number::parse(digits).unwrap()), at: Position::START };
            assert_eq!(serde_json::to_string(&node).unwrap(), digits);
        }
        for no_number in ["1e400", "NaN", "0123", "+1", "1.", ".5", "0x1F", "1_000", " 1", "1 ", "", "true", "-"] {
            assert_eq!(Number::parse(no_number), None, "{no_number}");
        }
    }
}
