//! For people: `path:line:col: error[E012]: message`, the line with a caret under the place, and what to write.

use std::fmt::Write as _;

use domain::fault::printable;
use domain::{Fault, Severity};
use unicode_width::UnicodeWidthStr as _;

use super::{Examined, count, word};

/// So many characters of a long line are shown, half of them before the place.
const SHOWN: usize = 120;

pub(super) fn render(files: &[Examined], colour: bool) -> String {
    let mut out = String::new();
    for file in files {
        let text = String::from_utf8_lossy(file.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&file.bytes));
        let lines: Vec<&str> = text.split('\n').collect();
        for fault in &file.faults {
            finding(&mut out, &file.path, fault, &lines, colour);
        }
    }
    let (errors, warnings) = (count(files, Severity::Error), count(files, Severity::Warning));
    let many = |number, word| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    let (errors, warnings) = (many(errors, "error"), many(warnings, "warning"));
    let _ = writeln!(out, "{}: {errors}, {warnings}", many(files.len(), "file"));
    out
}

fn finding(out: &mut String, path: &str, fault: &Fault, lines: &[&str], colour: bool) {
    let Fault { mistake, at, message, hint } = fault;
    let (bold, tint, plain) = match (colour, fault.severity()) {
        (false, _) => ("", "", ""),
        (true, Severity::Error) => ("\x1b[1m", "\x1b[1;31m", "\x1b[0m"),
        (true, Severity::Warning) => ("\x1b[1m", "\x1b[1;33m", "\x1b[0m"),
    };
    let (path, word, message) = (printable(path), word(fault.severity()), printable(message));
    let _ = writeln!(out, "{bold}{path}:{at}:{plain} {tint}{word}[{}]{plain}: {bold}{message}{plain}", mistake.code);
    let line = usize::try_from(at.line).ok().and_then(|line| lines.get(line - 1));
    if let Some((shown, before)) = line.and_then(|line| excerpt(line.trim_end_matches('\r'), at.column as usize - 1)) {
        let number = at.line.to_string();
        let margin = " ".repeat(number.len());
        let _ = writeln!(out, " {number} | {shown}\n {margin} | {}{tint}^{plain}", " ".repeat(before));
    }
    if let Some(hint) = hint {
        let _ = writeln!(out, "   help: {}", printable(hint));
    }
    out.push('\n');
}

/// The part of a line around a place, as it is printed, and how many columns of a terminal stand before the place.
/// Nothing of a line that is no text.
fn excerpt(line: &str, place: usize) -> Option<(String, usize)> {
    if line.contains('\0') || line.trim().is_empty() {
        return None;
    }
    let shown = |text: String| printable(&text.replace('\t', "    "));
    let length = line.chars().count();
    let start = if length > SHOWN { place.saturating_sub(SHOWN / 2) } else { 0 };
    let before = shown(line.chars().skip(start).take(place.saturating_sub(start)).collect());
    let after = shown(line.chars().skip(place.max(start)).take(SHOWN - (place - start).min(SHOWN)).collect());
    let cut = |there: bool| if there { "…" } else { "" };
    let (head, tail) = (cut(start > 0), cut(length > start + SHOWN));
    Some((format!("{head}{before}{after}{tail}"), head.width() + before.width()))
}
