//! YAML to a tree, with the position of every value. Plain scalars mean what YAML 1.2 says: of the
//! ways to write a number only JSON's is one, so that `0123`, `18:30` and `2026-02-05` stay text.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use domain::mistakes::{
    AFTER_END, ALIAS, BAD_NUMBER, BAD_TEXT, EMPTY_FILE, MISSING_COMMA, SYNTAX, TAB, TAG, TOO_DEEP, TOO_MANY_VALUES,
    UNCLOSED,
};
use domain::{Fault, Field, Node, Number, Position, Value};
use granit_parser::{ErrorKind, Event, Parser as Events, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::{Budget, Parsed, unique};

/// `copies` bounds what aliases may add, in bytes.
pub(super) fn parse(text: &str, budget: Budget, copies: u64, faults: &mut Vec<Fault>) -> Parsed {
    let mut parser =
        Parser { text, events: Events::new_from_str(text), budget, copies, anchors: HashMap::new(), weight: 0, faults };
    let root = loop {
        match parser.next()? {
            (Event::StreamStart | Event::DocumentStart(..), _) => {}
            (Event::StreamEnd, at) => {
                return Err(Fault::new(&EMPTY_FILE, at, "the file holds no content").hint("write [] for an empty list"));
            }
            (event, at) => break parser.node(event, at, 1)?,
        }
    };
    loop {
        match parser.next()? {
            (Event::StreamEnd, _) => return Ok(root),
            (Event::DocumentStart(..), at) => {
                return Err(
                    Fault::new(&AFTER_END, at, "a second document starts here").hint("keep one document in a file")
                );
            }
            _ => {}
        }
    }
}

/// What a value weighs beside its text, in bytes.
const NODE: u64 = 64;

struct Parser<'a> {
    text: &'a str,
    events: Events<'a, StrInput<'a>>,
    budget: Budget,
    copies: u64,
    anchors: HashMap<usize, (Node, u64)>,
    weight: u64,
    faults: &'a mut Vec<Fault>,
}

type Tagged<'a> = Option<Cow<'a, Tag>>;

