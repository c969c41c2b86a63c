//! Reads one item field by field and notes every fault on the way, so that all are heard of at once.

use jiff::tz::TimeZone;

use crate::fault::{Fault, Position, cut, quote};
use crate::id::Id;
use crate::mistakes::{
    BAD_DATE, BAD_ID, BAD_ZONE, EMPTY_FIELD, LONG_TEXT, MISSING_FIELD, Mistake, NO_DATE, UNKNOWN_FIELD, WRONG_TYPE,
};
use crate::rule::Rule;
use crate::text;
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
    /// The fields that the item has, by whatever name, and where their values stand.
    given: Vec<(&'static str, Position)>,
    faults: Vec<Fault>,
}

impl Reader {
    /// Starts on the fields of the item at `at`, with `zone` for dates that name none and the rules of its model.
    #[must_use]
    pub fn new(fields: Fields, at: Position, zone: TimeZone, rules: &'static [Rule]) -> Self {
        Self { fields, at, zone, rules, given: Vec::new(), faults: Vec::new() }
    }

    /// Ends with the fields that nothing has read, and every fault. A name that no model knows and that resembles a field
    /// which the item lacks is worth a warning.
    #[must_use]
    pub fn finish(mut self) -> (Fields, Vec<Fault>) {
        for Field { name, at, .. } in self.fields.iter() {
            if let Some(near) = near(name, self.rules, &self.given) {
                let message = format!("{} is no field that is known, and resembles `{near}`", quote(name));
                let warning = Fault::new(&UNKNOWN_FIELD, *at, message);
                self.faults.push(warning.hint(format!("did you mean `{near}`? It passes through as it is")));
            }
        }
        (self.fields, self.faults)
    }

    /// Notes a fault of a field that has been read, or of the item where it has none.
    pub fn fault(&mut self, mistake: &'static Mistake, field: &str, message: String, hint: &'static str) {
        let at = self.given.iter().find(|(name, _)| *name == field).map_or(self.at, |(_, at)| *at);
        self.faults.push(Fault::new(mistake, at, message).hint(hint));
    }

    /// The item's own name: text or a whole number.
    pub fn id(&mut self) -> Option<Id> {
        self.read("id", &[], |name, Node { value, at }| match value {
            Value::Number(number) if number.is_whole() => Ok(Id::Number(number)),
            Value::Text(text) if !text.trim().is_empty() => Ok(Id::Text(text)),
            Value::Text(_) => no(&BAD_ID, at, "`id` is empty", "give it a value, or leave the field out"),
            Value::Number(number) => {
                let number = cut(&number.to_string());
                no(&BAD_ID, at, format!("`id` is {number}, not a whole number"), format!("write \"{number}\""))
            }
            other => wrong(&BAD_ID, name, "text or a whole number", &other, at),
        })
    }

    /// The zone of this item's dates, by its IANA name; it holds for the dates that are read after it.
    pub fn timezone(&mut self) -> Option<String> {
        let (name, zone) = self.read("timezone", &[], |name, Node { value, at }| match value {
            Value::Text(text) => match zone(&text) {
                Some(zone) => Ok((text, zone)),
                None => no(&BAD_ZONE, at, format!("{} is not a time zone", quote(&text)), ZONE_HINT),
            },
            other => wrong(&BAD_ZONE, name, "text", &other, at),
        })?;
        self.zone = zone;
        Some(name)
    }

