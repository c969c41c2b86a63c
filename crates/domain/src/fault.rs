//! What is wrong in a document, where, and what to write instead.

use std::borrow::Cow;
use std::fmt;

use crate::mistakes::Mistake;

/// A place in a text: line and column, both from 1; the column counts characters, not bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Position {
    /// The first character of a text.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Whether a fault costs the author something that was meant to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The item, or the whole document, is not served.
    Error,
    /// All is served; the author should know.
    Warning,
}

/// One finding in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which mistake of the table it is.
    pub mistake: &'static Mistake,
    /// Where it stands.
    pub at: Position,
    /// What is wrong, for a person, without a file's name or position.
    pub message: Cow<'static, str>,
    /// What to write instead, where that can be said.
    pub hint: Option<Cow<'static, str>>,
}

impl Fault {
    /// A mistake in words that fit this place.
    pub fn new(mistake: &'static Mistake, at: Position, message: impl Into<Cow<'static, str>>) -> Self {
        Self { mistake, at, message: message.into(), hint: None }
    }

    /// What the finding costs.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.mistake.severity()
    }

    /// The same finding with the words that mend it.
    #[must_use]
    pub fn hint(self, hint: impl Into<Cow<'static, str>>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// `line:column: message (hint)`, on one line and without control characters, fit for a log.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, printable(&self.message))?;
        match &self.hint {
            Some(hint) => write!(f, " ({})", printable(hint)),
            None => Ok(()),
        }
    }
}

/// At most this many characters of what an author wrote are quoted back.
const QUOTED: usize = 60;

/// What an author wrote, in backticks, cut to a length that fits a line.
#[must_use]
pub fn quote(text: &str) -> String {
    format!("`{}`", cut(text))
}

/// The same without backticks.
#[must_use]
pub fn cut(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A text on one line: what controls a terminal or turns the direction of writing is spelled out.
#[must_use]
pub fn printable(text: &str) -> String {
    let plain = |c: char| {
        !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if plain(c) { c.to_string() } else { c.escape_unicode().to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_one_line_without_control_characters() {
        let fault = Fault::new(&crate::mistakes::NO_DATE, Position { line: 3, column: 7 }, "no \x1b[31mdate\n")
            .hint("write 2026-02-05");
        assert_eq!(fault.to_string(), r"3:7: no \u{1b}[31mdate\u{a} (write 2026-02-05)");
    }

    #[test]
    fn a_long_text_is_quoted_by_its_beginning() {
        assert_eq!(quote("court"), "`court`");
        assert_eq!(quote(&"é".repeat(200)).chars().count(), QUOTED + 3);
    }
}
