//! A fourth collection takes what the recipe in `domain` names and nothing else: here, a model of the test's own,
//! a file, and a line where collections are published.

use domain::{AsView as _, Collection, Kind, Reader, Rule, View};
use serde::Serialize;
use serde_json::json;
use server::routes::{self, publish};

use crate::app::{TestApp, folder};

#[derive(Serialize)]
struct Job {
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    salary: Option<String>,
}

impl Collection for Job {
    const NAME: &'static str = "jobs";
    const FIELDS: &'static [Rule] = &[
        Rule::new("title", Kind::Text, "What is done.", "\"Régisseuse\"").required().also(&["poste"]),
        Rule::new("salary", Kind::Text, "What is paid.", "\"12 €\""),
    ];

    fn read(fields: &mut Reader) -> Option<Self> {
        let title = fields.text("title");
        let salary = fields.text("salary");
        Some(Self { title: title?, salary })
    }

    fn view(&self, field: &str) -> Option<View<'_>> {
        match field {
            "title" => self.title.view(),
            "salary" => self.salary.view(),
            _ => None,
        }
    }

    fn label(&self) -> &str {
        &self.title
    }

    fn identity(&self) -> String {
        self.title.clone()
    }
}

#[actix_web::test]
async fn a_fourth_collection_has_all_that_the_others_have() {
    let mut published = routes::published();
    published.push(publish::<Job>());
    let files = folder(&[("jobs.yaml", "jobs:\n- id: 1\n  poste: Régisseuse\n  extra: [1.10]\n- salary: 3\n")]);
    let app = TestApp::serve(files, &published, &[]);
    app.until_ready().await;
    let list = app.get("/api/jobs").await;
    assert!(list.headers().contains_key("etag"));
    let list: serde_json::Value = list.json().await.unwrap();
    assert_eq!(list["items"], json!([{"id": 1, "title": "Régisseuse", "extra": [1.1]}]));
    assert_eq!(list["meta"]["skipped"], 1);
    assert_eq!(app.json("/api/jobs/1").await["title"], "Régisseuse");
    assert_eq!(app.json("/api/jobs?title=x&fields=title").await["meta"]["total"], 0);
    assert_eq!(app.json("/api").await["collections"][3]["href"], "/api/jobs");
    assert_eq!(app.readiness().await.1["collections"]["jobs"]["state"], "good");
    assert!(app.get("/").await.text().await.unwrap().contains("/api/jobs"));
}