impl<'a> Parser<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Position), Fault> {
        match self.events.next_event() {
            Some(Ok((event, span))) => Ok((event, place(span))),
            Some(Err(error)) => Err(syntax(&error, self.text)),
            None => Err(Fault::new(&UNCLOSED, Position::START, "the file ends too early")),
        }
    }

    fn node(&mut self, event: Event<'a>, at: Position, depth: usize) -> Parsed {
        if let Event::Alias(anchor) = event {
            return self.alias(anchor, at, depth);
        }
        let before = self.weight;
        let nests = matches!(event, Event::SequenceStart(..) | Event::MappingStart(..));
        self.budget.spend(if nests { depth } else { 1 }, at)?;
        self.weight += NODE;
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.weight += text.len() as u64;
                let value = scalar(&text, style, tag, at).unwrap_or_else(|fault| {
                    self.faults.push(fault);
                    Value::Text(text.into_owned())
                });
                (value, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                known(tag, &["seq"], at).map_or_else(|fault| self.faults.push(fault), drop);
                (self.list(depth)?, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                known(tag, &["map"], at).map_or_else(|fault| self.faults.push(fault), drop);
                (self.map(depth)?, anchor)
            }
            _ => return Err(Fault::new(&SYNTAX, at, "a value is wanted here")),
        };
        let node = Node { value, at };
        if anchor != 0 {
            let weight = self.weight - before;
            self.copies = self.copies.checked_sub(weight).ok_or_else(|| bomb(at))?;
            self.anchors.insert(anchor, (node.clone(), weight));
        }
        Ok(node)
    }

    /// A copy of what an anchor names, which nests here as deep as it does there.
    fn alias(&mut self, anchor: usize, at: Position, depth: usize) -> Parsed {
        let Some((node, weight)) = self.anchors.get(&anchor) else {
            return Err(Fault::new(&ALIAS, at, "an alias stands within its own anchor"));
        };
        self.budget.spend((depth + levels(node)).saturating_sub(1), at)?;
        self.copies = self.copies.checked_sub(*weight).ok_or_else(|| bomb(at))?;
        self.weight += NODE + weight;
        Ok(Node { at, ..node.clone() })
    }

    fn list(&mut self, depth: usize) -> Result<Value, Fault> {
        let mut nodes = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(nodes)),
                (event, at) => nodes.push(self.node(event, at, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, Fault> {
        let (mut fields, mut merged) = (Vec::new(), Vec::new());
        loop {
            let (name, at, plain) = match self.next()? {
                (Event::MappingEnd, _) => break,
                (Event::Scalar(text, style, _, _), at) => (text.into_owned(), at, style == ScalarStyle::Plain),
                (_, at) => return Err(Fault::new(&SYNTAX, at, "a name is wanted here, not a list or an object")),
            };
            self.weight += name.len() as u64;
            let (event, value_at) = self.next()?;
            let node = self.node(event, value_at, depth + 1)?;
            if plain && name == "<<" { merged.push(node) } else { fields.push(Field { name, at, node }) }
        }
        if !merged.is_empty() {
            let mut names = fields.iter().map(|field| field.name.clone()).collect();
            merged.into_iter().try_for_each(|node| merge(&mut fields, &mut names, node))?;
        }
        Ok(Value::Map(unique(fields, self.faults)))
    }
}

/// How many lists and objects within one another a value is.
fn levels(node: &Node) -> usize {
    let deepest = match &node.value {
        Value::List(nodes) => nodes.iter().map(levels).max(),
        Value::Map(fields) => fields.iter().map(|field| levels(&field.node)).max(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => return 0,
    };
    1 + deepest.unwrap_or(0)
}

/// Adds what a `<<` names: an object or a list of them. What the map says itself wins, then the first of the list.
/// `names` are those that the map has by now.
fn merge(fields: &mut Vec<Field>, names: &mut HashSet<String>, node: Node) -> Result<(), Fault> {
    match node.value {
        Value::Map(more) => {
            fields.extend(more.iter().filter(|field| names.insert(field.name.clone())).cloned());
            Ok(())
        }
        Value::List(nodes) => nodes.into_iter().try_for_each(|node| merge(fields, names, node)),
        _ => Err(Fault::new(&ALIAS, node.at, "`<<` merges an object, or a list of objects")),
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Tagged<'_>, at: Position) -> Result<Value, Fault> {
    let tag = known(tag, &["str", "int", "float", "bool", "null"], at)?;
    let plain = || match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        digits => Number::parse(digits).map_or_else(|| Value::Text(digits.to_owned()), Value::Number),
    };
    let value = match tag {
        Some("str") => return Ok(Value::Text(text.to_owned())),
        None if style != ScalarStyle::Plain => return Ok(Value::Text(text.to_owned())),
        _ => plain(),
    };
    let no_number = |text: &str| {
        let text = text.trim_start_matches(['+', '-']);
        matches!(text, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") || text.parse::<f64>() == Ok(f64::INFINITY)
    };
    match (tag, &value) {
        (None, Value::Text(text)) if no_number(text) && text.contains(['.', 'e', 'E']) => {
            Err(Fault::new(&BAD_NUMBER, at, format!("{} is not a finite number", domain::fault::quote(text)))
                .hint("put it in quotes if it is text"))
        }
        (Some("int" | "float"), Value::Number(_))
        | (Some("bool"), Value::Bool(_))
        | (Some("null"), Value::Null)
        | (None, _) => Ok(value),
        (Some(tag), _) => {
            Err(Fault::new(&TAG, at, format!("{} does not fit its tag !!{tag}", domain::fault::quote(text)))
                .hint("remove the tag"))
        }
    }
}

/// The name of a core schema tag out of `names`; `!` alone makes text. Any other tag is refused and never run.
fn known(tag: Tagged<'_>, names: &[&'static str], at: Position) -> Result<Option<&'static str>, Fault> {
    let Some(tag) = tag else { return Ok(None) };
    let wanted = if tag.original() == "!" { Some("str") } else { tag.core_suffix() };
    match names.iter().find(|name| Some(**name) == wanted) {
        Some(name) => Ok(Some(name)),
        None if wanted == Some("str") => Ok(None),
        None => {
            let message = format!("the tag {} means nothing here", domain::fault::quote(&tag.original()));
            Err(Fault::new(&TAG, at, message).hint("write the value itself"))
        }
    }
}

fn bomb(at: Position) -> Fault {
    Fault::new(&TOO_MANY_VALUES, at, "aliases repeat more than the file may hold").hint("write the values out")
}

fn place(span: Span) -> Position {
    position(span.start.line(), span.start.col())
}

fn position(line: usize, column: usize) -> Position {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Position { line: number(line), column: number(column).saturating_add(1) }
}

/// Says what a syntax error means to the person who wrote it, and what to write instead.
fn syntax(error: &ScanError, text: &str) -> Fault {
    use ErrorKind as E;
    let (line, column) = (error.marker().line(), error.marker().col());
    let mut at = position(line, column);
    if *error.kind() == E::TabInPlainScalar {
        // It is told from where the text starts.
        let indented = |line: &&str| line.trim_start_matches(' ').starts_with('\t');
        let tab = text.lines().enumerate().skip(line).find(|(_, line)| indented(line));
        at = tab.map_or(at, |(line, text)| position(line + 1, text.find('\t').unwrap_or(0)));
    }
    let (mistake, message, hint) = match error.kind() {
        E::TabNotAllowed
        | E::TabInBlockIndentation
        | E::TabInIndentation
        | E::TabInPlainScalar
        | E::TabAtBlockScalarStart => (&TAB, "a tab stands where YAML wants spaces", "indent with spaces"),
        E::UnclosedFlowCollection { open: '[' } => (&UNCLOSED, "a list is not closed", "close it with ]"),
        E::UnclosedFlowCollection { .. } => (&UNCLOSED, "an object is not closed", "close it with }"),
        E::MappingValueNotAllowed => (
            &SYNTAX,
            "the YAML cannot be read: a `:` stands where no value can start",
            "indent the line as those beside it, close what is open before it, or put a text that holds `: ` in quotes",
        ),
        E::UnknownAnchor => (&ALIAS, "an alias names an anchor that is not there", "define it above with &name"),
        E::RecursionLimitExceeded => (&TOO_DEEP, "the content nests too deep", "flatten it"),
        E::UnclosedQuotedScalar => (&UNCLOSED, "a quoted text is not closed", "close it with the quote that opens it"),
        E::UnexpectedEofFlowSequence => (&UNCLOSED, "the file ends within a list", "close it with ]"),
        E::UnexpectedEofFlowMapping | E::UnexpectedEofImplicitFlowMapping => {
            (&UNCLOSED, "the file ends within an object", "close it with }")
        }
        E::ExpectedFlowSequenceSeparator => (&MISSING_COMMA, "a comma or `]` is missing before this", "add it"),
        E::ExpectedFlowMappingSeparator => (&MISSING_COMMA, "a comma or `}` is missing before this", "add it"),
        E::UnknownQuotedScalarEscape => {
            (&BAD_TEXT, "a backslash stands before a character that needs none", "use single quotes")
        }
        _ => {
            let message = format!("the YAML cannot be read: {}", error.info());
            return Fault::new(&SYNTAX, at, message)
                .hint("check the indentation, and quote texts that hold `: ` or ` #`");
        }
    };
    Fault::new(mistake, at, message).hint(hint)
}
