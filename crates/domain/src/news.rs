//! Something to tell.

use std::cmp::Ordering;

use serde::Serialize;

use crate::collection::Collection;
use crate::reader::Reader;
use crate::rule::Rule;
use crate::view::{AsView, Kind, View};
use crate::when::When;

/// Something to tell.
#[derive(Debug, Clone, Serialize)]
pub struct News {
    /// What it is called.
    pub title: String,
    /// When it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<When>,
    /// It in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// It at length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
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
    /// Whether a page should show it first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned: Option<bool>,
}

impl Collection for News {
    const NAME: &'static str = "news";
    const FIELDS: &'static [Rule] = &[
        Rule::new("title", Kind::Text, "What it is called.", r#""La nouvelle scène est financée""#)
            .required()
            .short()
            .also(&["titre", "headline"]),
        Rule::new("date", Kind::When, "When it was published: a day, or a moment.", r#""2026-11-16T09:30:00+01:00""#)
            .expected()
            .also(&["published", "datePublished"]),
        Rule::new("summary", Kind::Text, "It in a sentence.", r#""Il manquait 4 200 €, ils sont là.""#),
        Rule::new("content", Kind::Text, "It at length.", r#""La scène sera livrée en mars.""#)
            .also(&["contenu", "body", "text"]),
        Rule::new("author", Kind::Text, "Who wrote it.", r#""Odile Renard""#).also(&["auteur"]),
        Rule::new("url", Kind::Text, "Its page.", r#""https://treteaux-du-loir.example/actualites/scene""#),
        Rule::new(
            "image",
            Kind::Text,
            "The address of a picture.",
            r#""https://treteaux-du-loir.example/images/scene.jpg""#,
        ),
        Rule::new("tags", Kind::Texts, "Words to find it by.", r#"["scène"]"#),
        Rule::new("category", Kind::Text, "What kind it is.", r#""association""#),
        Rule::new("pinned", Kind::Flag, "Whether a page should show it first.", r#"true"#),
    ];

    fn read(fields: &mut Reader) -> Option<Self> {
        let title = fields.text("title");
        let date = fields.when("date");
        let summary = fields.text("summary");
        let content = fields.text("content");
        let author = fields.text("author");
        let url = fields.text("url");
        let image = fields.text("image");
        let tags = fields.texts("tags");
        let category = fields.text("category");
        let pinned = fields.flag("pinned");
        Some(Self { title: title?, date, summary, content, author, url, image, tags, category, pinned })
    }

    fn view(&self, field: &str) -> Option<View<'_>> {
        match field {
            "title" => self.title.view(),
            "date" => self.date.view(),
            "summary" => self.summary.view(),
            "content" => self.content.view(),
            "author" => self.author.view(),
            "url" => self.url.view(),
            "image" => self.image.view(),
            "tags" => self.tags.view(),
            "category" => self.category.view(),
            "pinned" => self.pinned.view(),
            _ => None,
        }
    }

    fn label(&self) -> &str {
        &self.title
    }

    fn identity(&self) -> String {
        let date = self.date.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{}\n{date}", self.title)
    }

    /// Newest first; what has no date comes last.
    fn order(a: &Self, b: &Self) -> Ordering {
        let published = |news: &Self| news.date.as_ref().map(When::instant);
        published(b).cmp(&published(a))
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::Items;
    use crate::testing::nodes;

    fn served(json: Json) -> Json {
        serde_json::to_value(Items::<News>::read(nodes(json), &TimeZone::UTC).list()).unwrap()
    }

    #[test]
    fn every_alias_leaves_by_its_own_name() {
        let expected = json!([{"id": 1, "title": "Prix", "date": "2026-02-15", "content": "Oui", "author": "Zoé"}]);
        for title in ["title", "titre", "headline"] {
            for date in ["date", "published", "datePublished"] {
                for content in ["content", "contenu", "body", "text"] {
                    for author in ["author", "auteur"] {
                        let item = json!({"id": 1, title: "Prix", date: "2026-02-15", content: "Oui", author: "Zoé"});
                        assert_eq!(served(json!([item])), expected);
                    }
                }
            }
        }
    }

    #[test]
    fn the_newest_stands_first_and_the_undated_last_as_in_the_file() {
        let list = served(json!([
            {"id": 1, "title": "a"},
            {"id": 2, "title": "b", "date": "2025-01-01"},
            {"id": 3, "title": "c", "date": "2026-01-01 08:00"},
            {"id": 4, "title": "d"},
        ]));
        let ids: Vec<_> = list.as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
        assert_eq!(ids, [3, 2, 1, 4]);
    }
}
