//! Writes content as it is meant to be written, in place: the fields' own names, days in ISO form, an id for each item.
//! Nothing else of the text changes, and nothing at all if what is served would.

use std::collections::HashSet;

use domain::{Collection, Fault, Field, Id, Items, Node, Position, Rule, Value, When, when};
use jiff::tz::TimeZone;

use super::text::Places;
use super::{Format, Limits, decode, listed, text};

/// A document as it is meant to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// The document.
    pub bytes: Vec<u8>,
    /// What was changed, and where it stood.
    pub changes: Vec<(Position, String)>,
}

/// A piece of text in place of another.
struct Edit {
    at: Position,
    /// In bytes.
    offset: usize,
    /// Of what goes, in bytes.
    length: usize,
    new: String,
    told: String,
}

/// Fixes a document; a second time changes nothing. `None` where it must be refused whole, and where fixing it would
/// change or lose an item that is served.
#[must_use]
pub fn fix<C: Collection>(bytes: &[u8], format: Format, limits: &Limits, zone: &TimeZone) -> Option<Fixed> {
    let mut fixed = Fixed { bytes: bytes.to_vec(), changes: Vec::new() };
    // What can be read only now gets its id in a second reading.
    for _ in 0..2 {
        let text = text::from_bytes(&fixed.bytes).ok()?;
        let mark = fixed.bytes.len() - text.len();
        let nodes = listed(text, format, limits, C::NAME, &mut Vec::new()).ok()?;
        let own = nodes.zone.as_ref().unwrap_or(zone);
        let text = Text { text, places: Places::new(text), format };
        let mut edits = names::<C>(&nodes.nodes, own, &text);
        edits.extend(spelling::<C>(&nodes.nodes, own, &text));
        // What an alias repeats is written once.
        let place = |edit: &Edit| (edit.offset, edit.length);
        edits.sort_by_key(place);
        edits.dedup_by(|a, b| place(a) == place(b));
        for Edit { offset, length, new, .. } in edits.iter().rev() {
            let start = mark + offset;
            fixed.bytes.splice(start..start + length, new.bytes());
        }
        fixed.changes.extend(edits.into_iter().map(|edit| (edit.at, edit.told)));
    }
    let read = |bytes: &[u8]| decode::<C>(bytes, format, limits, zone);
    let kept = match (read(bytes), read(&fixed.bytes)) {
        (Ok(before), Ok(after)) => keeps(&before, &after),
        // What is refused may be fixed as far as it can be read.
        (Err(before), Err(after)) => refusals(&before) == refusals(&after),
        _ => false,
    };
    kept.then_some(fixed)
}

/// Whether every item is still served as it was.
fn keeps<C: Collection>(before: &Items<C>, after: &Items<C>) -> bool {
    let served = |item| serde_json::to_string(item).ok();
    before.list().iter().all(|item| after.get(&item.id.to_string()).is_some_and(|kept| served(kept) == served(item)))
}

fn refusals(faults: &[Fault]) -> Vec<&'static str> {
    faults.iter().map(|fault| fault.mistake.code).filter(|code| *code < "E040").collect()
}

/// A document's text, by place.
struct Text<'a> {
    text: &'a str,
    places: Places<'a>,
    format: Format,
}

impl Text<'_> {
    /// The quote and the length in bytes of what is written at a place, if it is `value` on one line.
    fn token(&self, at: Position, value: &str) -> Option<(usize, &'static str, usize)> {
        let offset = self.places.offset(at)?;
        let rest = self.text.get(offset..)?;
        let quote = match rest.chars().next()? {
            '"' => "\"",
            '\'' if self.format == Format::Yaml => "'",
            _ if self.format == Format::Yaml => "",
            _ => return None,
        };
        let written = rest[quote.len()..].strip_prefix(value)?.starts_with(quote);
        written.then_some((offset, quote, value.len() + 2 * quote.len()))
    }

    fn replace(&self, at: Position, value: &str, new: &str, told: String) -> Option<Edit> {
        let (offset, quote, length) = self.token(at, value)?;
        Some(Edit { at, offset, length, new: format!("{quote}{new}{quote}"), told })
    }

    /// Puts an id before the first field of an object.
    fn name(&self, item: &Node, first: &Field, id: &str) -> Option<Edit> {
        let offset = self.places.offset(item.at)?;
        let told = format!("the id `{id}` is written down");
        let edit = |offset, new| Some(Edit { at: item.at, offset, length: 0, new, told });
        if self.text[offset..].starts_with('{') {
            let gap = &self.text[offset + 1..self.places.offset(first.at)?];
            // Comments stay where they are.
            let gap = if gap.trim().is_empty() { gap } else { " " };
            let id = if self.format == Format::Json { format!("\"id\": \"{id}\",") } else { format!("id: \"{id}\",") };
            let new = if gap.is_empty() { format!("{id} ") } else { format!("{gap}{id}") };
            return edit(offset + 1, new);
        }
        let start = self.text[..offset].rfind('\n').map_or(0, |at| at + 1);
        let is_block = first.at == item.at && self.text[start..offset].chars().all(|c| matches!(c, ' ' | '-'));
        let end = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        let indent = " ".repeat(offset - start);
        is_block.then(|| edit(offset, format!("id: \"{id}\"{end}{indent}")))?
    }
}

/// The fields' own names, and days in ISO form.
fn spelling<C: Collection>(nodes: &[Node], zone: &TimeZone, text: &Text<'_>) -> Vec<Edit> {
    let read = |rule: &Rule, node: &Node| {
        let Value::Map(fields) = &node.value else { return Vec::new() };
        let says = |name: &str| fields.iter().find(|field| field.name == name && field.node.value != Value::Null);
        let Some(field) = [rule.name].iter().chain(rule.aliases).find_map(|name| says(name)) else { return Vec::new() };
        let mut edits = Vec::new();
        if field.name != rule.name && fields.get(rule.name).is_none() {
            let told = format!("`{}` is `{}` now", field.name, rule.name);
            edits.extend(text.replace(field.at, &field.name, rule.name, told));
        }
        if rule.kind == domain::Kind::When
            && let Value::Text(written) = &field.node.value
            && When::parse(written, zone).is_err()
            && let Some(iso) = when::iso_form(written).filter(|iso| When::parse(iso, zone).is_ok())
        {
            edits.extend(text.replace(field.node.at, written, &iso, format!("`{written}` is {iso} now")));
        }
        edits
    };
    nodes.iter().flat_map(|node| C::FIELDS.iter().flat_map(move |rule| read(rule, node))).collect()
}

/// An id for each item that has none.
fn names<C: Collection>(nodes: &[Node], zone: &TimeZone, text: &Text<'_>) -> Vec<Edit> {
    let made = Items::<C>::made_ids(nodes.to_vec(), zone);
    let given = nodes.iter().filter_map(|node| match &node.value {
        Value::Map(fields) => fields.get("id"),
        _ => None,
    });
    let taken: HashSet<&str> =
        given.filter_map(|node| if let Value::Text(id) = &node.value { Some(id.as_str()) } else { None }).collect();
    let mut items = nodes.iter();
    let write = |(at, id): (Position, Id)| {
        let item = items.find(|node| node.at == at)?;
        let Value::Map(fields) = &item.value else { return None };
        let is_free = fields.get("id").is_none() && !taken.contains(id.to_string().as_str());
        let first = fields.iter().next().filter(|_| is_free)?;
        text.name(item, first, &id.to_string())
    };
    made.into_iter().filter_map(write).collect()
}

#[cfg(test)]
mod tests;
