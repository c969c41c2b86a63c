//! The schema and the decoder are of one mind.

use adapters::decode::{Format, Limits, examine};
use domain::{Collection, Event, Faq, Fault, News, Severity};
use jiff::tz::TimeZone;
use jsonschema::Validator;
use proptest::prelude::*;

use super::*;

fn validator<C: Collection>() -> Validator {
    jsonschema::validator_for(&file(&Described::of::<C>())).unwrap()
}

/// What no schema can say: `docs/content.md` has the same list.
fn is_beyond_schemas(fault: &Fault) -> bool {
    let says = |part: &str| fault.message.contains(part);
    match fault.mistake.code {
        "E044" => says("not in the calendar") || says("out of range"),
        "E047" => says("not a whole number"),
        code => ["E020", "E031", "E045", "E046", "E048"].contains(&code),
    }
}

/// Where the two differ.
fn difference<C: Collection>(schema: &Validator, text: &str, format: Format, document: &Json) -> Option<String> {
    let mut faults = examine::<C>(text.as_bytes(), format, &Limits::default(), &TimeZone::UTC);
    faults.retain(|fault| fault.severity() == Severity::Error);
    let told = schema.validate(document).err().map(|error| format!("{} at {}", error, error.instance_path()));
    let agree = if told.is_some() { !faults.is_empty() } else { faults.iter().all(is_beyond_schemas) };
    (!agree).then(|| format!("schema: {told:?}\ncheck: {faults:?}\n{}: {text}", C::NAME))
}

/// A value that may stand in a field of this kind, or may not.
fn value(kind: Kind) -> BoxedStrategy<Json> {
    let odd = prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1.5),
        json!(-7),
        json!(""),
        json!(" \u{a0}"),
        json!("x"),
        json!([]),
        json!(["a", 1]),
        json!(["a"]),
        json!({}),
        json!({"a": null}),
        json!("Europe/Paris"),
    ]);
    let date = prop_oneof![
        "[ \t]?20[0-9]{2}-[01][0-9]-[0-3][0-9]([ tT][0-2][0-9]:[0-6][0-9](:[0-6][0-9](\\.[0-9]{0,10})?)?(Z|z|[+-][0-2][0-9]:[0-6][0-9])?)?[ \n]?",
        "[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}",
    ];
    let good = match kind {
        Kind::When => date.prop_map(Json::from).boxed(),
        Kind::Texts => prop::collection::vec("[a-c]", 0..3).prop_map(Json::from).boxed(),
        Kind::Text | Kind::TextOrObject => "[a-c ]{1,3}".prop_map(Json::from).boxed(),
        Kind::Number => any::<i16>().prop_map(Json::from).boxed(),
        Kind::Flag => any::<bool>().prop_map(Json::from).boxed(),
    };
    prop_oneof![4 => good, 1 => odd].boxed()
}

fn object<C: Collection>() -> impl Strategy<Value = Json> {
    let field = |rule: &'static Rule| {
        let names: Vec<_> = [rule.name].iter().chain(rule.aliases).copied().collect();
        let given = prop::collection::vec((prop::sample::select(names), value(rule.kind)), 1..3);
        (prop::bool::weighted(if rule.required { 0.95 } else { 0.3 }), given)
            .prop_map(|(is_there, given)| if is_there { given } else { Vec::new() })
    };
    let fields: Vec<_> = C::FIELDS.iter().map(field).collect();
    let id = prop_oneof![3 => any::<u64>().prop_map(|id| json!(id)), 1 => value(Kind::Text)];
    (fields, id, prop::bool::ANY).prop_map(|(fields, id, has_id)| {
        let id = has_id.then(|| ("id".to_owned(), id));
        let fields = fields.into_iter().flatten().map(|(name, value)| (name.to_owned(), value));
        Json::Object(fields.chain(id).chain([("_own".to_owned(), json!([]))]).collect())
    })
}

