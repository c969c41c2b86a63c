//! Short ways to a tree for tests, without a file and its format.
#![expect(clippy::expect_used, reason = "a test that cannot build its input has failed")]

use crate::value::Number;
use crate::{Field, Fields, Node, Position, Value};

impl From<serde_json::Value> for Node {
    fn from(json: serde_json::Value) -> Self {
        let at = Position::START;
        let value = match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(value),
            serde_json::Value::Number(number) => {
                Value::Number(Number::parse(&number.to_string()).expect("JSON numbers are numbers"))
            }
            serde_json::Value::String(text) => Value::Text(text),
            serde_json::Value::Array(list) => Value::List(list.into_iter().map(Self::from).collect()),
            serde_json::Value::Object(map) => Value::Map(Fields::new(
                map.into_iter().map(|(name, json)| Field { name, at, node: json.into() }).collect(),
            )),
        };
        Self { value, at }
    }
}

/// The nodes of a JSON array.
///
/// # Panics
/// When `json` is not an array.
#[must_use]
pub fn nodes(json: serde_json::Value) -> Vec<Node> {
    match Node::from(json).value {
        Value::List(nodes) => nodes,
        other => panic!("a list is wanted, not {}", other.kind()),
    }
}
