//! Reading past what cannot be read, so that one fault hides no other: the document is guessed as its author meant it,
//! without the slip or without the item that holds it. Nothing of it is ever served. Every place keeps its line and its
//! column.

use domain::mistakes::{
    ALIAS, BAD_NUMBER, BAD_TEXT, COMMENT, EXTRA_COMMA, MISSING_COLON, MISSING_COMMA, Mistake, SYNTAX, TAB, TAG,
    UNCLOSED, UNQUOTED,
};
use domain::{Fault, Position};

use super::Format;
use super::text::Places;

/// Readings of a document, at most; fewer of a large one.
const READINGS: usize = 100;
/// Bytes of all readings together.
const BYTES: usize = 96 << 20;

/// What ends a reading at one place, so that others can be read.
static LOCAL: [&Mistake; 12] = [
    &SYNTAX,
    &EXTRA_COMMA,
    &MISSING_COMMA,
    &UNCLOSED,
    &UNQUOTED,
    &COMMENT,
    &TAB,
    &BAD_TEXT,
    &BAD_NUMBER,
    &TAG,
    &MISSING_COLON,
    &ALIAS,
];

/// What is wrong whatever its author meant.
static CERTAIN: [&Mistake; 2] = [&EXTRA_COMMA, &COMMENT];

/// What became of a fault that ended a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mending {
    /// It is true, and out of the way.
    Done,
    /// It came of a wrong guess, which is another one now.
    Again,
    /// It came of a wrong guess, and there is no other.
    Given,
    /// It is true, and hides what follows.
    Impossible,
}

/// A document that is mended from fault to fault.
pub(super) struct Mended {
    pub(super) text: String,
    format: Format,
    readings: usize,
    /// Where an item was taken out: an empty one stands there, of which nothing is to be told.
    taken: Vec<Position>,
    last: Option<Last>,
}

/// The last fault that was mended.
struct Last {
    at: Position,
    /// The text before, if the mending may have been a wrong guess.
    before: Option<String>,
}

impl Mended {
    pub(super) fn new(text: String, format: Format) -> Self {
        let readings = READINGS.min(BYTES / text.len().max(1));
        Self { text, format, readings, taken: Vec::new(), last: None }
    }

    /// Whether a fault is of the author's making, not of ours.
    pub(super) fn is_true(&self, fault: &Fault) -> bool {
        !self.taken.contains(&fault.at)
    }

    /// Mends what ended a reading.
    pub(super) fn mend(&mut self, fault: &Fault) -> Mending {
        if let Some(Last { at, before }) = self.last.take() {
            match before {
                Some(before) if fault.at.line <= at.line && !CERTAIN.contains(&fault.mistake) => {
                    self.text = before;
                    self.last = Some(Last { at, before: None });
                    return self.take_out(at.line).map_or(Mending::Given, |()| Mending::Again);
                }
                _ if fault.at <= at => return Mending::Given,
                _ => {}
            }
        }
        if self.readings == 0 || !LOCAL.contains(&fault.mistake) {
            return Mending::Impossible;
        }
        self.readings -= 1;
        let before = self.text.clone();
        let is_guess = self.slip(fault).or_else(|| self.take_out(fault.at.line).map(|()| false));
        let Some(is_guess) = is_guess else { return Mending::Impossible };
        self.last = Some(Last { at: fault.at, before: is_guess.then_some(before) });
        Mending::Done
    }

