//! `blobcast check` as an editor and a pipeline run it, on the broken files of `tests/broken`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use domain::mistakes::ALL;
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::app::{folder, samples};
use crate::azurite::Azurite;
use crate::program;

/// Compares a file with what it should be. With `BLOBCAST_REVIEW=1` the file is written instead: read its diff before it
/// is committed.
fn reviewed(file: &Path, found: &str) {
    #[expect(clippy::disallowed_methods, reason = "it is asked of a test, not of the program")]
    if std::env::var("BLOBCAST_REVIEW").is_ok() {
        return std::fs::write(file, found).unwrap();
    }
    let expected = std::fs::read_to_string(file).unwrap_or_default();
    let how = "run `BLOBCAST_REVIEW=1 cargo test -p server --test api check` and review the difference";
    assert_eq!(found, expected, "{} has changed: {how}", file.display());
}

fn crate_folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn check_in(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blobcast"));
    command.env_clear().current_dir(folder).arg("check").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The files with mistakes: the name begins with the collection, `faq-extra-comma.json`.
fn broken() -> Vec<PathBuf> {
    let files = std::fs::read_dir(crate_folder("tests/broken")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|file| file.extension().unwrap() != "expected").collect();
    files.sort();
    files
}

/// A folder that holds the content of a broken file under the name of its collection.
fn as_content(file: &Path) -> (TempDir, String) {
    let name = file.file_stem().unwrap().to_str().unwrap().split_once('-').unwrap().0;
    let name = format!("{name}.{}", file.extension().unwrap().to_str().unwrap());
    let folder = folder(&[]);
    std::fs::copy(file, folder.path().join(&name)).unwrap();
    (folder, name)
}

#[test]
fn each_broken_file_is_told_what_is_wrong_where_and_what_to_write() {
    let files = broken();
    assert!(files.len() >= 40, "{}", files.len());
    for file in files {
        let (folder, name) = as_content(&file);
        let output = check_in(folder.path(), &[&name]);
        let found = text(&output.stdout);
        let errors = found.contains(": error[");
        assert_eq!(output.status.code(), Some(i32::from(errors)), "{}: {}", file.display(), text(&output.stderr));
        reviewed(&file.with_extension(format!("{}.expected", file.extension().unwrap().to_str().unwrap())), &found);
    }
}

#[test]
fn the_page_of_rules_is_what_the_table_says() {
    let mut page = "# Rules\n\nWhat `blobcast check` and the log can say of content. `E` costs the item, or keeps the file out of service; \
        `W` costs nothing. A code keeps its meaning.\n\nThis page is written from the table in `crates/domain/src/mistakes.rs`.\n"
        .to_owned();
    for mistake in ALL {
        write!(page, "\n## {}\n\n`{}`: {} {}\n", mistake.code, mistake.name, mistake.title, mistake.instead).unwrap();
        if let Some(example) = &mistake.example {
            let ending = example.file.split_once('.').unwrap().1;
            let (file, before, after) = (example.file, example.before, example.after);
            write!(page, "\n`{file}`, wrong:\n\n```{ending}\n{before}```\n\nright:\n\n```{ending}\n{after}```\n")
                .unwrap();
        }
    }
    reviewed(&crate_folder("../../docs/rules.md"), &page);
}

#[test]
fn the_exit_status_says_clean_faulty_or_not_looked_at() {
    let samples = samples();
    let status = |folder: &Path, arguments: &[&str]| check_in(folder, arguments).status.code();
    assert_eq!(status(&samples, &["."]), Some(0));
    assert_eq!(status(&samples, &["faq.json", "--strict"]), Some(0));
    let warned = folder(&[("news.json", r#"[{"title": "Prix"}]"#), ("news.yaml", "[]")]);
    assert_eq!(status(warned.path(), &["."]), Some(0));
    assert_eq!(status(warned.path(), &[".", "--strict"]), Some(1));
    let faulty = folder(&[("faq.json", "[{}]"), ("news.json", "[")]);
    assert_eq!(status(faulty.path(), &["."]), Some(1));
    for nowhere in ["no-such-folder", "no-such.json", "az://content", "ftp://x", "az://X", "memory:///"] {
        let output = check_in(faulty.path(), &[nowhere]);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), String::new()), "{nowhere}");
        assert!(text(&output.stderr).starts_with("blobcast: "), "{nowhere}");
    }
    assert_eq!(status(folder(&[("jobs.json", "[]")]).path(), &["."]), Some(2), "nothing was looked at");
    assert_eq!(status(folder(&[("jobs.json", "[]")]).path(), &["jobs.json"]), Some(2));
}

#[test]
fn all_files_are_told_of_at_once_by_file_line_and_column() {
    let files = [
        ("news.yaml", "- title: Prix\n"),
        ("news.json", "[{\"titel\": \"Prix\"},\n {\"date\": \"2026-02-05\"}]"),
        ("faq.json", "[{}"),
        ("events.yml", "[]"),
    ];
    let folder = folder(&files);
    let found = text(&check_in(folder.path().parent().unwrap(), &[folder.path().to_str().unwrap()]).stdout);
    let heads: Vec<_> = found.lines().filter(|line| line.starts_with('/')).collect();
    let heads: Vec<_> = heads.iter().map(|line| line.rsplit_once('/').unwrap().1).collect();
    assert_eq!(
        heads,
        [
            "faq.json:1:2: error[E041]: `question` is missing",
            "faq.json:1:2: error[E041]: `answer` is missing",
            "faq.json:1:4: error[E013]: the file ends within a list",
            "news.json:1:1: warning[W004]: news.yaml is there too and is not read",
            "news.json:1:2: error[E041]: `title` is missing",
            "news.json:1:2: warning[W002]: `date` is missing: the item stands after all that have one",
            "news.json:2:2: error[E041]: `title` is missing",
            "news.yaml:1:3: warning[W002]: `date` is missing: the item stands after all that have one",
        ]
    );
    assert!(found.ends_with("\n4 files: 5 errors, 3 warnings\n"), "{found}");
    assert!(!found.contains('\x1b'), "colour is for a terminal");
}

#[test]
fn programs_read_the_same_findings() {
    let folder = folder(&[("faq.json", "[\n {\"question\": \"100 %: où, quand\"}, {\"q\": \"a\", \"a\": 1}]")]);
    let output = |format| text(&check_in(folder.path(), &[".", "--format", format]).stdout);
    let report: Json = serde_json::from_str(&output("json")).unwrap();
    assert_eq!((&report["version"], &report["errors"], &report["warnings"]), (&1.into(), &2.into(), &0.into()));
    assert_eq!(report["files"], serde_json::json!(["faq.json"]));
    assert_eq!(
        report["findings"][1],
        serde_json::json!({
            "file": "faq.json", "line": 2, "column": 52, "severity": "error", "code": "E043", "rule": "wrong-type",
            "message": "`a` is a number, text is wanted", "hint": "write \"1\"",
        })
    );
    assert_eq!(
        output("github").lines().collect::<Vec<_>>(),
        [
            "::error file=faq.json,line=2,col=2,title=E041 missing-field::`answer` is missing (add it; also read as a, r, reponse, réponse)",
            "::error file=faq.json,line=2,col=52,title=E043 wrong-type::`a` is a number, text is wanted (write \"1\")",
        ]
    );
    let sarif: Json = serde_json::from_str(&output("sarif")).unwrap();
    let run = &sarif["runs"][0];
    let result = &run["results"][0];
    assert_eq!(sarif["version"], "2.1.0");
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!((&run["tool"]["driver"]["rules"][index]["id"], &result["ruleId"]), (&"E041".into(), &"E041".into()));
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!((&place["artifactLocation"]["uri"], &place["region"]["startColumn"]), (&"faq.json".into(), &2.into()));
}

#[test]
fn what_an_author_wrote_cannot_command_github_or_the_terminal() {
    let folder = folder(&[(
        "faq.json",
        r#"[{"question": "a", "answer": "b", "id": {}}, {"id": 1, "q": "%\r\n::error::x", "a": "b", "questoin": "\u001b[31m"},
        {"id": "\n::error file=x::y\u001b[31m", "q": "a", "a": "b"}, {"id": "\n::error file=x::y\u001b[31m", "q": "c", "a": "d"}]"#,
    )]);
    let lines = text(&check_in(folder.path(), &[".", "--format", "github"]).stdout);
    assert!(
        lines.lines().count() == 2 && lines.lines().all(|line| line.starts_with("::error file=faq.json,")),
        "{lines}"
    );
    let human = text(&check_in(folder.path(), &["."]).stdout);
    assert!(!human.contains('\x1b'), "{human}");
}

