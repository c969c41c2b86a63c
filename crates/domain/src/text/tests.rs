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

#[test]
fn the_short_way_folds_as_the_long_one() {
    let common = (0..0x250).chain(0x2010..0x2028).filter_map(char::from_u32);
    for c in common {
        assert_eq!(fold(&format!("a{c}B")), decomposed(&format!("a{c}B")), "{c:?}");
    }
    assert_eq!(fold("e\u{301}É"), "ee");
}
