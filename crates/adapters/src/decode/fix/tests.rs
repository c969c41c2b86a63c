use domain::Event;
use proptest::prelude::*;

use super::*;

fn fixed(text: &str, format: Format) -> (String, Vec<String>) {
    let fixed = fix::<Event>(text.as_bytes(), format, &Limits::default(), &TimeZone::UTC).unwrap();
    let again = fix::<Event>(&fixed.bytes, format, &Limits::default(), &TimeZone::UTC).unwrap();
    assert_eq!(again, Fixed { bytes: fixed.bytes.clone(), changes: Vec::new() }, "a second time changes nothing");
    let changes = fixed.changes.iter().map(|(at, told)| format!("{at} {told}")).collect();
    (String::from_utf8(fixed.bytes).unwrap(), changes)
}

#[test]
fn json_is_fixed_in_place() {
    let text = "\u{feff}[\r\n\t{ \"titre\" : \"Bal\",\t\"date\": \"05/02/2026 18h30\", \"nom\": \"x\" },\r\n  {\r\n    \"title\": \"Fête\", \"start\": \"2026-02-06\"},\r\n  {\"id\":3,\"nom\":\"c\",\"debut\":1,\"start\":\"2026-02-06 10:00\"}\r\n]";
    let (found, changes) = fixed(text, Format::Json);
    assert_eq!(
        found,
        "\u{feff}[\r\n\t{ \"id\": \"bal-4830f8b7\", \"title\" : \"Bal\",\t\"start\": \"2026-02-05 18:30\", \"nom\": \"x\" },\r\n  {\r\n    \"id\": \"fete-2ae47ffc\",\r\n    \"title\": \"Fête\", \"start\": \"2026-02-06\"},\r\n  {\"id\":3,\"title\":\"c\",\"debut\":1,\"start\":\"2026-02-06 10:00\"}\r\n]"
    );
    assert_eq!(
        changes,
        [
            "2:4 `titre` is `title` now",
            "2:21 `date` is `start` now",
            "2:29 `05/02/2026 18h30` is 2026-02-05 18:30 now",
            "3:3 the id `fete-2ae47ffc` is written down",
            "5:11 `nom` is `title` now",
            "2:2 the id `bal-4830f8b7` is written down",
        ]
    );
}

#[test]
fn yaml_is_fixed_in_place_and_keeps_its_comments() {
    let text = "# the season\nevents:\n  - titre: Bal # trad\n    # the day\n    date: 5.2.2026   # a Thursday\n  -   'nom': \"Fête\"\n      \"start\" : '06/02/2026'\n  - {name: Foire, start: 2026-02-07}\n  - {   title: Puces, start: 2026-02-08, id: 4}\n  -\n    start: 2026-02-09\n    title: Bal\n";
    let (found, changes) = fixed(text, Format::Yaml);
    assert_eq!(
        found,
        "# the season\nevents:\n  - id: \"bal-15af1210\"\n    title: Bal # trad\n    # the day\n    start: 2026-02-05   # a Thursday\n  -   id: \"fete-2ae47ffc\"\n      'title': \"Fête\"\n      \"start\" : '2026-02-06'\n  - {id: \"foire-d1811927\", title: Foire, start: 2026-02-07}\n  - {   title: Puces, start: 2026-02-08, id: 4}\n  -\n    id: \"bal-7bef1d5d\"\n    start: 2026-02-09\n    title: Bal\n"
    );
    assert_eq!(changes.len(), 10, "{changes:?}");
}

#[test]
fn what_cannot_be_fixed_in_place_stays() {
    for text in [
        "- &a\n  title: Bal\n  start: 2026-02-05\n  id: 1\n- <<: *a\n  id: 2\n",
        "- title: Bal\n  id:\n  start: 2026-02-05\n",
        "- {id: 1, title: , titre: Bal, start: 2026-02-05}\n",
        "- id: 1\n  title: Bal\n  start: demain\n",
        "- id: 1\n  title: Bal\n  start: 20260205\n",
        "[]\n",
    ] {
        assert_eq!(fixed(text, Format::Yaml), (text.to_owned(), vec![]));
    }
    for text in ["[{\"id\": 1, \"tit\\u0072e\": \"Bal\", \"start\": \"2026-02-05\"}]", "{\"items\": [7]}"] {
        assert_eq!(fixed(text, Format::Json), (text.to_owned(), vec![]));
    }
    for refused in ["[", "{}", "", "[{\"a\": 1, \"a\": 2}"] {
        assert_eq!(
            fix::<Event>(refused.as_bytes(), Format::Json, &Limits::default(), &TimeZone::UTC),
            None,
            "{refused}"
        );
    }
}

#[test]
fn an_item_that_is_served_loses_its_place_to_none_that_was_not() {
    let text = r#"[{"id": 1, "title": "a", "start": "05/02/2026"}, {"id": 1, "title": "b", "start": "2026-02-05"}]"#;
    assert_eq!(fix::<Event>(text.as_bytes(), Format::Json, &Limits::default(), &TimeZone::UTC), None);
}

#[test]
fn an_anchor_is_renamed_once_for_all_who_repeat_it() {
    let text = "- &a {id: 1, titre: Bal, start: 2026-02-05}\n- {<<: *a, id: 2}\n";
    let (found, changes) = fixed(text, Format::Yaml);
    assert_eq!(found, text.replace("titre", "title"));
    assert_eq!(changes.len(), 1);
}

/// Items in the manners of JSON, of YAML's blocks and of its flow, with fields by any of their names.
fn written() -> impl Strategy<Value = Vec<(bool, &'static str, &'static str, &'static str)>> {
    let item = (
        any::<bool>(),
        prop::sample::select(vec!["title", "titre", "name", "nom", "Titre"]),
        prop::sample::select(vec!["start", "date", "startDate", "date_debut", "Start"]),
        prop::sample::select(vec![
            "2026-02-05",
            "05/02/2026",
            "5.2.26 18h30",
            "2026-02-05 18:00",
            "demain",
            "31/02/2026",
        ]),
    );
    prop::collection::vec(item, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_served_stays_and_a_second_time_changes_nothing(items in written(), ends in prop::sample::select(vec!["\n", "\r\n"])) {
        let json: Vec<_> = items.iter().enumerate().map(|(n, (has_id, title, start, date))| {
            let id = if *has_id { format!("\"id\": {n},{ends}  ") } else { String::new() };
            format!("{{{id}\"{title}\": \"é\", \"{start}\":\"{date}\"}}")
        }).collect();
        fixed(&format!("[{}]", json.join(&format!(",{ends}"))), Format::Json);
        let yaml: String = items.iter().enumerate().map(|(n, (has_id, title, start, date))| {
            let id = if *has_id { format!("id: {n}{ends}  ") } else { String::new() };
            format!("- {id}{title}: é # é{ends}  {start}: '{date}'{ends}")
        }).collect();
        fixed(&format!("{yaml}{}", if items.is_empty() { "[]" } else { "" }), Format::Yaml);
    }
}
