//! The page that the `type` of a problem leads to, made from the table of problems.

use crate::error::Kind;

/// The page as HTML.
#[must_use]
pub fn page() -> String {
    let rows: String = Kind::ALL
        .iter()
        .map(|kind| {
            let (name, status, title, advice) = kind.row();
            let code = status.as_u16();
            format!("<h2 id=\"{name}\">{name}</h2>\n<p><strong>{code}: {title}.</strong> {advice}</p>\n")
        })
        .collect();
    super::home::document("Problems", &format!("<h1>Problems</h1>\n<p><a href=\"/\">Blobcast</a></p>\n{rows}"))
}
