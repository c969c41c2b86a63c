//! Text as people compare it.

use unicode_normalization::UnicodeNormalization;

/// Lower case, without accents and ligatures: `Élan Œuvre` becomes `elan oeuvre`.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().flat_map(char::to_lowercase) {
        match c {
            '\u{300}'..='\u{36f}' => {}
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            'ß' => folded.push_str("ss"),
            '’' => folded.push('\''),
            _ => folded.push(c),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_ligatures_fold_away() {
        for (text, folded) in [
            ("Élan", "elan"),
            ("ŒUVRE", "oeuvre"),
            ("l’été", "l'ete"),
            ("ABC", "abc"),
            ("Straße", "strasse"),
            ("日本", "日本"),
        ] {
            assert_eq!(fold(text), folded);
        }
    }
}
