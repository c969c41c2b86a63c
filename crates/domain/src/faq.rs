//! A question and its answer.

use serde::Serialize;

use crate::collection::Collection;
use crate::reader::Reader;
use crate::rule::Rule;
use crate::value::Number;
use crate::view::{AsView, Kind, View};

/// A question and its answer.
#[derive(Debug, Clone, Serialize)]
pub struct Faq {
    /// What is asked.
    pub question: String,
    /// What is answered.
    pub answer: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Its place among the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Number>,
    /// Words to find it by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Its page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Collection for Faq {
    const NAME: &'static str = "faq";
    const FIELDS: &'static [Rule] = &[
        Rule::new("question", Kind::Text, "What is asked.", r#""Comment adhérer ?""#).required().short().also(&["q"]),
        Rule::new("answer", Kind::Text, "What is answered.", r#""Par le bulletin, à la permanence du mardi.""#)
            .required()
            .also(&["a", "r", "reponse", "réponse"]),
        Rule::new("category", Kind::Text, "What it is about.", r#""adhésion""#),
        Rule::new("order", Kind::Number, "Its place among the others.", r#"1"#),
        Rule::new("tags", Kind::Texts, "Words to find it by.", r#"["inscription"]"#),
        Rule::new("url", Kind::Text, "Its page.", r#""https://treteaux-du-loir.example/faq/adherer""#),
    ];

    fn read(fields: &mut Reader) -> Option<Self> {
        let question = fields.text("question");
        let answer = fields.text("answer");
        let category = fields.text("category");
        let order = fields.number("order");
        let tags = fields.texts("tags");
        let url = fields.text("url");
        Some(Self { question: question?, answer: answer?, category, order, tags, url })
    }

    fn view(&self, field: &str) -> Option<View<'_>> {
        match field {
            "question" => self.question.view(),
            "answer" => self.answer.view(),
            "category" => self.category.view(),
            "order" => self.order.view(),
            "tags" => self.tags.view(),
            "url" => self.url.view(),
            _ => None,
        }
    }

    fn label(&self) -> &str {
        &self.question
    }

    fn identity(&self) -> String {
        self.question.clone()
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::*;
    use crate::Items;
    use crate::testing::nodes;

    #[test]
    fn every_alias_leaves_by_its_own_name_and_the_order_is_the_files() {
        for question in ["question", "q"] {
            for answer in ["answer", "a", "r", "reponse", "réponse"] {
                let list = nodes(json!([
                    {"id": 2, question: "Où ?", answer: "Ici", "order": 9},
                    {"id": 1, question: "Quand ?", answer: "Demain", "tags": "dates"},
                ]));
                let items = Items::<Faq>::read(list, &TimeZone::UTC);
                assert_eq!(
                    serde_json::to_value(items.list()).unwrap(),
                    json!([
                        {"id": 2, "question": "Où ?", "answer": "Ici", "order": 9},
                        {"id": 1, "question": "Quand ?", "answer": "Demain", "tags": ["dates"]},
                    ])
                );
            }
        }
    }
}
