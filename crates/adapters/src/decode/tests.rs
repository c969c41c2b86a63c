//! What loads, what is refused, where, and with which words.

use domain::{Event, Faq, News, Severity};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

fn zone() -> TimeZone {
    TimeZone::get("Europe/Paris").unwrap()
}

fn read<C: Collection>(text: &str, format: Format) -> Result<Items<C>, Vec<Fault>> {
    decode(text.as_bytes(), format, &Limits::default(), &zone())
}

fn served<C: Collection>(text: &str, format: Format) -> Json {
    let items = read::<C>(text, format).unwrap();
    let errors: Vec<_> = items.faults().iter().filter(|fault| fault.severity() == Severity::Error).collect();
    assert!(errors.is_empty(), "{text}: {errors:?}");
    let text = serde_json::to_string(items.list()).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn refused(bytes: &[u8], format: Format) -> String {
    decode::<Event>(bytes, format, &Limits::default(), &zone()).unwrap_err()[0].to_string()
}

#[test]
fn every_shape_of_a_list_loads() {
    let item = r#"{"id":1,"title":"Bal","start":"2026-02-15"}"#;
    for text in [
        format!("[{item}]"),
        format!(r#"{{"items":[{item}]}}"#),
        format!(r#"{{"events":[{item}]}}"#),
        format!(r#"{{"agenda":[{item}],"couleurs":["bleu"],"_old":[{item}]}}"#),
        format!(r#"{{"news":[{{}}],"items":[{item}]}}"#),
        format!("\u{feff}[{item}]\r\n"),
    ] {
        assert_eq!(
            served::<Event>(&text, Format::Json),
            json!([{"id":1,"title":"Bal","start":"2026-02-15"}]),
            "{text}"
        );
        assert_eq!(
            served::<Event>(&text, Format::Yaml),
            json!([{"id":1,"title":"Bal","start":"2026-02-15"}]),
            "{text}"
        );
    }
}

#[test]
fn files_that_students_wrote_load_as_they_are() {
    assert_eq!(
        served::<Event>(r#"{"items":[{"id":1,"title":"Portes ouvertes","date":"2026-02-15"}]}"#, Format::Json),
        json!([{"id":1,"title":"Portes ouvertes","start":"2026-02-15"}])
    );
    let faq = served::<Faq>(r#"{"questions":[{"q":"Où ?","a":"Ici"}]}"#, Format::Json);
    assert_eq!((&faq[0]["question"], &faq[0]["answer"]), (&json!("Où ?"), &json!("Ici")));
    let news = served::<News>("news:\n  - title: Un\n    content: Deux\n", Format::Yaml);
    assert_eq!((&news[0]["title"], &news[0]["content"]), (&json!("Un"), &json!("Deux")));
    let french =
        served::<Event>(r#"[{"id":7,"titre":"Fête","date_debut":"2025-04-01 09:10:01","lieu":"Tours"}]"#, Format::Json);
    assert_eq!(french, json!([{"id":7,"title":"Fête","start":"2025-04-01T09:10:01+02:00","location":"Tours"}]));
}

#[test]
fn extra_fields_pass_through_with_every_digit() {
    let json = r#"{"id":1,"title":"a","start":"2026-02-15","x":{"n":[9007199254740993,1.10,-0,1e3,0.0],"é":{"b":null,"c":"\u00e9"}},"y":true}"#;
    let yaml = "- {id: 1, title: a, start: 2026-02-15, x: {n: [9007199254740993, 1.10, -0, 1e3, 0.0], é: {b: , c: \"\\xe9\"}}, y: true}";
    let expected = r#"[{"id":1,"title":"a","start":"2026-02-15","x":{"n":[9007199254740993,1.10,-0,1e3,0.0],"é":{"b":null,"c":"é"}},"y":true}]"#;
    for (text, format) in [(format!("[{json}]"), Format::Json), (yaml.to_owned(), Format::Yaml)] {
        let items = read::<Event>(&text, format).unwrap();
        assert_eq!(serde_json::to_string(items.list()).unwrap(), expected);
    }
}

#[test]
fn yaml_means_what_its_author_wrote() {
    let text = "- id: 1\n  title: no\n  start: 2026-02-05\n  on: on\n  heure: 18:30\n  code: 0123\n  jour: 2026-02-05\n  oui: yes\n  hex: 0x1F\n  plus: +1\n  vide:\n  vrai: true\n  taux: 1.10\n  quoted: '1.10'\n";
    assert_eq!(
        serde_json::to_string(read::<Event>(text, Format::Yaml).unwrap().list()).unwrap(),
        r#"[{"id":1,"title":"no","start":"2026-02-05","on":"on","heure":"18:30","code":"0123","jour":"2026-02-05","oui":"yes","hex":"0x1F","plus":"+1","vide":null,"vrai":true,"taux":1.10,"quoted":"1.10"}]"#
    );
}

#[test]
fn yaml_anchors_merges_and_core_tags_work() {
    let text = "_base: &base {lieu: Tours, title: x}\nevents:\n  - {<<: *base, id: 1, title: a, start: 2026-02-05, n: !!str 12, m: !!int 3}\n";
    let expected = json!([{"id":1,"title":"a","start":"2026-02-05","location":"Tours","n":"12","m":3}]);
    assert_eq!(served::<Event>(text, Format::Yaml), expected);
}

#[test]
fn the_file_may_name_the_zone_of_its_dates() {
    let text = "timezone: America/Montreal\nitems: [{id: 1, title: a, start: 2026-02-05 18:00}]";
    assert_eq!(served::<Event>(text, Format::Yaml)[0]["start"], "2026-02-05T18:00:00-05:00");
    assert_eq!(
        refused(br#"{"timezone":"Mars","items":[]}"#, Format::Json),
        "1:13: `Mars` is not a time zone (write an IANA name such as Europe/Paris)"
    );
}

#[test]
fn an_empty_list_is_an_empty_list() {
    for (text, format) in
        [("[]", Format::Json), (r#"{"items":[]}"#, Format::Json), ("[]", Format::Yaml), ("events: []", Format::Yaml)]
    {
        assert_eq!(served::<Event>(text, format), json!([]));
    }
}

#[test]
fn a_fault_of_an_item_names_its_line_and_column() {
    let json =
        "[\n  {\"title\": \"é\", \"start\": \"05/02/2026\"},\n  {\"titel\": \"b\", \"start\": \"2026-02-05\"}\n]";
    let yaml = "- title: é\n  start: 05/02/2026\n- titel: b\n  start: 2026-02-05\n";
    let faults = |text, format| -> Vec<_> {
        read::<Event>(text, format).unwrap().faults().iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        faults(json, Format::Json),
        [
            "2:27: `start`: `05/02/2026` is not a date (write 2026-02-05)",
            "3:3: `title` is missing (rename `titel` to `title`)"
        ]
    );
    assert_eq!(
        faults(yaml, Format::Yaml),
        [
            "2:10: `start`: `05/02/2026` is not a date (write 2026-02-05)",
            "3:3: `title` is missing (rename `titel` to `title`)"
        ]
    );
}

#[test]
fn what_is_refused_whole_and_where() {
    let nested = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    let utf16 = |order: fn(u16) -> [u8; 2], text: &str| text.encode_utf16().flat_map(order).collect::<Vec<_>>();
    let json: Vec<(Vec<u8>, &str)> = vec![
        (b"".to_vec(), "1:1: the file is empty"),
        (b"  \n ".to_vec(), "1:1: the file is empty"),
        (b"null".to_vec(), "1:1: the file is nothing, a list of items is wanted"),
        (b"{}".to_vec(), "1:1: the file holds no list of items"),
        (b"\"a\"".to_vec(), "1:1: the file is text, a list"),
        (b"{\"events\": \"x\"}".to_vec(), "1:12: `events` is text, a list is wanted"),
        (b"{\"a\": [{}], \"b\": []}".to_vec(), "1:13: both `a` and `b` could be the list"),
        (b"[{\"title\": \"a\",}]".to_vec(), "1:16: a comma stands before this closing bracket"),
        (b"[{\"title\": \"a\"\n \"start\": 1}]".to_vec(), "2:2: a comma or `}` is missing before this"),
        (b"[1 2]".to_vec(), "1:4: a comma or `]` is missing"),
        (b"[{title: 1}]".to_vec(), "1:3: a name in double quotes is wanted"),
        (b"[{\"a\" 1}]".to_vec(), "1:7: a colon is missing"),
        (b"['a']".to_vec(), "1:2: single quotes mean nothing"),
        (b"[ // x\n]".to_vec(), "1:3: JSON has no comments"),
        (b"[NaN]".to_vec(), "1:2: no JSON value"),
        (b"[Infinity]".to_vec(), "1:2: no JSON value"),
        (b"[-Infinity]".to_vec(), "1:3: this is no number in JSON"),
        (b"[1e400]".to_vec(), "1:2: the number `1e400` is out of range"),
        (b"[0123]".to_vec(), "1:3: this is no number in JSON"),
        (b"[\"\\ud800\"]".to_vec(), "1:"),
        (b"[\"a\nb\"]".to_vec(), "1:4: a text holds a line break"),
        (b"[\"a".to_vec(), "1:4: the file ends within a text"),
        (b"[".to_vec(), "1:2: the file ends within a list"),
        (b"[] []".to_vec(), "1:4: something follows the end"),
        (b"[{\"a\":1,\n\"a\":2}]".to_vec(), "2:1: the name `a` stands twice, first at 1:3"),
        (b"[\"\xe9\"]".to_vec(), "1:3: the byte 0xe9 at offset 2 is not UTF-8; the file may be Latin-1"),
        (b"[\"a\0\"]".to_vec(), "1:4: the file holds a NUL byte"),
        (b"\x89PNG\r\n\x1a\n".to_vec(), "1:1: the file is a PNG picture"),
        (utf16(u16::to_le_bytes, "\u{feff}[]"), "1:1: the file is UTF-16 (little-endian)"),
        (utf16(u16::to_be_bytes, "\u{feff}[]"), "1:1: the file is UTF-16 (big-endian)"),
        (utf16(u16::to_le_bytes, "[{}]"), "1:1: the file is UTF-16 (little-endian)"),
        (utf16(u16::to_be_bytes, "[{}]"), "1:1: the file is UTF-16 (big-endian)"),
        (nested("[", "]").into_bytes(), "1:65: the content nests deeper than 64 levels"),
        (nested("{\"a\":", "}").into_bytes(), "1:321: the content nests deeper than 64 levels"),
        (format!("[{}0]", "0,".repeat(400_000)).into_bytes(), "1:655360: the file holds too many values"),
        (vec![b' '; 6 * 1024 * 1024], "1:1: the file is larger than 5242880 bytes"),
    ];
    for (bytes, expected) in json {
        let fault = refused(&bytes, Format::Json);
        assert!(fault.starts_with(expected), "{}: {fault}", String::from_utf8_lossy(&bytes[..bytes.len().min(40)]));
    }
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n";
    let yaml: Vec<(String, &str)> = vec![
        ("# rien\n".into(), "2:1: the file holds no content"),
        ("~".into(), "1:1: the file is nothing"),
        ("events:\n".into(), "1:7: `events` is nothing, a list is wanted"),
        ("- a: 1\n  a: 2\n".into(), "2:3: the name `a` stands twice, first at 1:3"),
        ("- a\n---\n- b\n".into(), "2:1: a second document starts here"),
        ("- !include /etc/passwd\n".into(), "1:12: the tag `!include` means nothing here"),
        ("- !!python/object:os.system x\n".into(), "1:29: the tag `!!python/object:os.system` means nothing here"),
        ("- x: .nan\n".into(), "1:6: `.nan` is not a finite number"),
        ("- x: 1e400\n".into(), "1:6: `1e400` is not a finite number"),
        ("- a: [1\n- b: 2\n".into(), "2:4: the YAML cannot be read"),
        ("- a: 'x\n".into(), "1:6: a quoted text is not closed"),
        ("- a: *b\n".into(), "1:6: an alias names an anchor that is not there"),
        ("- ? [a]\n  : b\n".into(), "1:5: a name is wanted here"),
        ("a:\n\t- b\n".into(), "2:"),
        (bomb.into(), "5:29: aliases repeat more than the file may hold"),
        (nested("[", "]"), "1:256: the content nests too deep"),
        (nested("{a: ", "}"), "1:1021: the content nests too deep"),
        ("[".repeat(70) + &"]".repeat(70), "1:65: the content nests deeper than 64 levels"),
        ((0..70).map(|n| format!("{}- \n", " ".repeat(n))).collect(), "65:65: the content nests deeper than 64 levels"),
    ];
    for (text, expected) in yaml {
        let fault = refused(text.as_bytes(), Format::Yaml);
        assert!(fault.starts_with(expected), "{}: {fault}", &text[..text.len().min(40)]);
    }
}

#[test]
fn aliases_nest_no_deeper_than_what_is_written_out() {
    let chain = |links: usize| {
        let link = |n: usize| format!("a{n}: &a{n} [[[[[[[[*a{}]]]]]]]]\n", n - 1);
        format!("a0: &a0 x\n{}items: []\n", (1..=links).map(link).collect::<String>())
    };
    assert!(read::<Event>(&chain(7), Format::Yaml).is_ok());
    assert_eq!(
        refused(chain(8).as_bytes(), Format::Yaml),
        "9:17: the content nests deeper than 64 levels (flatten it, or raise source.max_depth)"
    );
}

/// Each merge once walked all names of its object: minutes for half a megabyte.
#[test]
fn many_merges_cost_no_more_than_their_size() {
    let names: String = (0..10_000).map(|n| format!("n{n}: 1, ")).collect();
    let text = format!("[{{{names}title: a, start: 2026-02-05, <<: [{}{{last: 1}}]}}]", "{}, ".repeat(20_000));
    assert!(read::<Event>(&text, Format::Yaml).unwrap().list()[0].view("last").is_some());
}

#[test]
fn a_fault_quotes_no_more_than_fits_a_line() {
    let long = "9".repeat(10_000);
    for text in [
        format!("[{{\"id\": 1.{long}}}]"),
        format!("[{{\"title\": \"a\", \"start\": {long}}}]"),
        format!("[{{\"title\": {long}}}]"),
        format!(
            "[{{\"id\": {long}, \"title\": \"a\", \"start\": \"2026-02-05\"}}, {{\"id\": \"{long}\", \"title\": \"b\", \"start\": \"2026-02-05\"}}]"
        ),
        format!("{{\"{long}\": [{{}}], \"a\": [{{}}]}}"),
        format!("- {{a: 1, b: !{long} x}}"),
        format!("- {{a: *{long}}}"),
        format!("%YAML {long}\n---\n- a"),
    ] {
        let format = if text.starts_with(['[', '{']) { Format::Json } else { Format::Yaml };
        let lines: Vec<String> = match read::<Event>(&text, format) {
            Ok(items) => items.faults().iter().map(ToString::to_string).collect(),
            Err(faults) => faults.iter().map(ToString::to_string).collect(),
        };
        assert!(!lines.is_empty() && lines.iter().all(|line| line.len() < 400), "{}", lines.concat());
    }
}

#[test]
fn the_number_of_items_is_bounded() {
    let limits = Limits { max_items: 2, ..Limits::default() };
    let text = b"[{},\n{},\n{}]";
    let fault = decode::<Event>(text, Format::Json, &limits, &zone()).unwrap_err();
    assert_eq!(
        fault[0].to_string(),
        "3:1: the file has 3 items, 2 is the limit (split the content, or raise source.max_items)"
    );
}

#[test]
fn what_refuses_a_document_hides_nothing_that_can_still_be_told() {
    let json =
        r#"{"timezone": "Mars", "items": [{"titel": "a", "titel": 1e400, "start": 1e400, "tags": [1, "a", 2]}]}"#;
    let yaml = "timezone: Mars\nitems:\n- titel: a\n  titel: .nan\n  start: !include x\n  tags: [1, a, 2]\n";
    let found = |text: &str, format| -> Vec<_> {
        let faults = read::<Event>(text, format).unwrap_err();
        faults.iter().map(|fault| format!("{} {}", fault.mistake.code, fault.at)).collect()
    };
    assert_eq!(
        found(json, Format::Json),
        ["E018 1:56", "E018 1:72", "E020 1:47", "E045 1:14", "E041 1:32", "E043 1:88", "E043 1:96"]
    );
    assert_eq!(
        found(yaml, Format::Yaml),
        ["E018 4:10", "E022 5:19", "E020 4:3", "E045 1:11", "E041 3:3", "E043 6:10", "E043 6:16"]
    );
}

#[test]
fn each_example_of_the_table_shows_its_mistake_and_no_other() {
    let codes = |file: &str, text: &str| -> Vec<_> {
        let (name, ending) = file.split_once('.').unwrap();
        let format = Format::ENDINGS.iter().find(|(known, _)| *known == ending).unwrap().1;
        let faults = match name {
            "events" => read::<Event>(text, format).map_or_else(|no| no, Items::into_faults),
            "news" => read::<News>(text, format).map_or_else(|no| no, Items::into_faults),
            _ => read::<Faq>(text, format).map_or_else(|no| no, Items::into_faults),
        };
        faults.iter().map(|fault| fault.mistake.code).collect()
    };
    for mistake in domain::mistakes::ALL {
        let Some(example) = &mistake.example else { continue };
        assert_eq!(codes(example.file, example.before), [mistake.code], "{example:?}");
        assert_eq!(codes(example.file, example.after), [""; 0], "{example:?}");
    }
}

/// What JSON and YAML both read, then what YAML alone does.
const SCALARS: [&str; 18] = [
    "null",
    "true",
    "-0",
    "1.50",
    "9007199254740993",
    r#""""#,
    r#""é\u0000\n""#,
    r#""2026-02-05 18:00""#,
    r#""1""#, //
    "no",
    ".5",
    "18:30",
    "'it''s'",
    "!!str 1",
    "!!int 7",
    "&a x",
    "*a",
    "&b [[1]]",
];
const NAMES: [&str; 9] =
    [r#""id""#, r#""end""#, r#""tags""#, r#""location""#, r#""timezone""#, r#""_a""#, r#""b""#, "<<", "? b\n"];

/// The items of a document in the flow style, which is that of JSON; some of them can be read.
fn document(scalars: &'static [&str], names: &'static [&str]) -> impl Strategy<Value = String> {
    let list = |values: Vec<String>| format!("[{}]", values.join(", "));
    let object = |fields: Vec<(&str, String)>| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        fields.join(", ")
    };
    let scalar = prop::sample::select(scalars).prop_map(str::to_owned);
    let value = scalar.prop_recursive(3, 16, 3, move |value| {
        let fields = prop::collection::vec((prop::sample::select(names), value.clone()), 0..3);
        prop_oneof![
            prop::collection::vec(value, 0..3).prop_map(list),
            fields.prop_map(move |all| format!("{{{}}}", object(all)))
        ]
    });
    let item = prop::collection::vec((prop::sample::select(names), value), 1..3).prop_map(move |fields| {
        format!(r#"{{"title": "a", "start": "2026-02-05", "question": "q", "answer": "r", {}}}"#, object(fields))
    });
    prop::collection::vec(item, 0..3).prop_map(list)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_served_reads_as_it_was_written(json in document(&SCALARS[..9], &NAMES[..7]), yaml in document(&SCALARS, &NAMES)) {
        for (text, format) in [(json, Format::Json), (yaml, Format::Yaml)] {
            again::<Event>(&text, format);
            again::<News>(&text, format);
            again::<Faq>(&text, format);
        }
    }
}

fn again<C: Collection>(text: &str, format: Format) {
    let Ok(items) = read::<C>(text, format) else { return };
    let sent = serde_json::to_string(items.list()).unwrap();
    let same = read::<C>(&sent, Format::Json).unwrap_or_else(|faults| panic!("{faults:?}: {sent}"));
    assert!(same.faults().iter().all(|fault| fault.severity() == Severity::Warning), "{:?}: {text}", same.faults());
    assert_eq!(serde_json::to_string(same.list()).unwrap(), sent, "{text}");
}
