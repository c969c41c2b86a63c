//! For programs: one JSON object; docs/content.md has its shape.

use domain::Severity;
use serde_json::json;

use super::{Examined, count, word};

pub(super) fn render(files: &[Examined]) -> String {
    let findings = files.iter().flat_map(|file| {
        file.faults.iter().map(|fault| {
            json!({
                "file": file.path,
                "line": fault.at.line,
                "column": fault.at.column,
                "severity": word(fault.severity()),
                "code": fault.mistake.code,
                "rule": fault.mistake.name,
                "message": fault.message,
                "hint": fault.hint,
            })
        })
    });
    let report = json!({
        "version": 1,
        "files": files.iter().map(|file| &file.path).collect::<Vec<_>>(),
        "errors": count(files, Severity::Error),
        "warnings": count(files, Severity::Warning),
        "findings": findings.collect::<Vec<_>>(),
    });
    format!("{report:#}\n")
}
