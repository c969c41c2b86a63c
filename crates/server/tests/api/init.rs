//! `blobcast init` as someone who begins runs it.

use std::path::Path;

use crate::app::folder;
use crate::program::{Program, run};

#[tokio::test]
async fn init_writes_samples_that_have_no_fault_and_can_be_served() {
    let outer = folder(&[]);
    let site = outer.path().join("site");
    let name = site.to_str().unwrap();
    let output = run(&[], &["init", name]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    let files: Vec<_> = said.lines().take_while(|line| !line.is_empty()).collect();
    assert_eq!(files.len(), 6, "{said}");
    assert!(files.iter().all(|file| Path::new(file).is_file()), "{said}");

    let checked = run(&[], &["check", name, "--strict"]);
    let found = String::from_utf8(checked.stdout).unwrap();
    assert_eq!((checked.status.code(), found.as_str()), (Some(0), "3 files: 0 errors, 0 warnings\n"));

    for collection in ["events", "news", "faq"] {
        let read = |path: String| std::fs::read_to_string(site.join(path)).unwrap();
        let schema: serde_json::Value = serde_json::from_str(&read(format!("schemas/{collection}.json"))).unwrap();
        let sample = serde_yaml::from_str(&read(format!("{collection}.yaml"))).unwrap();
        jsonschema::validate(&schema, &sample).unwrap();
    }

    let program = Program::start(&[("BLOBCAST__SOURCE__LOCATION", name)]).await;
    for list in ["/api/events", "/api/news", "/api/faq"] {
        program.until_status(list, 200).await;
        let list: serde_json::Value =
            reqwest::get(format!("{}{list}", program.address)).await.unwrap().json().await.unwrap();
        assert_eq!(list["meta"]["total"], 1, "{list}");
    }
}

#[test]
fn init_writes_over_nothing_and_names_what_is_there() {
    for there in ["faq.yaml", "news.json", "events.yml", "schemas/news.json"] {
        let folder = folder(&[]);
        std::fs::create_dir(folder.path().join("schemas")).unwrap();
        std::fs::write(folder.path().join(there), "mine").unwrap();
        let output = run(&[], &["init", folder.path().to_str().unwrap()]);
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), b"".as_slice()), "{there}");
        assert!(String::from_utf8(output.stderr).unwrap().contains(there));
        assert_eq!(std::fs::read_to_string(folder.path().join(there)).unwrap(), "mine");
        let entries = std::fs::read_dir(folder.path()).unwrap().count();
        assert!(entries <= 2, "{there}: nothing else is written");
    }
}
