//! For GitHub: a workflow command a finding, which it shows as an annotation at the line.

use super::{Examined, word};

pub(super) fn render(files: &[Examined]) -> String {
    let findings = files.iter().flat_map(|file| file.faults.iter().map(move |fault| (file, fault)));
    let lines = findings.map(|(file, fault)| {
        let hint = fault.hint.as_ref().map_or_else(String::new, |hint| format!(" ({hint})"));
        format!(
            "::{} file={},line={},col={},title={}::{}\n",
            word(fault.severity()),
            property(&file.path),
            fault.at.line,
            fault.at.column,
            property(&format!("{} {}", fault.mistake.code, fault.mistake.name)),
            data(&format!("{}{hint}", fault.message)),
        )
    });
    lines.collect()
}

/// Escapes a message as GitHub's own toolkit does.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
