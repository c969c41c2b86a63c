//! Text as people compare it.

use std::ops::Range;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

/// Lower case, without accents and ligatures: `Élan Œuvre` becomes `elan oeuvre`.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_onto(&mut folded, text);
    folded
}

/// The same at the end of what is there.
pub(crate) fn fold_onto(folded: &mut String, text: &str) {
    let start = folded.len();
    for c in text.chars() {
        match place(c) {
            _ if c.is_ascii() => folded.push(c.to_ascii_lowercase()),
            Some(place) => folded.push_str(&COMMON[place]),
            None => {
                // Marks that stand alone may have to change places.
                folded.truncate(start);
                return folded.push_str(&decomposed(text));
            }
        }
    }
}

/// The Latin letters with accents, then the punctuation of prose: each is folded once for all.
static COMMON: LazyLock<Vec<String>> = LazyLock::new(|| {
    let folded = |c| decomposed(char::from_u32(c).unwrap_or_default().encode_utf8(&mut [0; 4]));
    LATIN.chain(PUNCTUATION).map(folded).collect()
});

const LATIN: Range<u32> = 0x80..0x250;
const PUNCTUATION: Range<u32> = 0x2010..0x2028;

fn place(c: char) -> Option<usize> {
    let c = c as u32;
    let place = match c {
        _ if LATIN.contains(&c) => c - LATIN.start,
        _ if PUNCTUATION.contains(&c) => c - PUNCTUATION.start + LATIN.end - LATIN.start,
        _ => return None,
    };
    usize::try_from(place).ok()
}

fn decomposed(text: &str) -> String {
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
mod tests;
