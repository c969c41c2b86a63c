//! `serve --watch` as someone who writes content on the same machine has it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::app::folder;
use crate::program::{Program, run};

fn faq(answer: &str) -> String {
    format!(r#"[{{"id":1,"question":"a","answer":"{answer}"}}]"#)
}

async fn watching(folder: &Path) -> Program {
    // With the default TTL nothing is read anew for a minute but by the watch.
    Program::start_with(&[], &["serve", "--watch", "--source", folder.to_str().unwrap()]).await
}

async fn told(program: &Program) -> String {
    let list = reqwest::get(format!("{}/api/faq", program.address)).await.unwrap();
    let list: Json = list.json().await.unwrap();
    list["items"][0]["answer"].as_str().unwrap_or("none").to_owned()
}

/// How long it takes until this is served.
async fn until_told(program: &Program, answer: &str) -> Duration {
    let began = Instant::now();
    while told(program).await != answer {
        assert!(began.elapsed() < Duration::from_secs(20), "{answer} is not served:\n{}", program.output());
        sleep(Duration::from_millis(10)).await;
    }
    began.elapsed()
}

fn over(folder: &Path, text: &str) {
    fs::write(folder.join("faq.json"), text).unwrap();
}

fn by_rename(folder: &Path, text: &str) {
    fs::write(folder.join(".faq.json.swp"), text).unwrap();
    fs::rename(folder.join(".faq.json.swp"), folder.join("faq.json")).unwrap();
}

fn anew(folder: &Path, text: &str) {
    fs::remove_file(folder.join("faq.json")).unwrap();
    over(folder, text);
}

/// The ways in which editors save.
const WAYS: [fn(&Path, &str); 3] = [over, by_rename, anew];

#[tokio::test]
async fn a_save_is_live_within_a_second_however_the_editor_saves() {
    let site = folder(&[("faq.json", &faq("begin"))]);
    let program = watching(site.path()).await;
    until_told(&program, "begin").await;
    let mut took = Vec::new();
    for round in 0..9 {
        // Of one length, so that the size tells nothing.
        let answer = format!("round {round}");
        WAYS[round % 3](site.path(), &faq(&answer));
        took.push(until_told(&program, &answer).await);
    }
    took.sort();
    assert!(took[4] < Duration::from_secs(1), "{took:?}");

    fs::write(site.path().join("news.yaml"), "- {title: a}\n").unwrap();
    program.until_status("/api/news", 200).await;
    fs::remove_file(site.path().join("news.yaml")).unwrap();
    program.until_status("/api/news", 404).await;
}

#[tokio::test]
async fn a_broken_save_is_told_once_and_leaves_the_old_version() {
    let site = folder(&[("faq.json", &faq("good"))]);
    let program = watching(site.path()).await;
    until_told(&program, "good").await;
    over(site.path(), "[{\"id\": 1\n \"question\": \"a\"}]");
    let line = program.logged("faq.json:2:2: ").await;
    assert!(
        line.contains("a comma or `}` is missing before this") && line.contains("the last good version stays"),
        "{line}"
    );
    assert_eq!(told(&program).await, "good");
    over(site.path(), &faq("mended"));
    until_told(&program, "mended").await;
    assert_eq!(program.output().matches("faq.json:2:2: ").count(), 1, "{}", program.output());
}

#[tokio::test]
async fn two_hundred_saves_in_ten_seconds_end_in_the_last_one() {
    let site = folder(&[("faq.json", &faq("begin"))]);
    let program = watching(site.path()).await;
    for round in 0..200 {
        WAYS[round % 3](site.path(), &faq(&format!("round {round:03}")));
        sleep(Duration::from_millis(50)).await;
    }
    until_told(&program, "round 199").await;
    assert!(!program.output().contains("\"WARN\",\"message\":\"faq"), "no fault is told of:\n{}", program.output());
}

/// A folder in the way that Kubernetes mounts a `ConfigMap`: files that are links into a version that is a link.
fn mounted() -> TempDir {
    let mount = folder(&[]);
    switch(mount.path(), "first");
    symlink("..data/faq.json", mount.path().join("faq.json")).unwrap();
    mount
}

fn switch(mount: &Path, answer: &str) {
    fs::create_dir(mount.join(answer)).unwrap();
    fs::write(mount.join(answer).join("faq.json"), faq(answer)).unwrap();
    symlink(answer, mount.join("..data_tmp")).unwrap();
    fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
}

#[tokio::test]
async fn a_link_that_is_switched_is_followed() {
    let mount = mounted();
    for place in [mount.path().to_owned(), mount.path().join("..data")] {
        let program = watching(&place).await;
        let before = told(&program).await;
        let answer = format!("{before}-then");
        switch(mount.path(), &answer);
        until_told(&program, &answer).await;
    }
}

#[test]
fn only_a_folder_can_be_watched() {
    let string = "AccountName=a;AccountKey=YQ==;BlobEndpoint=http://127.0.0.1:1/a";
    for source in ["az://content", "memory:///"] {
        // `config` reads the settings as `serve` does.
        let output = run(&[("AZURE_STORAGE_CONNECTION_STRING", string)], &["config", "--watch", "--source", source]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(78));
        assert_eq!(said, format!("blobcast: --watch: watches a folder, and {source} is none\n"));
    }
}
