//! What is wrong in a document, where, and what to write instead.

use std::fmt;

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
    /// What the finding costs.
    pub severity: Severity,
    /// Where it stands.
    pub at: Position,
    /// What is wrong, for a person, without a file's name or position.
    pub message: String,
    /// What to write instead, where that can be said.
    pub hint: Option<String>,
}

impl Fault {
    /// A finding that costs the item or the document.
    pub fn error(at: Position, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, at, message: message.into(), hint: None }
    }

    /// A finding that costs nothing yet.
    pub fn warning(at: Position, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(at, message) }
    }

    /// The same finding with the words that mend it.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// `line:column: message (hint)`, on one line and without control characters, fit for a log.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message.escape_debug_controls())?;
        match &self.hint {
            Some(hint) => write!(f, " ({})", hint.escape_debug_controls()),
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

trait EscapeControls {
    fn escape_debug_controls(&self) -> String;
}

impl EscapeControls for str {
    fn escape_debug_controls(&self) -> String {
        let plain = |c: char| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}');
        self.chars().map(|c| if plain(c) { c.to_string() } else { c.escape_unicode().to_string() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_one_line_without_control_characters() {
        let fault = Fault::error(Position { line: 3, column: 7 }, "no \x1b[31mdate\n").hint("write 2026-02-05");
        assert_eq!(fault.to_string(), r"3:7: no \u{1b}[31mdate\u{a} (write 2026-02-05)");
    }

    #[test]
    fn a_long_text_is_quoted_by_its_beginning() {
        assert_eq!(quote("court"), "`court`");
        assert_eq!(quote(&"é".repeat(200)).chars().count(), QUOTED + 3);
    }
}
