//! Something that takes place.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde::Serialize;

use crate::collection::Collection;
use crate::mistakes::END_BEFORE_START;
use crate::reader::Reader;
use crate::rule::Rule;
use crate::value::Node;
use crate::view::{AsView, Kind, View};
use crate::when::When;

/// Something that takes place. Dates without an offset are in its `timezone`, else the file's, else the default.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// What it is called.
    pub title: String,
    /// When it starts.
    pub start: When,
    /// When it ends; a whole day is inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<When>,
    /// The IANA name of its zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Where, as text or an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Node>,
    /// It in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// It at length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Such as `confirmed` or `cancelled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Who holds it, as text or an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organizer: Option<Node>,
    /// Its page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Words to find it by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What kind it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
}

impl Collection for Event {
    const NAME: &'static str = "events";
    const FIELDS: &'static [Rule] = &[
        Rule::new("title", Kind::Text, "What it is called.", r#""Bal trad de la Chandeleur""#)
            .required()
            .short()
            .also(&["titre", "name", "nom"]),
        Rule::new("start", Kind::When, "When it starts: a day, or a moment.", r#""2027-02-06T20:30:00+01:00""#)
            .required()
            .also(&["date", "startDate", "start_date", "date_debut"]),
        Rule::new("end", Kind::When, "When it ends; a whole day is inclusive.", r#""2027-02-07T00:30:00+01:00""#)
            .also(&["endDate", "end_date", "date_fin"]),
        Rule::new("timezone", Kind::Text, "The IANA name of the zone of its dates.", r#""Europe/Paris""#),
        Rule::new(
            "location",
            Kind::TextOrObject,
            "Where it takes place.",
            r#"{"name": "Salle des fêtes", "city": "Cloyes"}"#,
        )
        .also(&["lieu", "place", "venue"]),
        Rule::new("summary", Kind::Text, "It in a sentence.", r#""Initiation, puis bal à la vielle et au violon.""#),
        Rule::new("description", Kind::Text, "It at length.", r#""Les pas s’apprennent en une demi-heure.""#),
        Rule::new("status", Kind::Text, "Such as confirmed, cancelled or postponed.", r#""confirmed""#),
        Rule::new("organizer", Kind::TextOrObject, "Who holds it.", r#""Les Tréteaux du Loir""#),
        Rule::new("url", Kind::Text, "Its page.", r#""https://treteaux-du-loir.example/agenda/bal""#),
        Rule::new(
            "image",
            Kind::Text,
            "The address of a picture.",
            r#""https://treteaux-du-loir.example/images/bal.jpg""#,
        ),
        Rule::new("tags", Kind::Texts, "Words to find it by.", r#"["danse", "musique"]"#),
        Rule::new("category", Kind::Text, "What kind it is.", r#""bal""#),
    ];
    const TIMED: bool = true;

    fn read(fields: &mut Reader) -> Option<Self> {
        let timezone = fields.timezone();
        let title = fields.text("title");
        let start = fields.when("start");
        let end = fields.when("end");
        if let (Some(start), Some(end)) = (&start, &end)
            && !end.can_end(start)
        {
            fields.fault(
                &END_BEFORE_START,
                "end",
                format!("`end` {end} is before `start` {start}"),
                "write an end that comes later, or leave it out",
            );
        }
        let location = fields.text_or_object("location");
        let summary = fields.text("summary");
        let description = fields.text("description");
        let status = fields.text("status");
        let organizer = fields.text_or_object("organizer");
        let url = fields.text("url");
        let image = fields.text("image");
        let tags = fields.texts("tags");
        let category = fields.text("category");
        let (title, start) = (title?, start?);
        Some(Self {
            title,
            start,
            end,
            timezone,
            location,
            summary,
            description,
            status,
            organizer,
            url,
            image,
            tags,
            category,
        })
    }

    fn view(&self, field: &str) -> Option<View<'_>> {
        match field {
            "title" => self.title.view(),
            "start" => self.start.view(),
            "end" => self.end.view(),
            "timezone" => self.timezone.view(),
            "location" => self.location.view(),
            "summary" => self.summary.view(),
            "description" => self.description.view(),
            "status" => self.status.view(),
            "organizer" => self.organizer.view(),
            "url" => self.url.view(),
            "image" => self.image.view(),
            "tags" => self.tags.view(),
            "category" => self.category.view(),
            _ => None,
        }
    }

    fn label(&self) -> &str {
        &self.title
    }

    fn identity(&self) -> String {
        format!("{}\n{}", self.title, self.start)
    }

    /// From `start` to `end`, else to the end of the day that it starts on.
    fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let end = match &self.end {
            Some(end) if end.is_whole_day() => end.end(),
            Some(end) => end.instant(),
            None => self.start.end_of_day(),
        };
        Some((self.start.instant(), end))
    }

    /// By start.
    fn order(a: &Self, b: &Self) -> Ordering {
        a.start.instant().cmp(&b.start.instant())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::Items;
    use crate::testing::nodes;

    fn read(json: Json) -> Items<Event> {
        Items::read(nodes(json), &crate::reader::zone("Europe/Paris").unwrap())
    }

    fn served(json: Json) -> Json {
        serde_json::to_value(read(json).list()).unwrap()
    }

    #[test]
    fn every_alias_leaves_by_its_own_name() {
        for title in ["title", "titre", "name", "nom"] {
            for start in ["start", "date", "startDate", "start_date", "date_debut"] {
                let item = json!({"id": 1, title: "Bal", start: "2026-02-15"});
                assert_eq!(served(json!([item])), json!([{"id": 1, "title": "Bal", "start": "2026-02-15"}]));
            }
        }
        for end in ["end", "endDate", "end_date", "date_fin"] {
            for place in ["location", "lieu", "place", "venue"] {
                let item = json!({"id": 1, "title": "Bal", "start": "2026-02-15", end: "2026-02-16", place: {"ville": "Tours"}});
                let expected = json!([{"id": 1, "title": "Bal", "start": "2026-02-15", "end": "2026-02-16", "location": {"ville": "Tours"}}]);
                assert_eq!(served(json!([item])), expected);
            }
        }
    }

    #[test]
    fn the_first_name_wins_and_the_other_passes_through() {
        let item = json!({"id": 1, "title": "Bal", "nom": "Autre", "start": "2026-02-15", "date": null, "prix": 12.50});
        assert_eq!(
            served(json!([item]))[0],
            json!({"id": 1, "title": "Bal", "nom": "Autre", "start": "2026-02-15", "date": null, "prix": 12.50})
        );
    }

    #[test]
    fn events_stand_by_start() {
        let list = served(json!([
            {"id": 1, "title": "c", "start": "2026-03-01 10:00"},
            {"id": 2, "title": "a", "start": "2026-02-01"},
            {"id": 3, "title": "b", "start": "2026-03-01"},
        ]));
        let ids: Vec<_> = list.as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
        assert_eq!(ids, [2, 3, 1]);
    }

    #[test]
    fn the_zone_of_an_item_holds_for_its_dates() {
        let item = json!({"id": 1, "title": "Bal", "start": "2026-02-15 20:00", "timezone": "America/Montreal"});
        assert_eq!(served(json!([item]))[0]["start"], "2026-02-15T20:00:00-05:00");
        let items = read(json!([{"title": "Bal", "start": "2026-02-15", "timezone": "Europe/Pariss"}]));
        assert_eq!(items.faults()[0].message, "`Europe/Pariss` is not a time zone");
    }

    #[test]
    fn dates_that_are_none_are_told_what_to_write() {
        for (start, message) in [
            (json!("05/02/2026"), "1:1: `start`: `05/02/2026` is not a date (write 2026-02-05)"),
            (
                json!(20_260_205),
                "1:1: `start` is the bare number 20260205, a date is wanted (write it as \"2026-02-05\")",
            ),
            (json!(["2026-02-05"]), "1:1: `start` is a list, a date is wanted (write it as \"2026-02-05\")"),
            (json!(null), "1:1: `start` is missing (add it; also read as date, startDate, start_date, date_debut)"),
        ] {
            let items = read(json!([{"title": "Bal", "start": start}]));
            assert_eq!(items.faults()[0].to_string(), message);
        }
    }

    #[test]
    fn an_end_before_its_start_is_a_fault() {
        let items = read(json!([{"title": "Bal", "start": "2026-02-15", "end": "2026-02-14"}]));
        assert_eq!(items.faults()[0].message, "`end` 2026-02-14 is before `start` 2026-02-15");
        assert_eq!(items.skipped(), 1);
    }
}