    /// Text; where it is required it must say something.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.field(name, |name, node| read_text(&format!("`{name}`"), node))
    }

    /// A date.
    pub fn when(&mut self, name: &str) -> Option<When> {
        let zone = self.zone.clone();
        self.field(name, |name, node| when(name, node, &zone))
    }

    /// Text or an object of any fields.
    pub fn text_or_object(&mut self, name: &str) -> Option<Node> {
        self.field(name, |name, node| match node.value {
            Value::Text(_) | Value::Map(_) => Ok(node),
            other => wrong(&WRONG_TYPE, name, "text or an object", &other, node.at),
        })
    }

    /// A list of texts; a lone text is a list of one. Nothing at all is an empty list.
    pub fn texts(&mut self, name: &str) -> Vec<String> {
        let read = self.field(name, |name, Node { value, at }| match value {
            Value::Text(text) => Ok(vec![text]),
            Value::List(nodes) => {
                let (mut texts, mut faults) = (Vec::new(), Vec::new());
                for node in nodes {
                    read_text(&format!("an entry of `{name}`"), node)
                        .map_or_else(|no| faults.extend(no), |text| texts.push(text));
                }
                if faults.is_empty() { Ok(texts) } else { Err(faults) }
            }
            other => wrong(&WRONG_TYPE, name, "a list of texts", &other, at),
        });
        read.unwrap_or_default()
    }

    /// A number.
    pub fn number(&mut self, name: &str) -> Option<Number> {
        self.field(name, |name, Node { value, at }| match value {
            Value::Number(number) => Ok(number),
            other => wrong(&WRONG_TYPE, name, "a number", &other, at),
        })
    }

    /// True or false.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        self.field(name, |name, Node { value, at }| match value {
            Value::Bool(flag) => Ok(flag),
            other => wrong(&WRONG_TYPE, name, "true or false", &other, at),
        })
    }

    /// Reads a field by its rule.
    fn field<T>(&mut self, name: &str, read: impl FnOnce(&str, Node) -> Read<T>) -> Option<T> {
        let rule = self.rules.iter().find(|rule| rule.name == name)?;
        let (mut found, mut long) = (false, None);
        let value = self.read(rule.name, rule.aliases, |name, node| {
            found = true;
            match &node.value {
                Value::Text(text) if rule.required && text.trim().is_empty() => {
                    return no(&EMPTY_FIELD, node.at, format!("`{name}` is empty"), "give it a value");
                }
                Value::Text(text) if text.len() > rule.longest => long = too_long(name, text, rule.longest, node.at),
                _ => {}
            }
            read(name, node)
        });
        self.faults.extend(long);
        if !found && rule.required {
            let hint = self.missing_hint(rule);
            self.faults.push(Fault::new(&MISSING_FIELD, self.at, format!("`{name}` is missing")).hint(hint));
        } else if !found && rule.expected {
            let hint = self.missing_hint(rule);
            self.faults.push(
                Fault::new(&NO_DATE, self.at, format!("`{name}` is missing: the item stands after all that have one"))
                    .hint(hint),
            );
        }
        value
    }

    /// What to write for a field that is missing. A name that resembles it is not told of again.
    fn missing_hint(&mut self, rule: &'static Rule) -> String {
        let near = |field: &&Field| strsim::jaro_winkler(&field.name.to_lowercase(), rule.name) > 0.85;
        match self.fields.iter().find(near) {
            Some(field) => {
                self.given.push((rule.name, self.at));
                format!("rename {} to `{}`", quote(&field.name), rule.name)
            }
            None if rule.aliases.is_empty() => "add it".into(),
            None => format!("add it; also read as {}", rule.aliases.join(", ")),
        }
    }

    /// Reads the first of a field's names that is present, told by the name that its author wrote.
    fn read<T>(
        &mut self,
        name: &'static str,
        aliases: &[&'static str],
        read: impl FnOnce(&str, Node) -> Read<T>,
    ) -> Option<T> {
        let mut names = std::iter::once(name).chain(aliases.iter().copied());
        let Field { name: written, node, .. } = names.find_map(|name| self.present(name))?;
        self.given.push((name, node.at));
        read(&written, node).map_err(|faults| self.faults.extend(faults)).ok()
    }

    /// Takes a field out; one that holds nothing is as good as absent.
    fn present(&mut self, name: &str) -> Option<Field> {
        self.fields.remove(name).filter(|field| field.node.value != Value::Null)
    }
}

/// What a reading gives: the value, or every fault of it.
type Read<T> = Result<T, Vec<Fault>>;

/// What to write for a zone that does not exist.
pub const ZONE_HINT: &str = "write an IANA name such as Europe/Paris";

/// The zone of an IANA name, from the bundled database.
#[must_use]
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

fn no<T>(mistake: &'static Mistake, at: Position, message: impl Into<String>, hint: impl Into<String>) -> Read<T> {
    Err(vec![Fault::new(mistake, at, message.into()).hint(hint.into())])
}