#[test]
fn fixing_writes_what_is_meant_tells_it_and_then_the_rest() {
    let files = [
        ("events.yaml", "- titre: Bal # trad\n  date: 05/02/2026\n- title: Foire\n"),
        ("faq.json", "[{\"id\": 1, \"q\": \"a\", \"a\": \"b\"}]"),
        ("news.json", "[{"),
    ];
    let folder = folder(&files);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let output = check_in(folder.path(), &[".", "--fix"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr).lines().collect::<Vec<_>>(),
        [
            "events.yaml:1:3: fixed: `titre` is `title` now",
            "events.yaml:2:3: fixed: `date` is `start` now",
            "events.yaml:2:9: fixed: `05/02/2026` is 2026-02-05 now",
            "events.yaml:1:3: fixed: the id `bal-15af1210` is written down",
            "faq.json:1:12: fixed: `q` is `question` now",
            "faq.json:1:22: fixed: `a` is `answer` now",
        ]
    );
    let left = text(&output.stdout);
    assert!(left.starts_with("events.yaml:4:3: error[E041]: `start` is missing\n"), "{left}");
    assert!(left.ends_with("\n3 files: 2 errors, 0 warnings\n"), "{left}");
    assert_eq!(
        read("events.yaml"),
        "- id: \"bal-15af1210\"\n  title: Bal # trad\n  start: 2026-02-05\n- title: Foire\n"
    );
    assert_eq!(read("faq.json"), "[{\"id\": 1, \"question\": \"a\", \"answer\": \"b\"}]");
    assert_eq!(read("news.json"), "[{", "what cannot be read is left alone");
    let again = check_in(folder.path(), &["events.yaml", "--fix"]);
    assert_eq!(text(&again.stderr), "", "a second time changes nothing");
    let elsewhere = check_in(folder.path(), &["az://content", "--fix"]);
    assert_eq!(elsewhere.status.code(), Some(2));
}

#[actix_web::test]
#[ignore = "needs Azurite: Node.js and npm"]
async fn a_container_is_checked_as_a_folder_is() {
    let azurite = Azurite::start().await;
    azurite.create_container("content").await;
    azurite.put("content", "site/faq.json", "[{}]", "application/json").await;
    azurite.put("content", "site/news.yaml", "[]", "application/yaml").await;
    let string = azurite.connection_string();
    let check = |location: &str| program::run(&[("AZURE_STORAGE_CONNECTION_STRING", &string)], &["check", location]);
    let output = check("az://content/site");
    assert_eq!(output.status.code(), Some(1));
    let found = text(&output.stdout);
    assert!(found.starts_with("az://content/site/faq.json:1:2: error[E041]: `question` is missing\n"), "{found}");
    assert_eq!(check("az://content/site/news.yaml").status.code(), Some(0));
    assert_eq!(check("az://content/elsewhere").status.code(), Some(2));
    assert_eq!(check("az://nowhere").status.code(), Some(2));
}
