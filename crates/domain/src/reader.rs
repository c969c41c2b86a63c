//! Reads one item field by field and notes every fault on the way, so that all are heard of at once.

use jiff::tz::TimeZone;

use crate::fault::{Fault, Position, cut, quote};
use crate::id::Id;
use crate::rule::Rule;
use crate::value::{Field, Fields, Node, Number, Value};
use crate::when::When;

/// The fields of one item. A field that is read is taken out; what remains passes through untouched.
///
/// Every method reads a field by its [`Rule`]: by the name that it leaves by, else by the first alias that is present and
/// not null. A value of the wrong type is noted and read as absent; so is the absence of a field that is required.
#[derive(Debug)]
pub struct Reader {
    fields: Fields,
    at: Position,
    zone: TimeZone,
    rules: &'static [Rule],
    faults: Vec<Fault>,
}

impl Reader {
    /// Starts on the fields of the item at `at`, with `zone` for dates that name none and the rules of its model.
    #[must_use]
    pub fn new(fields: Fields, at: Position, zone: TimeZone, rules: &'static [Rule]) -> Self {
        Self { fields, at, zone, rules, faults: Vec::new() }
    }

    /// Ends with the fields that nothing has read, and every fault.
    #[must_use]
    pub fn finish(self) -> (Fields, Vec<Fault>) {
        (self.fields, self.faults)
    }

    /// Notes a fault of the item as a whole.
    pub fn fault(&mut self, message: impl Into<String>, hint: impl Into<String>) {
        self.faults.push(Fault::error(self.at, message).hint(hint));
    }

    /// The item's own name: text or a whole number.
    pub fn id(&mut self) -> Option<Id> {
        self.read("id", &[], |node| match node.value {
            Value::Number(number) if number.is_whole() => Ok(Id::Number(number)),
            Value::Text(text) if !text.trim().is_empty() => Ok(Id::Text(text)),
            Value::Text(_) => Err(("`id` is empty".into(), "give it a value, or leave the field out".into())),
            Value::Number(number) => {
                let number = cut(&number.to_string());
                Err((format!("`id` is {number}, not a whole number"), format!("write \"{number}\"")))
            }
            other => Err(wrong("id", "text or a whole number", &other)),
        })
    }

    /// The zone of this item's dates, by its IANA name; it holds for the dates that are read after it.
    pub fn timezone(&mut self) -> Option<String> {
        let (name, zone) = self.read("timezone", &[], |node| match node.value {
            Value::Text(name) => match zone(&name) {
                Some(zone) => Ok((name, zone)),
                None => Err((format!("{} is not a time zone", quote(&name)), ZONE_HINT.into())),
            },
            other => Err(wrong("timezone", "text", &other)),
        })?;
        self.zone = zone;
        Some(name)
    }

    /// Text; where it is required it must say something.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.field(name, |node| text(name, node.value))
    }

    /// A date.
    pub fn when(&mut self, name: &str) -> Option<When> {
        let zone = self.zone.clone();
        self.field(name, |node| when(name, node.value, &zone))
    }

    /// Text or an object of any fields.
    pub fn text_or_object(&mut self, name: &str) -> Option<Node> {
        self.field(name, |node| match node.value {
            Value::Text(_) | Value::Map(_) => Ok(node),
            other => Err(wrong(name, "text or an object", &other)),
        })
    }

    /// A list of texts; a lone text is a list of one. Nothing at all is an empty list.
    pub fn texts(&mut self, name: &str) -> Vec<String> {
        let read = self.field(name, |node| match node.value {
            Value::Text(text) => Ok(vec![text]),
            Value::List(nodes) => nodes.into_iter().map(|node| text(name, node.value)).collect(),
            other => Err(wrong(name, "a list of texts", &other)),
        });
        read.unwrap_or_default()
    }

    /// A number.
    pub fn number(&mut self, name: &str) -> Option<Number> {
        self.field(name, |node| match node.value {
            Value::Number(number) => Ok(number),
            other => Err(wrong(name, "a number", &other)),
        })
    }

    /// True or false.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        self.field(name, |node| match node.value {
            Value::Bool(flag) => Ok(flag),
            other => Err(wrong(name, "true or false", &other)),
        })
    }

    /// Reads a field by its rule.
    fn field<T>(&mut self, name: &str, read: impl FnOnce(Node) -> Read<T>) -> Option<T> {
        let rule = self.rules.iter().find(|rule| rule.name == name);
        let (aliases, required) = rule.map_or((&[] as &[&str], false), |rule| (rule.aliases, rule.required));
        let before = self.faults.len();
        let value = self.read(name, aliases, |node| match node.value {
            Value::Text(text) if required && text.trim().is_empty() => {
                Err((format!("`{name}` is empty"), "give it a value".into()))
            }
            value => read(Node { value, at: node.at }),
        });
        if required && value.is_none() && self.faults.len() == before {
            self.fault(format!("`{name}` is missing"), self.missing_hint(name, aliases));
        }
        value
    }

    fn missing_hint(&self, name: &str, aliases: &[&str]) -> String {
        let near = |field: &&Field| strsim::jaro_winkler(&field.name.to_lowercase(), name) > 0.85;
        match self.fields.iter().find(near) {
            Some(field) => format!("rename {} to `{name}`", quote(&field.name)),
            None if aliases.is_empty() => "add it".into(),
            None => format!("add it; also read as {}", aliases.join(", ")),
        }
    }

    fn read<T>(&mut self, name: &str, aliases: &[&str], read: impl FnOnce(Node) -> Read<T>) -> Option<T> {
        let mut names = std::iter::once(name).chain(aliases.iter().copied());
        let Field { node, .. } = names.find_map(|name| self.present(name))?;
        let at = node.at;
        read(node).map_err(|(message, hint)| self.faults.push(Fault::error(at, message).hint(hint))).ok()
    }

    /// Takes a field out; one that holds nothing is as good as absent.
    fn present(&mut self, name: &str) -> Option<Field> {
        self.fields.remove(name).filter(|field| field.node.value != Value::Null)
    }
}

/// What a reading gives: the value, or a message and a hint.
type Read<T> = Result<T, (String, String)>;

/// What to write for a zone that does not exist.
pub const ZONE_HINT: &str = "write an IANA name such as Europe/Paris";

/// The zone of an IANA name, from the bundled database.
#[must_use]
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

fn text(name: &str, value: Value) -> Read<String> {
    match value {
        Value::Text(text) => Ok(text),
        Value::Number(number) => {
            Err((format!("`{name}` is a number, text is wanted"), format!("write \"{}\"", cut(&number.to_string()))))
        }
        Value::Bool(flag) => Err((format!("`{name}` is {flag}, text is wanted"), format!("write \"{flag}\""))),
        other => Err(wrong(name, "text", &other)),
    }
}

fn when(name: &str, value: Value, zone: &TimeZone) -> Read<When> {
    match value {
        Value::Text(text) => When::parse(&text, zone).map_err(|no| (format!("`{name}`: {}", no.message), no.hint)),
        Value::Number(number) => Err((
            format!("`{name}` is the bare number {}, a date is wanted", cut(&number.to_string())),
            "write it as \"2026-02-05\"".into(),
        )),
        other => Err(wrong(name, "a date", &other)),
    }
}

fn wrong(name: &str, wanted: &str, found: &Value) -> (String, String) {
    (format!("`{name}` is {}, {wanted} is wanted", found.kind()), format!("write {wanted}"))
}
