//! From bytes to items: the only place that knows a file format. Called on every changed document,
//! off the request path; each guard refuses the document before it can cost more than its size.

mod json;
mod shape;
mod text;
mod yaml;

use domain::{Collection, Fault, Items, Node, Position};
use jiff::tz::TimeZone;

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
/// One fault when the document must be refused whole; what is wrong with an item is in the [`Items`].
pub fn decode<C: Collection>(
    bytes: &[u8],
    format: Format,
    limits: &Limits,
    zone: &TimeZone,
) -> Result<Items<C>, Fault> {
    if bytes.len() as u64 > limits.max_bytes {
        return Err(too_large(limits));
    }
    let text = text::from_bytes(bytes)?;
    let budget = Budget { depth: limits.max_depth, values: (limits.max_bytes / BYTES_PER_VALUE).max(64) };
    let root = match format {
        Format::Json => json::parse(text, budget),
        Format::Yaml => yaml::parse(text, budget, limits.max_bytes),
    }?;
    let shape::Listing { nodes, zone: own } = shape::listing(root, C::NAME)?;
    if nodes.len() > limits.max_items {
        let at = nodes[limits.max_items].at;
        return Err(Fault::error(at, format!("the file has {} items, {} is the limit", nodes.len(), limits.max_items))
            .hint("split the content, or raise source.max_items"));
    }
    Ok(Items::read(nodes, own.as_ref().unwrap_or(zone)))
}

/// The fault of a document that is larger than it may be.
#[must_use]
pub fn too_large(limits: &Limits) -> Fault {
    Fault::error(Position::START, format!("the file is larger than {} bytes", limits.max_bytes))
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
            return Err(Fault::error(at, format!("the content nests deeper than {} levels", self.depth))
                .hint("flatten it, or raise source.max_depth"));
        }
        self.values = self
            .values
            .checked_sub(1)
            .ok_or_else(|| Fault::error(at, "the file holds too many values for its size").hint("split the content"))?;
        Ok(())
    }
}

/// Refuses an object in which a name stands twice, with both places.
fn unique(fields: Vec<domain::Field>) -> Result<domain::Fields, Fault> {
    let mut order: Vec<&domain::Field> = fields.iter().collect();
    order.sort_by(|a, b| a.name.cmp(&b.name).then(a.at.cmp(&b.at)));
    let twin = order.windows(2).filter(|pair| pair[0].name == pair[1].name).min_by_key(|pair| pair[1].at);
    if let Some([first, second]) = twin {
        let name = domain::fault::quote(&first.name);
        return Err(Fault::error(second.at, format!("the name {name} stands twice, first at {}", first.at))
            .hint("remove or rename one of them"));
    }
    Ok(domain::Fields::new(fields))
}

/// What a parser gives.
type Parsed = Result<Node, Fault>;

#[cfg(test)]
mod tests;