/// Text of what is called `name` in a sentence.
fn read_text(name: &str, Node { value, at }: Node) -> Read<String> {
    let quoted = |kind: &str, value: String| {
        no(&WRONG_TYPE, at, format!("{name} is {kind}, text is wanted"), format!("write \"{value}\""))
    };
    match value {
        Value::Text(text) => Ok(text),
        Value::Number(number) => quoted("a number", cut(&number.to_string())),
        Value::Bool(flag) => quoted(&flag.to_string(), flag.to_string()),
        other => no(&WRONG_TYPE, at, format!("{name} is {}, text is wanted", other.kind()), "write text"),
    }
}

fn when(name: &str, Node { value, at }: Node, zone: &TimeZone) -> Read<When> {
    match value {
        Value::Text(text) => {
            When::parse(&text, zone).or_else(|not| no(&BAD_DATE, at, format!("`{name}`: {}", not.message), not.hint))
        }
        Value::Number(number) => {
            let number = cut(&number.to_string());
            let message = format!("`{name}` is the bare number {number}, a date is wanted");
            no(&BAD_DATE, at, message, "write it as \"2026-02-05\"")
        }
        other => {
            let message = format!("`{name}` is {}, a date is wanted", other.kind());
            no(&BAD_DATE, at, message, "write it as \"2026-02-05\"")
        }
    }
}

fn wrong<T>(mistake: &'static Mistake, name: &str, wanted: &str, found: &Value, at: Position) -> Read<T> {
    no(mistake, at, format!("`{name}` is {}, {wanted} is wanted", found.kind()), format!("write {wanted}"))
}

fn too_long(name: &str, text: &str, longest: usize, at: Position) -> Option<Fault> {
    let length = text.chars().count();
    let message = || format!("`{name}` is {length} characters long, its readers expect at most {longest}");
    (length > longest).then(|| Fault::new(&LONG_TEXT, at, message()).hint("shorten it"))
}

/// The field that a name was probably meant for: one that the item lacks, under a name that begins alike and is one slip
/// away, two in a long one.
fn near(name: &str, rules: &[Rule], given: &[(&str, Position)]) -> Option<&'static str> {
    let of = |rule: &Rule| {
        let field = rule.name;
        std::iter::once(field).chain(rule.aliases.iter().copied()).map(move |known| (field, known))
    };
    let names = || rules.iter().flat_map(of).chain([("id", "id")]);
    if names().any(|(_, known)| known == name) {
        return None;
    }
    let folded = text::fold(name);
    // `places` is a word of its own beside `place`.
    let plural = |known: &str| folded.strip_suffix('s') == Some(known);
    // So is `lien` beside `lieu`: in a short name a letter may be missing or swapped, not another.
    let sorted = |name: &str| {
        let mut letters: Vec<_> = name.chars().collect();
        letters.sort_unstable();
        letters
    };
    let another =
        |known: &str| known.len() < 6 && known.len() == folded.len() && sorted(&text::fold(known)) != sorted(&folded);
    let slips = |known: &str| {
        let allowed = match known.len() {
            0..3 => 0,
            3..6 => 1,
            _ => 2,
        };
        let alike = !plural(known)
            && !another(known)
            && known.chars().next() == folded.chars().next()
            && known.len().abs_diff(folded.len()) <= allowed;
        alike.then(|| strsim::osa_distance(&text::fold(known), &folded)).filter(|slips| *slips <= allowed)
    };
    let lacking = names().filter(|(field, _)| given.iter().all(|(given, _)| given != field));
    let near = lacking.filter_map(|(_, known)| Some((slips(known)?, known))).min_by_key(|(slips, _)| *slips);
    near.map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Collection, Event, News};

    #[test]
    fn a_slip_is_told_from_a_name_of_its_own() {
        let near = |name| near(name, Event::FIELDS, &[("title", Position::START)]);
        for (written, meant) in [
            ("Start", "start"),
            ("strat", "start"),
            ("start-date", "startDate"),
            ("descripton", "description"),
            ("summmary", "summary"),
            ("tag", "tags"),
            ("Lieu", "lieu"),
            ("ID", "id"),
        ] {
            assert_eq!(near(written), Some(meant), "{written}");
        }
        for own in
            ["places", "flags", "ad", "i", "tarif", "title", "titel", "nom", "lien", "datée du jour", "public", ""]
        {
            assert_eq!(near(own), None, "{own}");
        }
        assert_eq!(super::near("autor", News::FIELDS, &[]), Some("author"));
    }
}