fn document<C: Collection>() -> impl Strategy<Value = Json> {
    let entry = prop_oneof![19 => object::<C>(), 1 => value(Kind::Flag)];
    let list = || prop::collection::vec(prop_oneof![19 => object::<C>(), 1 => value(Kind::Text)], 0..3);
    let name = prop::sample::select(vec!["items", C::NAME, "list", "_list", "$list", "timezone"]);
    let named = (prop::collection::vec((name, list().prop_map(Json::Array)), 0..3), value(Kind::Text), 0..4_u8);
    let named = named.prop_map(|(lists, odd, which)| {
        let mut fields: Map<String, Json> = lists.into_iter().map(|(name, list)| (name.to_owned(), list)).collect();
        match which {
            0 => drop(fields.insert("timezone".into(), odd)),
            1 => drop(fields.insert("site".into(), odd)),
            _ => {}
        }
        Json::Object(fields)
    });
    prop_oneof![4 => list().prop_map(Json::Array), 4 => named, 1 => entry]
}

fn agree<C: Collection>(schema: &Validator, document: &Json) -> Result<(), TestCaseError> {
    let difference = difference::<C>(schema, &document.to_string(), Format::Json, document);
    prop_assert!(difference.is_none(), "{}", difference.unwrap_or_default());
    Ok(())
}

#[test]
fn generated_files_are_read_as_the_schemas_say() {
    let schemas = (validator::<Event>(), validator::<News>(), validator::<Faq>());
    let config = ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() };
    for seconds in ["00", "59", "60", "61"] {
        let item = json!([{"title": "a", "start": format!("2026-02-05 18:00:{seconds}")}]);
        agree::<Event>(&schemas.0, &item).unwrap();
    }
    proptest!(config, |(events in document::<Event>(), news in document::<News>(), faq in document::<Faq>())| {
        agree::<Event>(&schemas.0, &events)?;
        agree::<News>(&schemas.1, &news)?;
        agree::<Faq>(&schemas.2, &faq)?;
    });
}

#[test]
fn the_broken_files_are_refused_by_the_schemas_too() {
    let schemas = (validator::<Event>(), validator::<News>(), validator::<Faq>());
    let mut compared = 0;
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/broken")).unwrap() {
        let path = entry.unwrap().path();
        let Some((_, format)) = Format::ENDINGS.into_iter().find(|(end, _)| path.extension().unwrap() == *end) else {
            continue;
        };
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        // An editor whose parser fails asks no schema.
        let plain = text.trim_start_matches('\u{feff}');
        let read: Option<Json> = match format {
            Format::Json => serde_json::from_str(plain).ok(),
            Format::Yaml => serde_yaml::from_str(plain).ok(),
        };
        let Some(document) = read else { continue };
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let difference = match name.split('-').next() {
            Some("events") => difference::<Event>(&schemas.0, &text, format, &document),
            Some("news") => difference::<News>(&schemas.1, &text, format, &document),
            _ => difference::<Faq>(&schemas.2, &text, format, &document),
        };
        assert_eq!(difference, None, "{name}");
        compared += 1;
    }
    assert!(compared > 12, "{compared}");
}

#[test]
fn the_examples_of_the_rules_are_told_apart() {
    for mistake in domain::mistakes::ALL {
        let Some(example) = &mistake.example else { continue };
        let (name, end) = example.file.split_once('.').unwrap();
        let format = Format::ENDINGS.into_iter().find(|(known, _)| *known == end).unwrap().1;
        for text in [example.before, example.after] {
            let Ok(document) = serde_yaml::from_str::<Json>(text) else { continue };
            let difference = match name {
                "events" => difference::<Event>(&validator::<Event>(), text, format, &document),
                "news" => difference::<News>(&validator::<News>(), text, format, &document),
                _ => difference::<Faq>(&validator::<Faq>(), text, format, &document),
            };
            // What JSON's own parser refuses, YAML's may not.
            let is_syntax = mistake.code < "E030" && text == example.before;
            assert!(is_syntax || difference.is_none(), "{}", difference.unwrap());
        }
    }
}
