//! From bytes to items: the only place that knows a file format. Called on every changed document,
//! off the request path; each guard refuses the document before it can cost more than its size.

mod fix;
mod json;
mod mend;
mod shape;
mod text;
mod yaml;

use std::collections::HashSet;

use domain::fault::quote;
use domain::mistakes::{DUPLICATE_NAME, TOO_DEEP, TOO_LARGE, TOO_MANY_ITEMS, TOO_MANY_VALUES};
use domain::{Collection, Fault, Field, Fields, Items, Node, Position};
use jiff::tz::TimeZone;
use mend::{Mended, Mending};

pub use fix::{Fixed, fix};

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON (RFC 8259, without duplicate names: RFC 7493 §2.3).
    Json,
    /// YAML 1.2, core schema, with the `<<` merge key.
    Yaml,
}

impl Format {
    /// The endings of file names, in the order in which a store is searched.
    pub const ENDINGS: [(&str, Self); 3] = [("json", Self::Json), ("yaml", Self::Yaml), ("yml", Self::Yaml)];

    /// Its media type (RFC 8259, RFC 9512).
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Yaml => "application/yaml",
        }
    }
}

/// What a document may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in the document.
    pub max_bytes: u64,
    /// Items in its list.
    pub max_items: usize,
    /// Lists and objects within one another.
    pub max_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 5 * 1024 * 1024, max_items: 10_000, max_depth: 64 }
    }
}

/// Fewer bytes a value than this, at the size limit, is no content but an attempt on the memory.
const BYTES_PER_VALUE: u64 = 16;

/// Reads a document. Dates that name no zone are in the file's `timezone`, else in `zone`.
///
/// # Errors
/// Every fault of a document that must be refused whole: first those that refuse it, then those of its items, as far as
/// they can be told. Where the document is sound, what is wrong with an item is in the [`Items`].
pub fn decode<C: Collection>(
    bytes: &[u8],
    format: Format,
    limits: &Limits,
    zone: &TimeZone,
) -> Result<Items<C>, Vec<Fault>> {
    let mut faults = Vec::new();
    match read(bytes, format, limits, zone, &mut faults) {
        Ok(items) if faults.is_empty() => Ok(items),
        Ok(items) => Err(together(faults, items)),
        Err(last) => Err(faults.into_iter().chain([last]).collect()),
    }
}

/// Every finding in a document, in its order: what refuses it, what costs an item, what its author should know. Where a
/// slip ends the reading, the rest is read as if it were mended.
#[must_use]
pub fn examine<C: Collection>(bytes: &[u8], format: Format, limits: &Limits, zone: &TimeZone) -> Vec<Fault> {
    let mut found = match decode::<C>(bytes, format, limits, zone) {
        Ok(items) => items.into_faults(),
        Err(faults) => read_on::<C>(bytes, format, limits, zone).unwrap_or(faults),
    };
    found.sort_by_key(|fault| fault.at);
    found
}

/// Every finding in a document that cannot be read to its end, if it can be mended.
fn read_on<C: Collection>(bytes: &[u8], format: Format, limits: &Limits, zone: &TimeZone) -> Option<Vec<Fault>> {
    let mut mended = Mended::new(text::from_bytes(bytes).ok()?.to_owned(), format);
    let mut found = Vec::new();
    loop {
        let mut faults = Vec::new();
        let (faults, last) = match read::<C>(mended.text.as_bytes(), format, limits, zone, &mut faults) {
            Ok(items) => (together(faults, items), None),
            Err(last) => (faults, Some(last)),
        };
        match last.map(|last| (mended.mend(&last), last)) {
            Some((Mending::Done, last)) => found.push(last),
            Some((Mending::Again, _)) => {}
            end => {
                found.extend(faults.into_iter().filter(|fault| mended.is_true(fault)));
                found.extend(end.and_then(|(mending, last)| (mending == Mending::Impossible).then_some(last)));
                return Some(found);
            }
        }
    }
}

