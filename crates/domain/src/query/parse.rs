//! Parameters to a query. Every fault is told at once, and none is guessed away.

use super::filter::{Filter, Operand, Operator};
use super::order::Key;
use super::time::Moment;
use super::{MAX_FILTERS, MAX_KEYS, MAX_LIMIT, MAX_PARTS, Query};
use crate::collection::{Collection, Items};
use crate::text::fold;
use crate::view::Kind;
use crate::when::When;

/// A name and a value, decoded.
pub type Parameter = (String, String);

/// A parameter that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its name as it was given.
    pub parameter: String,
    /// What is wrong, and what would fit.
    pub detail: String,
}

/// The parameters of every list.
const COMMON: [&str; 5] = ["sort", "limit", "offset", "fields", "q"];
/// Those of a list of what takes place.
const TIMED: [&str; 3] = ["when", "from", "to"];

impl Query {
    /// Reads the parameters of a list of `items`.
    ///
    /// # Errors
    /// Every parameter that cannot be used.
    pub fn parse<C: Collection>(parameters: &[Parameter], items: &Items<C>) -> Result<Self, Vec<Refusal>> {
        if let Some((parameter, _)) = parameters.get(MAX_PARTS) {
            let detail = too_many(parameters.len(), "parameters", MAX_PARTS);
            return Err(vec![Refusal { parameter: parameter.clone(), detail }]);
        }
        let mut parser = Parser { items, query: Self::default(), refusals: Vec::new(), seen: Vec::new(), values: 0 };
        for (name, value) in parameters {
            if let Err(detail) = parser.take(name, value) {
                parser.refusals.push(Refusal { parameter: name.clone(), detail });
            }
        }
        if parser.query.filters.len() > MAX_FILTERS {
            let detail = too_many(parser.query.filters.len(), "filters", MAX_FILTERS);
            let names = parser.query.filters.iter().skip(MAX_FILTERS).map(|filter| filter.path.join("."));
            let refusals = names.map(|parameter| Refusal { parameter, detail: detail.clone() });
            parser.refusals.extend(refusals.collect::<Vec<_>>());
        }
        if parser.refusals.is_empty() { Ok(parser.query) } else { Err(parser.refusals) }
    }
}

struct Parser<'a, C> {
    items: &'a Items<C>,
    query: Query,
    refusals: Vec<Refusal>,
    seen: Vec<&'static str>,
    /// How many values all filters have.
    values: usize,
}