    /// Mends a slip of a character, if it is one, and tells whether that was a guess.
    fn slip(&mut self, fault: &Fault) -> Option<bool> {
        if self.format != Format::Json {
            return None;
        }
        let at = Places::new(&self.text).offset(fault.at)?;
        let mistake = fault.mistake;
        // An object after another in a list lacks nothing but the comma.
        let is_certain = CERTAIN.contains(&mistake) || self.text[at..].starts_with('{') || mistake == &UNCLOSED;
        let (range, instead) = if mistake == &EXTRA_COMMA {
            let comma = self.text[..at].trim_end().strip_suffix(',')?.len();
            (comma..comma + 1, " ".to_owned())
        } else if mistake == &COMMENT {
            let rest = &self.text[at..];
            let end = if rest.starts_with("/*") { rest.find("*/")? + 2 } else { rest.find('\n').unwrap_or(rest.len()) };
            let blank = |c: char| if c == '\n' { '\n' } else { ' ' };
            (at..at + end, rest[..end].chars().map(blank).collect())
        } else if mistake == &UNCLOSED {
            let end = self.text.len();
            // The object of an item that ends early may lack more than its bracket.
            let list_ends = self.text.lines().last().is_some_and(|line| line.trim_start().starts_with(']'));
            let bracket = if fault.message.ends_with("a list") { "]" } else { list_ends.then_some("}")? };
            (end..end, bracket.to_owned())
        } else if mistake == &MISSING_COMMA || mistake == &MISSING_COLON {
            // In place of the space that stands there, or at the end of the line.
            self.text[at..].starts_with(['"', '{', '[']).then_some(())?;
            let end = self.text[..at].trim_end().len();
            let space = usize::from(self.text[end..].starts_with([' ', '\t']));
            (end < at).then_some(())?;
            (end..end + space, if mistake == &MISSING_COMMA { "," } else { ":" }.to_owned())
        } else if mistake == &UNQUOTED && self.text[at..].starts_with('\'') {
            let end = at + 1 + self.text[at + 1..].find(['\'', '"', '\\', '\n'])?;
            self.text[end..].starts_with('\'').then_some(())?;
            (at..end + 1, format!("\"{}\"", &self.text[at + 1..end]))
        } else {
            return None;
        };
        self.text.replace_range(range, &instead);
        Some(!is_certain)
    }

    /// Puts an empty item in the place of the one on that line, as far as the lines show the items: each begins one, and
    /// all begin alike.
    fn take_out(&mut self, line: u32) -> Option<()> {
        let begins = |text: &str| match self.format {
            Format::Json => text.trim_start().starts_with('{'),
            Format::Yaml => text.trim_start().starts_with("- ") || text.trim() == "-",
        };
        let indent = |text: &str| text.len() - text.trim_start().len();
        let lines: Vec<&str> = self.text.split('\n').collect();
        let at = usize::try_from(line).ok()?.checked_sub(1)?.min(lines.len() - 1);
        // What stands before the list is no item.
        let list = if self.format == Format::Json { lines.iter().position(|text| text.contains('['))? + 1 } else { 0 };
        let before = lines.get(list..=at)?;
        let depth = before.iter().filter(|text| begins(text)).map(|text| indent(text)).min()?;
        let is_item = |text: &&str| begins(text) && indent(text) == depth;
        let first = list + before.iter().rposition(is_item)?;
        let closes = |text: &str| match self.format {
            Format::Json => text.trim_start().starts_with([']', '}']),
            Format::Yaml => !text.trim().is_empty() && !text.starts_with('\t'),
        };
        let is_end = |text: &&str| is_item(text) || (indent(text) < depth && closes(text));
        let after = lines[first + 1..].iter().position(is_end).map(|count| first + 1 + count);
        let end = after.unwrap_or(lines.len());
        let empty = match self.format {
            Format::Yaml => "- {}",
            Format::Json if after.is_some_and(|after| is_item(&lines[after])) => "{},",
            Format::Json => "{}",
        };
        let place = format!("{}{empty}", &lines[first][..depth]);
        let column = u32::try_from(place.find('{')? + 1).ok()?;
        self.taken.push(Position { line: u32::try_from(first + 1).ok()?, column });
        let rest = std::iter::repeat_n("", end - first - 1);
        let mended: Vec<&str> = lines[..first]
            .iter()
            .copied()
            .chain([place.as_str()])
            .chain(rest)
            .chain(lines[end..].iter().copied())
            .collect();
        self.text = mended.join("\n");
        Some(())
    }
}

#[cfg(test)]
mod tests;