/// The faults that refuse a document and those of its items. A value that was refused is not told of again as a field.
fn together<C: Collection>(mut faults: Vec<Fault>, items: Items<C>) -> Vec<Fault> {
    let refused: HashSet<Position> = faults.iter().map(|fault| fault.at).collect();
    faults.extend(items.into_faults().into_iter().filter(|fault| !refused.contains(&fault.at)));
    faults
}

/// Reads on past `faults` that refuse the document and do not hide the rest.
fn read<C: Collection>(
    bytes: &[u8],
    format: Format,
    limits: &Limits,
    zone: &TimeZone,
    faults: &mut Vec<Fault>,
) -> Result<Items<C>, Fault> {
    if bytes.len() as u64 > limits.max_bytes {
        return Err(too_large(limits));
    }
    let text = text::from_bytes(bytes)?;
    let shape::Listing { nodes, zone: own } = listed(text, format, limits, C::NAME, faults)?;
    if let Some(beyond) = nodes.get(limits.max_items) {
        let message = format!("the file has {} items, {} is the limit", nodes.len(), limits.max_items);
        return Err(
            Fault::new(&TOO_MANY_ITEMS, beyond.at, message).hint("split the content, or raise source.max_items")
        );
    }
    Ok(Items::read(nodes, own.as_ref().unwrap_or(zone)))
}

/// The items of a document, as they stand in it.
fn listed(
    text: &str,
    format: Format,
    limits: &Limits,
    name: &str,
    faults: &mut Vec<Fault>,
) -> Result<shape::Listing, Fault> {
    let budget = Budget { depth: limits.max_depth, values: (limits.max_bytes / BYTES_PER_VALUE).max(64) };
    let root = match format {
        Format::Json => json::parse(text, budget, faults),
        Format::Yaml => yaml::parse(text, budget, limits.max_bytes, faults),
    }?;
    shape::listing(root, name, faults)
}

/// The fault of a document that is larger than it may be.
#[must_use]
pub fn too_large(limits: &Limits) -> Fault {
    Fault::new(&TOO_LARGE, Position::START, format!("the file is larger than {} bytes", limits.max_bytes))
        .hint("shorten it, or raise source.max_bytes")
}

/// What remains of a document's allowance while it is read.
#[derive(Debug, Clone, Copy)]
struct Budget {
    depth: usize,
    values: u64,
}

impl Budget {
    /// Takes one value, `depth` levels deep, out of the allowance.
    fn spend(&mut self, depth: usize, at: Position) -> Result<(), Fault> {
        if depth > self.depth {
            return Err(Fault::new(&TOO_DEEP, at, format!("the content nests deeper than {} levels", self.depth))
                .hint("flatten it, or raise source.max_depth"));
        }
        self.values = self.values.checked_sub(1).ok_or_else(|| {
            Fault::new(&TOO_MANY_VALUES, at, "the file holds too many values for its size").hint("split the content")
        })?;
        Ok(())
    }
}

/// Notes every name that stands twice in an object, with both places; the first of them is kept.
fn unique(mut fields: Vec<Field>, faults: &mut Vec<Fault>) -> Fields {
    let mut order: Vec<&Field> = fields.iter().collect();
    order.sort_by(|a, b| a.name.cmp(&b.name).then(a.at.cmp(&b.at)));
    let again = |pair: &&[&Field]| pair[0].name == pair[1].name;
    let mut twins: Vec<Fault> = order
        .windows(2)
        .filter(again)
        .map(|pair| {
            let message = format!("the name {} stands twice, first at {}", quote(&pair[0].name), pair[0].at);
            Fault::new(&DUPLICATE_NAME, pair[1].at, message).hint("remove or rename one of them")
        })
        .collect();
    if !twins.is_empty() {
        let mut seen = HashSet::new();
        fields.retain(|field| seen.insert(field.name.clone()));
        twins.sort_by_key(|twin| twin.at);
        faults.append(&mut twins);
    }
    Fields::new(fields)
}

/// What a parser gives.
type Parsed = Result<Node, Fault>;

#[cfg(test)]
mod tests;
