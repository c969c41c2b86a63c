use domain::{Faq, Items};
use jiff::tz::TimeZone;

use proptest::prelude::*;

use crate::decode::{Format, Limits, decode, examine};

fn found(text: &str, format: Format) -> Vec<String> {
    let faults = examine::<Faq>(text.as_bytes(), format, &Limits::default(), &TimeZone::UTC);
    faults.iter().map(|fault| format!("{} {}", fault.mistake.code, fault.at)).collect()
}

#[test]
fn each_slip_of_json_is_told_and_so_is_what_it_would_hide() {
    let text = r#"{ "site": "x",
  "items": [ // the list
    {"question": "a" "answer": 1},
    {"question": "b", "answer": "c",},
    {'question': "d", "answer": 2},
    {"question" "e", "answer": 3,},
    /* two
       lines */
    {"question": "f", "answer": 4}
    {"question": "g", "answer": "h
    i"},
    {question: "j"},
    {"question": "k", "answer": 5, "tags": [6,]},
    {"question": "l", "answer": 012},
    {"question": "m", "answer": "C:\Docs"},
    {"question": "n", "answer": 7},
  ]"#;
    assert_eq!(
        found(text, Format::Json),
        [
            "E015 2:14",
            "E012 3:22",
            "E043 3:32",
            "E011 4:37",
            "E014 5:6",
            "E043 5:33",
            "E023 6:17",
            "E043 6:32",
            "E011 6:34",
            "E015 7:5",
            "E043 9:33",
            "E012 10:5",
            "E017 10:35",
            "E014 12:6",
            "E043 13:33",
            "E043 13:45",
            "E011 13:47",
            "E018 14:34",
            "E017 15:37",
            "E043 16:33",
            "E011 17:3",
            "E013 17:4",
        ]
    );
}

#[test]
fn an_item_of_yaml_that_cannot_be_read_hides_no_other() {
    let text = "# items\nfaq:\n  - question: How: really?\n    answer: 1\n  - question: a\n    answer: 2\n\n  - question: b\n     answer: c\n  - \n    question: d\n\tanswer: e\n  - question: \"f\n    answer: g\"h\n  - question: *i\n  - q: j\n";
    assert_eq!(
        found(text, Format::Yaml),
        ["E010 3:18", "E043 6:13", "E010 9:12", "E016 12:1", "E010 14:15", "E021 15:15", "E041 16:5"]
    );
    assert_eq!(found(&text.replace('\n', "\r\n"), Format::Yaml), found(text, Format::Yaml));
}

#[test]
fn what_only_follows_from_a_guess_is_not_told() {
    // A quote too many, not a missing comma.
    let text =
        "[\n  {\"question\": \"a\", \"answer\": \"He said \" \"yes\"},\n  {\"question\": 1, \"answer\": \"b\"}\n]";
    assert_eq!(found(text, Format::Json), ["E012 2:42", "E043 3:16"]);
    for text in [
        "[{\"question\": \"a\" \"answer\": \"b\"}]",
        "[{\"question\" \"a\", \"answer\": \"b\"}]",
        "[{\n  'question': \"a\", 'answer': \"b\"}]",
    ] {
        let found = found(text, Format::Json);
        assert!(found.len() < 3 && !found.iter().any(|fault| fault.starts_with("E04")), "{text}: {found:?}");
    }
    assert_eq!(found("[{\"question\": \"a\"", Format::Json), ["E013 1:18"]);
    assert_eq!(found("- question: [a\n", Format::Yaml).len(), 1);
}

#[test]
fn a_document_of_slips_alone_ends() {
    let text = format!("[{}]", "\n{\"question\": \"a\",},".repeat(20_000));
    let all = found(&text, Format::Json);
    assert!((2..=101).contains(&all.len()), "{}", all.len());
}

const SAMPLE: [&str; 2] = [
    "{\"items\": [\n  {\"question\": \"é\", \"answer\": \"b\"},\n  {\"question\": 1, \"answer\": \"c\", \"tags\": [\"d\"]}\n]}\n",
    "items:\n  - question: é\n    answer: \"b\"\n  - question: 1\n    answer: c\n    tags: [d]\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_told_alone_is_told_with_the_rest(cuts in prop::collection::vec((0..120_usize, 0..4_usize, "[\\[\\]{},:\"'#\\\\ \n\té-]{0,2}"), 1..4)) {
        for (sample, format) in SAMPLE.into_iter().zip([Format::Json, Format::Yaml]) {
            let mut text: Vec<char> = sample.chars().collect();
            for (at, size, new) in &cuts {
                let start = (*at).min(text.len());
                text.splice(start..(start + size).min(text.len()), new.chars());
            }
            let text: String = text.into_iter().collect();
            let all = found(&text, format);
            let alone = decode::<Faq>(text.as_bytes(), format, &Limits::default(), &TimeZone::UTC);
            let alone = alone.map_or_else(|faults| faults, Items::into_faults);
            let last = alone.last().map(|fault| format!("{} {}", fault.mistake.code, fault.at));
            prop_assert!(last.is_none_or(|last| all.contains(&last)), "{text}: {all:?} of {alone:?}");
        }
    }
}
