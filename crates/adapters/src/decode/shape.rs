//! Where the list of items stands in a document.

use domain::fault::quote;
use domain::mistakes::{BAD_ZONE, NO_LIST, TWO_LISTS};
use domain::{Fault, Fields, Node, Value};
use jiff::tz::TimeZone;

/// The items of a document, and the zone that it names for their dates.
pub(super) struct Listing {
    pub(super) nodes: Vec<Node>,
    pub(super) zone: Option<TimeZone>,
}

/// Finds the list: the document itself, `items`, the collection's name, else the only list of objects.
pub(super) fn listing(root: Node, name: &str, faults: &mut Vec<Fault>) -> Result<Listing, Fault> {
    let at = root.at;
    let wanted = format!("write [ … ] or {{\"{name}\": [ … ]}}");
    let mut fields = match root.value {
        Value::List(nodes) => return Ok(Listing { nodes, zone: None }),
        Value::Map(fields) => fields,
        other => {
            return Err(Fault::new(&NO_LIST, at, format!("the file is {}, a list of items is wanted", other.kind()))
                .hint(wanted));
        }
    };
    let zone = zone(&mut fields).unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    let list = ["items", name].into_iter().find(|list| fields.get(list).is_some());
    let Some(list) = list.map(str::to_owned).map_or_else(|| only_list(&fields), |list| Ok(Some(list)))? else {
        return Err(Fault::new(&NO_LIST, at, "the file holds no list of items").hint(wanted));
    };
    match fields.remove(&list).map(|field| field.node) {
        Some(Node { value: Value::List(nodes), .. }) => Ok(Listing { nodes, zone }),
        Some(Node { value, at }) => {
            Err(Fault::new(&NO_LIST, at, format!("{} is {}, a list is wanted", quote(&list), value.kind()))
                .hint("put the items in [ ]; write [] for an empty list"))
        }
        None => Err(Fault::new(&NO_LIST, at, "the file holds no list of items").hint(wanted)),
    }
}

fn only_list(fields: &Fields) -> Result<Option<String>, Fault> {
    let is_object = |node: &Node| matches!(node.value, Value::Map(_));
    let is_list =
        |node: &Node| matches!(&node.value, Value::List(nodes) if nodes.is_empty() || nodes.iter().any(is_object));
    let mut lists = fields.iter().filter(|field| !field.name.starts_with(['_', '$']) && is_list(&field.node));
    match (lists.next(), lists.next()) {
        (Some(first), Some(second)) => Err(Fault::new(
            &TWO_LISTS,
            second.at,
            format!("both {} and {} could be the list of items", quote(&first.name), quote(&second.name)),
        )
        .hint("name the one that is meant `items`")),
        (first, _) => Ok(first.map(|field| field.name.clone())),
    }
}

fn zone(fields: &mut Fields) -> Result<Option<TimeZone>, Fault> {
    match fields.remove("timezone").map(|field| field.node) {
        None | Some(Node { value: Value::Null, .. }) => Ok(None),
        Some(Node { value: Value::Text(name), at }) => match domain::reader::zone(&name) {
            Some(zone) => Ok(Some(zone)),
            None => Err(Fault::new(&BAD_ZONE, at, format!("{} is not a time zone", quote(&name)))
                .hint(domain::reader::ZONE_HINT)),
        },
        Some(Node { value, at }) => {
            Err(Fault::new(&BAD_ZONE, at, format!("`timezone` is {}, text is wanted", value.kind()))
                .hint(domain::reader::ZONE_HINT))
        }
    }
}
