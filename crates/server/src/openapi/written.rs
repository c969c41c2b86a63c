//! The shape of a file as its author may write it, as JSON Schema (2020-12): what an editor completes and underlines by.
//! It says what the decoder says, but for what no schema can: `docs/content.md` lists the rules that are left to `check`.

use domain::{Kind, Rule};
use serde_json::{Map, Value as Json, json};

use super::{Described, schemas};

/// A day, or a day and a time, with or without an offset, as [`domain::When`] reads them.
const WHEN: &str = concat!(
    r"^\s*[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
    r"([ Tt]([01][0-9]|2[0-3]):[0-5][0-9](:([0-5][0-9]|60)(\.[0-9]{1,9})?)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?)?\s*$",
);
/// Something besides spaces.
const SAYS_SOMETHING: &str = r"\S";

/// A file of a collection; `$defs/item` is one item.
#[must_use]
pub fn file(described: &Described) -> Json {
    let name = described.name;
    let items = json!({"type": "array", "items": {"$ref": "#/$defs/item"}});
    let list = |list: &str| json!({"required": [list], "properties": {list: items}});
    // Any other name will do for the only list of objects.
    let is_list = json!({"type": "array", "anyOf": [{"maxItems": 0}, {"contains": {"type": "object"}}]});
    let other = json!({
        "not": {"patternProperties": {"^[^_$]": {"not": is_list}}},
        "patternProperties": {"^[^_$]": {"if": is_list, "then": items}},
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("/schemas/{name}.json"),
        "title": format!("A file of {name}"),
        "type": ["array", "object"],
        "if": {"type": "array"},
        "then": {"items": {"$ref": "#/$defs/item"}},
        "else": {
            "properties": {
                "items": {"description": "The list."},
                name: {"description": "The list, where there are no `items`."},
                "timezone": {"type": ["string", "null"], "description": "The IANA name of the zone of dates that name none.", "examples": ["Europe/Paris"]},
            },
            "if": {"required": ["items"]},
            "then": list("items"),
            "else": {"if": {"required": [name]}, "then": list(name), "else": other},
        },
        "$defs": {"item": item(described)},
    })
}

fn item(described: &Described) -> Json {
    let id = json!({
        "type": ["string", "integer", "null"],
        "pattern": SAYS_SOMETHING,
        "description": "Its name within the collection; made from its content where there is none.",
        "examples": [1, "bal-trad"],
    });
    let mut properties = Map::from_iter([("id".to_owned(), id)]);
    let mut conditions = Vec::new();
    for rule in described.rules {
        properties.insert(rule.name.to_owned(), property(rule));
        for alias in rule.aliases {
            let about = format!("{} Another name of `{}`.", rule.about, rule.name);
            properties.insert((*alias).to_owned(), json!({"description": about}));
        }
        if rule.required || !rule.aliases.is_empty() {
            conditions.push(named(rule));
        }
    }
    json!({
        "title": format!("An item of {}", described.name),
        "type": "object",
        "properties": properties,
        "allOf": conditions,
        "examples": [schemas::example(described)],
    })
}

/// What holds where the field's own name says nothing: the first of the others that says something is read.
fn named(rule: &Rule) -> Json {
    let says = |name: &str| json!({"required": [name], "properties": {name: {"not": {"type": "null"}}}});
    // Where even the last says nothing, the field is missing.
    let missing = if rule.required { says(rule.name) } else { json!(true) };
    let others = rule.aliases.iter().rev().fold(
        missing,
        |rest, alias| json!({"if": says(alias), "then": {"properties": {*alias: kind(rule)}}, "else": rest}),
    );
    json!({"if": {"not": says(rule.name)}, "then": others})
}

fn property(rule: &Rule) -> Json {
    let mut schema = json!({"anyOf": [kind(rule), {"type": "null"}], "description": rule.about});
    schema["examples"] = json!([serde_json::from_str::<Json>(rule.example).unwrap_or_default()]);
    schema
}

/// What may be written in a field. Editors show `patternErrorMessage`; others pass over it.
fn kind(rule: &Rule) -> Json {
    match rule.kind {
        Kind::Text if rule.required => {
            json!({"type": "string", "pattern": SAYS_SOMETHING, "patternErrorMessage": "Give it a value."})
        }
        Kind::Text => json!({"type": "string"}),
        Kind::When => {
            json!({"type": "string", "pattern": WHEN, "patternErrorMessage": "Write 2026-02-05 or 2026-02-05 18:00."})
        }
        Kind::Texts => json!({"type": ["array", "string"], "items": {"type": "string"}}),
        Kind::TextOrObject => json!({"type": ["string", "object"]}),
        Kind::Number => json!({"type": "number"}),
        Kind::Flag => json!({"type": "boolean"}),
    }
}

#[cfg(test)]
mod tests;
