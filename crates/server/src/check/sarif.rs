//! SARIF 2.1.0 (OASIS), for code scanning: the findings, and the table of rules that they name.

use domain::mistakes::{ALL, Mistake};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value as Json, json};

use super::{Examined, word};

/// What a path may not hold as a URI (RFC 3986 §3.3), the percent sign included.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

pub(super) fn render(files: &[Examined]) -> String {
    let results = files.iter().flat_map(|file| {
        file.faults.iter().map(|fault| {
            let hint = fault.hint.as_ref().map_or_else(String::new, |hint| format!(" ({hint})"));
            json!({
                "ruleId": fault.mistake.code,
                "ruleIndex": ALL.iter().position(|mistake| *mistake == fault.mistake),
                "level": word(fault.severity()),
                "message": {"text": format!("{}{hint}", fault.message)},
                "locations": [{"physicalLocation": {
                    "artifactLocation": {"uri": uri(&file.path)},
                    "region": {"startLine": fault.at.line, "startColumn": fault.at.column},
                }}],
            })
        })
    });
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "blobcast",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": ALL.iter().map(|mistake| rule(mistake)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    });
    format!("{log:#}\n")
}

fn rule(mistake: &Mistake) -> Json {
    json!({
        "id": mistake.code,
        "name": mistake.name,
        "shortDescription": {"text": mistake.title},
        "help": {"text": mistake.instead},
        "defaultConfiguration": {"level": word(mistake.severity())},
    })
}

fn uri(path: &str) -> String {
    let escaped = utf8_percent_encode(path, PATH).to_string();
    if path.starts_with('/') { format!("file://{escaped}") } else { escaped }
}