impl<C: Collection> Parser<'_, C> {
    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        let timed = if C::TIMED { TIMED.as_slice() } else { &[] };
        let Some(own) = COMMON.iter().chain(timed).find(|own| **own == name) else { return self.filter(name, value) };
        if self.seen.contains(own) {
            return Err("it stands twice".into());
        }
        self.seen.push(own);
        match *own {
            "limit" => {
                self.query.limit = number(value)
                    .filter(|limit| *limit <= MAX_LIMIT)
                    .ok_or_else(|| format!("a whole number from 0 to {MAX_LIMIT} is wanted"))?;
            }
            "offset" => self.query.offset = number(value).ok_or("a whole number from 0 is wanted")?,
            "q" => {
                let folded = fold(value);
                let words = bounded(folded.split_whitespace(), "words", MAX_PARTS)?;
                self.query.words = words.into_iter().map(str::to_owned).collect();
            }
            "when" => self.query.time.moment = Some(self.moment(value)?),
            "from" => self.query.time.from = Some(self.date(value)?),
            "to" => self.query.time.to = Some(self.date(value)?),
            "fields" => self.query.fields = self.names(value)?,
            _ => self.query.order = self.order(value)?,
        }
        Ok(())
    }

    fn moment(&self, value: &str) -> Result<Moment, String> {
        let named = Moment::NAMES.iter().find(|(name, _)| *name == value).map(|(_, moment)| *moment);
        let names = Moment::NAMES.map(|(name, _)| name);
        named.ok_or_else(|| format!("one of {} is wanted{}", names.join(", "), near(value, names)))
    }

    fn date(&self, value: &str) -> Result<When, String> {
        When::parse(value, self.items.zone()).map_err(|no| no.hint)
    }

    /// `fields=id,title`.
    fn names(&self, value: &str) -> Result<Vec<String>, String> {
        let names = bounded(parts(value), "fields", MAX_PARTS)?;
        let unknown: Vec<_> = names.iter().filter(|name| !self.knows(name)).map(|name| self.unknown(name)).collect();
        match (names.is_empty(), unknown.is_empty()) {
            (true, _) => Err("names of fields are wanted, such as id,title".into()),
            (_, false) => Err(unknown.join("; ")),
            _ => Ok(names.into_iter().map(str::to_owned).collect()),
        }
    }

    /// `sort=-start,title`.
    fn order(&self, value: &str) -> Result<Vec<Key>, String> {
        let (mut keys, mut faults) = (Vec::new(), Vec::new());
        for part in bounded(parts(value), "fields", MAX_KEYS)? {
            let name = part.trim_start_matches(['-', '+']);
            let path: Vec<String> = name.split('.').map(str::to_owned).collect();
            match kind::<C>(&path) {
                _ if !self.knows(&path[0]) => faults.push(self.unknown(&path[0])),
                Some(Kind::Texts) => faults.push(format!("`{name}` is a list, which has no order")),
                _ => keys.push(Key { path, descending: part.starts_with('-') }),
            }
        }
        match (keys.is_empty(), faults.is_empty()) {
            (_, false) => Err(faults.join("; ")),
            (true, _) => Err("a field to sort by is wanted, such as -start,title".into()),
            _ => Ok(keys),
        }
    }

    /// `field=value`, `field[op]=value`; the same filter again adds a value.
    fn filter(&mut self, name: &str, value: &str) -> Result<(), String> {
        let (field, operator) = match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
            Some((field, operator)) => {
                let named = Operator::NAMES.iter().find(|(name, _)| *name == operator).map(|(_, operator)| *operator);
                let names = Operator::NAMES.map(|(name, _)| name);
                (
                    field,
                    named.ok_or_else(|| {
                        format!("[{operator}] is no operator; there are {}{}", names.join(", "), near(operator, names))
                    })?,
                )
            }
            None => (name, Operator::Eq),
        };
        let path: Vec<String> = field.split('.').map(str::to_owned).collect();
        if !self.knows(&path[0]) {
            return Err(self.unknown(&path[0]));
        }
        let kind = kind::<C>(&path);
        if let Some(refused) = operator.refuses(kind) {
            return Err(format!("`{field}` {refused}"));
        }
        let kind = if operator == Operator::Exists { Some(Kind::Flag) } else { kind };
        let values = match operator {
            Operator::In | Operator::Nin => value.split(',').map(str::trim).collect(),
            _ => vec![value],
        };
        self.values += values.len();
        if self.values > MAX_PARTS {
            return Err(too_many(self.values, "values", MAX_PARTS));
        }
        let zone = self.items.zone();
        let values = values.into_iter().map(|value| Operand::read(value, kind, zone)).collect::<Result<Vec<_>, _>>()?;
        match self.query.filters.iter_mut().find(|filter| filter.path == path && filter.operator == operator) {
            Some(filter) if operator == Operator::Eq => filter.values.extend(values),
            _ => self.query.filters.push(Filter { path, operator, values }),
        }
        Ok(())
    }

    /// Whether the model or any item has a field of this name.
    fn knows(&self, name: &str) -> bool {
        name == "id" || C::FIELDS.iter().any(|rule| rule.name == name) || self.items.extra_names().contains(name)
    }

    fn unknown(&self, name: &str) -> String {
        let timed = if C::TIMED { TIMED.as_slice() } else { &[] };
        let names = C::FIELDS.iter().map(|rule| rule.name).chain(["id"]).chain(COMMON).chain(timed.iter().copied());
        let names = names.chain(self.items.extra_names().iter().map(String::as_str));
        format!("there is no `{}`{}", name.chars().take(60).collect::<String>(), near(name, names))
    }
}

/// The kind of a model's field; what lies within an object can be anything.
fn kind<C: Collection>(path: &[String]) -> Option<Kind> {
    let [name] = path else { return None };
    C::FIELDS.iter().find(|rule| rule.name == name).map(|rule| rule.kind)
}

/// What stands between commas.
fn parts(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// All of them, or that there are more than may be.
fn bounded<'v>(all: impl Iterator<Item = &'v str>, what: &str, most: usize) -> Result<Vec<&'v str>, String> {
    let all: Vec<&str> = all.collect();
    if all.len() > most { Err(too_many(all.len(), what, most)) } else { Ok(all) }
}

fn too_many(count: usize, what: &str, most: usize) -> String {
    format!("there are {count} {what}, {most} is the limit")
}

fn number(value: &str) -> Option<usize> {
    (!value.starts_with('+')).then(|| value.parse().ok()).flatten()
}

/// The name that was probably meant.
fn near<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    let likeness = |other: &str| strsim::jaro_winkler(name, other);
    let nearest = names.into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    nearest.filter(|other| likeness(other) > 0.8).map_or_else(String::new, |other| format!("; did you mean `{other}`?"))
}
