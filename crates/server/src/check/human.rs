//! For people: `path:line:col: error[E012]: message`, the line with a caret under the place, and what to write.

use std::fmt::Write as _;

use domain::fault::printable;
use domain::{Fault, Position, Severity};
use unicode_width::UnicodeWidthStr as _;

use super::{Examined, count, word};

/// So many characters of a line are shown before the place.
const BEFORE: usize = 100;
/// So many from the place on.
const AFTER: usize = 60;

pub(super) fn render(files: &[Examined], colour: bool) -> String {
    let mut out = String::new();
    for file in files {
        let text = String::from_utf8_lossy(file.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&file.bytes));
        let mut lines = Lines { text: &text, position: Position::START, offset: 0 };
        for fault in &file.faults {
            finding(&mut out, &file.path, fault, &mut lines, colour);
        }
    }
    let (errors, warnings) = (count(files, Severity::Error), count(files, Severity::Warning));
    let many = |number, word| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    let (errors, warnings) = (many(errors, "error"), many(warnings, "warning"));
    let _ = writeln!(out, "{}: {errors}, {warnings}", many(files.len(), "file"));
    out
}

fn finding(out: &mut String, path: &str, fault: &Fault, lines: &mut Lines, colour: bool) {
    let Fault { mistake, at, message, hint } = fault;
    let (bold, tint, plain) = match (colour, fault.severity()) {
        (false, _) => ("", "", ""),
        (true, Severity::Error) => ("\x1b[1m", "\x1b[1;31m", "\x1b[0m"),
        (true, Severity::Warning) => ("\x1b[1m", "\x1b[1;33m", "\x1b[0m"),
    };
    let (path, word, message) = (printable(path), word(fault.severity()), printable(message));
    let _ = writeln!(out, "{bold}{path}:{at}:{plain} {tint}{word}[{}]{plain}: {bold}{message}{plain}", mistake.code);
    if let Some((shown, before)) = lines.excerpt(*at) {
        let number = at.line.to_string();
        let margin = " ".repeat(number.len());
        let _ = writeln!(out, " {number} | {shown}\n {margin} | {}{tint}^{plain}", " ".repeat(before));
    }
    if let Some(hint) = hint {
        let _ = writeln!(out, "   help: {}", printable(hint));
    }
    out.push('\n');
}

/// The lines of a text, looked up in the order of the text, in one pass however many places are asked for.
struct Lines<'a> {
    text: &'a str,
    position: Position,
    offset: usize,
}

impl Lines<'_> {
    /// The part of a line around a place, as it is printed, and how many columns of a terminal stand before the place.
    /// Nothing of an empty line and of what is no text.
    fn excerpt(&mut self, at: Position) -> Option<(String, usize)> {
        while self.position.line < at.line {
            self.offset += self.text[self.offset..].find('\n')? + 1;
            self.position = Position { line: self.position.line + 1, column: 1 };
        }
        let skipped = usize::try_from(at.column.saturating_sub(self.position.column)).ok()?;
        self.offset += self.text[self.offset..].chars().take(skipped).map(char::len_utf8).sum::<usize>();
        self.position = at;

        let in_line = |c: &char| *c != '\n';
        let (before, after) = self.text.split_at(self.offset);
        let mut before: Vec<char> = before.chars().rev().take_while(in_line).take(BEFORE + 1).collect();
        let mut after: Vec<char> = after.chars().take_while(in_line).take(AFTER + 1).collect();
        let cut = |part: &mut Vec<char>, most| {
            let long = part.len() > most;
            part.truncate(most);
            if long { "…" } else { "" }
        };
        let (head, tail) = (cut(&mut before, BEFORE), cut(&mut after, AFTER));
        let shown = |part: &mut dyn Iterator<Item = &char>| {
            printable(&part.collect::<String>().trim_end_matches('\r').replace('\t', "    "))
        };
        let (before, after) = (shown(&mut before.iter().rev()), shown(&mut after.iter()));
        let line = format!("{head}{before}{after}{tail}");
        let text = !line.trim().is_empty() && !self.text.starts_with('\u{fffd}');
        text.then(|| (line, head.width() + before.width()))
    }
}
