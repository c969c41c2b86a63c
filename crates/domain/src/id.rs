//! How an item is named: by its author, or from its content.

use std::fmt::{self, Write as _};

use serde::Serialize;
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::value::Number;

/// The name of an item. It leaves with the type that its author gave it, but two ids that read the
/// same (`1` and `"1"`) are one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Id {
    /// A whole number.
    Number(Number),
    /// Text, not empty.
    Text(String),
}

/// The characters of a title that a derived id may begin with.
const SLUG: usize = 48;

impl Id {
    /// An id from what an item is about: a readable beginning and 8 hexadecimal digits of the
    /// SHA-256 of `identity`. The same content has the same id wherever it stands in its file.
    #[must_use]
    pub fn derived(label: &str, identity: &str) -> Self {
        let mut id = slug(label);
        if !id.is_empty() {
            id.push('-');
        }
        for byte in &Sha256::digest(identity)[..4] {
            let _ = write!(id, "{byte:02x}");
        }
        Self::Text(id)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Lower-case ASCII words joined by `-`: `Fête de la Musique !` becomes `fete-de-la-musique`.
fn slug(label: &str) -> String {
    let mut slug = String::new();
    for c in label.nfkd().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            'œ' => slug.push_str("oe"),
            'æ' => slug.push_str("ae"),
            '\u{300}'..='\u{36f}' => {}
            _ if slug.ends_with('-') || slug.is_empty() => {}
            _ => slug.push('-'),
        }
        if slug.len() >= SLUG {
            break;
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_becomes_plain_words() {
        for (label, expected) in [
            ("Fête de la Musique !", "fete-de-la-musique"),
            ("L’œuvre : 1er acte", "l-oeuvre-1er-acte"),
            ("日本", ""),
            ("  --  ", ""),
        ] {
            assert_eq!(slug(label), expected, "{label}");
        }
        assert!(slug(&"mot ".repeat(100)).len() <= SLUG);
    }

    #[test]
    fn a_derived_id_follows_the_content_alone() {
        assert_eq!(Id::derived("Café", "café|2026"), Id::derived("Café", "café|2026"));
        assert_ne!(Id::derived("Café", "café|2026"), Id::derived("Café", "café|2027"));
        assert!(Id::derived("日本", "x").to_string().len() == 8);
    }
}
