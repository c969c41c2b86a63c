//! The shapes of what is sent, as JSON Schema (2020-12).

use domain::{Kind, Rule};
use serde_json::{Map, Value as Json, json};
use utoipa::openapi::ComponentsBuilder;

use super::Described;
use crate::error::{Document, ParameterError};
use crate::representation::{Links, Meta};

/// The schemas of every collection and of what surrounds them.
pub(super) fn components(collections: &[Described]) -> Json {
    let shared = ComponentsBuilder::new()
        .schema_from::<Document>()
        .schema_from::<ParameterError>()
        .schema_from::<Meta>()
        .schema_from::<Links>()
        .build();
    let mut schemas = serde_json::to_value(shared.schemas).unwrap_or_default();
    for described in collections {
        let name = described.name;
        schemas[format!("{name}-item")] = item(described);
        schemas[format!("{name}-list")] = json!({
            "type": "object",
            "required": ["items", "meta", "links"],
            "properties": {
                "items": {"type": "array", "items": {"type": "object"}, "description": format!("Items of {name}, or those of their fields that `fields` names.")},
                "meta": {"$ref": "#/components/schemas/Meta"},
                "links": {"$ref": "#/components/schemas/Links"},
            },
        });
    }
    schemas
}

/// One item as it is served.
pub(super) fn item(described: &Described) -> Json {
    let id = json!({"type": ["string", "integer"], "description": "Its name within the collection.", "examples": [1, "bal-trad"]});
    let properties: Map<String, Json> = [("id".to_owned(), id)]
        .into_iter()
        .chain(described.rules.iter().map(|rule| (rule.name.to_owned(), property(rule))))
        .collect();
    let required: Vec<&str> =
        ["id"].into_iter().chain(described.rules.iter().filter(|rule| rule.required).map(|rule| rule.name)).collect();
    json!({
        "title": format!("An item of {}", described.name),
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": true,
        "examples": [example(described)],
    })
}

/// An item with every field.
pub(super) fn example(described: &Described) -> Json {
    let fields = described.rules.iter().map(|rule| (rule.name.to_owned(), value(rule)));
    Json::Object([("id".to_owned(), json!(1))].into_iter().chain(fields).collect())
}

fn property(rule: &Rule) -> Json {
    let mut schema = kind(rule.kind);
    schema["description"] = json!(rule.about);
    schema["examples"] = json!([value(rule)]);
    schema
}

fn value(rule: &Rule) -> Json {
    serde_json::from_str(rule.example).unwrap_or_default()
}

/// What a field of a kind looks like when it leaves.
fn kind(kind: Kind) -> Json {
    match kind {
        Kind::Text => json!({"type": "string"}),
        Kind::When => json!({"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]}),
        Kind::Texts => json!({"type": "array", "items": {"type": "string"}}),
        Kind::TextOrObject => json!({"type": ["string", "object"]}),
        Kind::Number => json!({"type": "number"}),
        Kind::Flag => json!({"type": "boolean"}),
    }
}
