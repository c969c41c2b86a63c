//! `blobcast publish` as an editor and a pipeline run it: what it says, what it leaves in the store, and what it does
//! beside another one, without an answer, and killed.

use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adapters::Store;
use adapters::decode::Limits;
use adapters::store::{AzureAccess, ConnectionString};
use domain::ContentError;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use tokio::task::spawn_blocking;

use crate::app::folder;
use crate::azurite::{Azurite, KEY};
use crate::program::{command, run};

const ONE: &str = r#"[{"id":1,"question":"a","answer":"one"},{"id":2,"question":"b","answer":"one"}]"#;
const TWO: &str = r#"[{"id":1,"question":"a","answer":"two"},{"id":"new","question":"c","answer":"two"}]"#;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn read(folder: &TempDir, name: &str) -> Option<String> {
    std::fs::read_to_string(folder.path().join(name)).ok()
}

fn names(folder: &TempDir) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Publishes from one folder to another.
fn publish(from: &TempDir, to: &TempDir, more: &[&str]) -> Output {
    let (from, to) = (from.path().to_str().unwrap(), to.path().to_str().unwrap());
    run(&[], &[["publish", from, "--to", to].as_slice(), more].concat())
}

#[test]
fn publish_says_what_changes_then_changes_that_and_no_more() {
    let from = folder(&[
        ("faq.json", TWO),
        ("events.yaml", "- {id: 1, title: Bal, start: 2027-02-06}\n"),
        ("news.json", "[]"),
    ]);
    let to = folder(&[("faq.json", ONE), ("news.json", "[]")]);
    let said = "events.yaml: new, 1 added\n\
        news.json: unchanged\n\
        faq.json: 1 added, 1 changed, 1 removed\n  + new\n  ~ 1\n  - 2\n";

    let dry = publish(&from, &to, &["--dry-run"]);
    assert_eq!((dry.status.code(), text(&dry.stdout)), (Some(0), format!("{said}a dry run: nothing was changed\n")));
    assert_eq!((names(&to).len(), read(&to, "faq.json").unwrap().as_str()), (2, ONE));

    let untouched = || std::fs::metadata(to.path().join("news.json")).unwrap().modified().unwrap();
    let before = untouched();
    let done = publish(&from, &to, &[]);
    assert_eq!(
        (done.status.code(), text(&done.stdout)),
        (Some(0), format!("{said}published events.yaml\npublished faq.json\n")),
        "{}",
        text(&done.stderr)
    );
    assert_eq!(read(&to, "faq.json").unwrap(), TWO);
    assert_eq!(names(&to), ["events.yaml", "faq.json", "news.json"]);
    assert_eq!(untouched(), before, "what is there already is not written again");

    std::fs::remove_file(from.path().join("news.json")).unwrap();
    std::fs::write(from.path().join("faq.json"), TWO.replace("},{", "},\n {")).unwrap();
    let again = publish(&from, &to, &[]);
    let said = "events.yaml: unchanged\n\
        news.json: is not in the folder, left as it is\n\
        faq.json: the same items; the text of the file changes\n\
        published faq.json\n";
    let mut lines: Vec<_> = said.lines().collect();
    let found = text(&again.stdout);
    let mut found: Vec<_> = found.lines().collect();
    lines.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, lines);
    assert_eq!(read(&to, "news.json").unwrap(), "[]", "what the folder lacks stays");
}

#[test]
fn a_folder_with_faults_is_not_published() {
    let from =
        folder(&[("faq.json", "[{\"question\": \"a\"}]"), ("news.json", r#"[{"title":"a","date":"2026-01-01"}]"#)]);
    let to = folder(&[("faq.json", ONE)]);
    let output = publish(&from, &to, &[]);
    assert_eq!(output.status.code(), Some(1));
    let found = text(&output.stdout);
    assert!(found.contains("faq.json:1:2: error[E041]: `answer` is missing"), "{found}");
    assert_eq!((names(&to), read(&to, "faq.json").unwrap().as_str()), (vec!["faq.json".to_owned()], ONE));
}

#[test]
fn what_cannot_be_published_exits_2_and_says_why() {
    let from = folder(&[("faq.json", ONE)]);
    let from = from.path().to_str().unwrap();
    for (arguments, words) in [
        (["publish", "no-such-folder", "--to", "az://content"], "no-such-folder: is not a folder"),
        (["publish", "az://content", "--to", "az://content"], "az://content: is not a folder"),
        (["publish", from, "--to", "az://content"], "--to: az://content needs AZURE_STORAGE_CONNECTION_STRING"),
        (["publish", from, "--to", "no-such-folder"], "--to: no-such-folder is not a folder"),
        (["publish", from, "--to", "memory:///"], "memory:///: keeps nothing"),
        (["publish", from, "--to", "ftp://x"], "has an unknown scheme"),
    ] {
        let output = run(&[], &arguments);
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(words), "{arguments:?}: {output:?}");
    }
}

#[test]
fn a_collection_that_changes_its_format_is_there_once() {
    for (old, new) in [("faq.json", "faq.yaml"), ("faq.yaml", "faq.json"), ("faq.yml", "faq.yaml")] {
        let (from, to) = (folder(&[(new, TWO)]), folder(&[(old, ONE)]));
        let output = publish(&from, &to, &[]);
        let said = text(&output.stdout);
        assert!(
            said.starts_with(&format!("{new}: 1 added, 1 changed, 1 removed; takes the place of {old}\n")),
            "{said}"
        );
        assert_eq!((output.status.code(), names(&to)), (Some(0), vec![new.to_owned()]));
        assert_eq!(read(&to, new).unwrap(), TWO);
    }
    // As a publication leaves it that was killed between the two: the next one ends it.
    let (from, to) = (folder(&[("faq.yaml", TWO)]), folder(&[("faq.yaml", TWO), ("faq.json", ONE)]));
    assert_eq!(publish(&from, &to, &[]).status.code(), Some(0));
    assert_eq!(names(&to), ["faq.yaml"]);
}

/// Two folders, one with `ONE` changed by each side.
fn sides() -> [(&'static str, TempDir, String); 2] {
    ["theirs", "ours"].map(|side| {
        let content = ONE.replacen("one", side, 1);
        (side, folder(&[("faq.json", &content)]), content)
    })
}

fn one_wins(outputs: &[Output; 2], contents: [&str; 2], found: &str) {
    let codes = outputs.each_ref().map(|output| output.status.code());
    assert!(codes == [Some(0), Some(3)] || codes == [Some(3), Some(0)], "{outputs:?}");
    let winner = usize::from(codes[0] == Some(3));
    assert_eq!(found, contents[winner], "nothing of the winner is lost");
    let said = text(&outputs[1 - winner].stderr);
    assert!(said.contains("/faq.json was changed at ") && said.contains("by somebody else meanwhile"), "{said}");
    assert!(!said.contains(KEY));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn two_publishers_at_once_to_a_folder_one_wins_and_the_other_exits_3() {
    let to = folder(&[("faq.json", ONE)]);
    let sides = sides();
    // Both have compared once they wait for this.
    let lock = std::fs::File::open(to.path()).unwrap();
    lock.lock().unwrap();
    let mut children = sides.each_ref().map(|(_, from, _)| {
        let mut command = command(&[]);
        command.args(["publish", from.path().to_str().unwrap(), "--to", to.path().to_str().unwrap()]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    });
    let place = to.path().canonicalize().unwrap();
    for child in &children {
        let open = || {
            let files = std::fs::read_dir(format!("/proc/{}/fd", child.id())).unwrap();
            files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok()).any(|file| file == place)
        };
        for _ in 0..1000 {
            if open() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(open(), "it has come to the lock");
    }
    drop(lock);
    let outputs = children.each_mut().map(|child| {
        let status = child.wait().unwrap();
        let mut output = Output { status, stdout: Vec::new(), stderr: Vec::new() };
        std::io::Read::read_to_end(child.stderr.as_mut().unwrap(), &mut output.stderr).unwrap();
        output
    });
    one_wins(&outputs, [&sides[0].2, &sides[1].2], &read(&to, "faq.json").unwrap());
    assert_eq!(names(&to), ["faq.json"]);
}

/// What becomes of one request on its way to Azurite.
enum Way {
    Pass,
    /// It arrives, its answer does not.
    Lost,
    /// It waits for the others.
    Together(Arc<Barrier>),
    /// It arrives after this long.
    Slow(Duration),
}

/// Between a publisher and Azurite.
struct Gate {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Gate {
    async fn before(azurite: &Azurite, way: impl Fn(&str) -> Way + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (kept, way, upstream) = (Arc::clone(&heads), Arc::new(way), azurite.port());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, way) = (Arc::clone(&kept), Arc::clone(&way));
                tokio::spawn(async move { pass(stream, upstream, &kept, &*way).await });
            }
        });
        Self { port, heads }
    }

    /// The first lines of what was asked with this method, and the headers of each.
    fn asked(&self, method: &str) -> Vec<String> {
        self.heads.lock().unwrap().iter().filter(|head| head.starts_with(method)).cloned().collect()
    }

    fn string(&self, azurite: &Azurite) -> String {
        azurite.connection_string().replace(&format!(":{}/", azurite.port()), &format!(":{}/", self.port))
    }
}

/// One request and its answer; the connection ends with it.
async fn pass(
    mut stream: TcpStream,
    upstream: u16,
    kept: &Mutex<Vec<String>>,
    way: &(impl Fn(&str) -> Way + Sync),
) -> Option<()> {
    let mut request = Vec::new();
    let head = loop {
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
        let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if request.len() >= end + 4 + length.unwrap_or(0) {
            break String::from_utf8_lossy(&request[..end]).into_owned();
        }
    };
    let way = way(&head);
    kept.lock().unwrap().push(head);
    match &way {
        Way::Together(barrier) => {
            barrier.wait().await;
        }
        Way::Slow(wait) => tokio::time::sleep(*wait).await,
        Way::Pass | Way::Lost => {}
    }
    let mut store = TcpStream::connect(("127.0.0.1", upstream)).await.ok()?;
    store.write_all(&request).await.ok()?;
    if matches!(way, Way::Lost) {
        store.read_u8().await.ok()?;
        return None;
    }
    copy_bidirectional(&mut stream, &mut store).await.ok()?;
    Some(())
}

async fn azurite() -> Azurite {
    let azurite = Azurite::start().await;
    azurite.create_container("content").await;
    azurite
}

/// What lies in the container, past the gate.
async fn stored(azurite: &Azurite, name: &str) -> Option<String> {
    let access = AzureAccess::ConnectionString(ConnectionString::parse(&azurite.connection_string()).unwrap());
    let store = Store::open("az://content".parse().unwrap(), Some(&access)).unwrap();
    match store.read(name, &Limits::default()).await {
        Ok(bytes) => Some(text(&bytes)),
        Err(ContentError::Missing { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

fn to_azure(string: &str, from: &TempDir) -> Command {
    let mut command = command(&[("AZURE_STORAGE_CONNECTION_STRING", string)]);
    command.args(["publish", from.path().to_str().unwrap(), "--to", "az://content"]);
    command
}

/// Runs to the end, while the gate does its part.
async fn ended(mut command: Command) -> Output {
    spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn an_upload_has_its_type_its_digest_and_its_condition() {
    let azurite = azurite().await;
    let gate = Gate::before(&azurite, |_| Way::Pass).await;
    let string = gate.string(&azurite);
    let from = folder(&[("faq.json", ONE), ("news.yaml", "[]")]);
    let output = ended(to_azure(&string, &from)).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let puts = gate.asked("PUT");
    assert_eq!(puts.len(), 2, "{puts:?}");
    for (put, media, digest) in
        [(&puts[0], "application/yaml", "11FxOYiYfpMxmANj4kGJzg=="), (&puts[1], "application/json", "")]
    {
        assert!(put.contains(&format!("content-type: {media}\r\n")), "{put}");
        assert!(put.contains("if-none-match: *") && !put.contains("if-match: "), "{put}");
        assert!(put.contains(&format!("content-md5: {digest}")), "{put}");
    }
    assert_eq!(stored(&azurite, "faq.json").await.as_deref(), Some(ONE));

    assert_eq!(ended(to_azure(&string, &from)).await.status.code(), Some(0));
    assert_eq!(gate.asked("PUT").len(), 2, "what is there already is not uploaded again");

    std::fs::write(from.path().join("faq.json"), TWO).unwrap();
    assert_eq!(ended(to_azure(&string, &from)).await.status.code(), Some(0));
    let puts = gate.asked("PUT");
    assert!(puts.len() == 3 && puts[2].contains("if-match: \"") && !puts[2].contains("if-none-match"), "{puts:?}");
    assert_eq!(stored(&azurite, "faq.json").await.as_deref(), Some(TWO));
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a_new_format_is_uploaded_before_the_old_one_is_deleted_and_only_as_it_was_seen() {
    for (old, new) in [("faq.json", "faq.yaml"), ("faq.yaml", "faq.json")] {
        let azurite = azurite().await;
        azurite.put("content", old, ONE, "application/json").await;
        let gate = Gate::before(&azurite, |_| Way::Pass).await;
        let output = ended(to_azure(&gate.string(&azurite), &folder(&[(new, TWO)]))).await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let heads = gate.heads.lock().unwrap().clone();
        let place = |method: &str| heads.iter().position(|head| head.starts_with(method)).unwrap();
        assert!(place("PUT") < place("DELETE"));
        assert!(gate.asked("DELETE")[0].contains("if-match: \""));
        assert_eq!((stored(&azurite, old).await, stored(&azurite, new).await.as_deref()), (None, Some(TWO)));
    }

    // Somebody edits the old one after it was compared: it stays, and what was written with it is told.
    let azurite = Arc::new(azurite().await);
    azurite.put("content", "faq.json", ONE, "application/json").await;
    let barrier = Arc::new(Barrier::new(2));
    let waiting = Arc::clone(&barrier);
    let gate = Gate::before(&azurite, move |head| {
        if head.starts_with("DELETE") { Way::Together(Arc::clone(&waiting)) } else { Way::Pass }
    })
    .await;
    let string = gate.string(&azurite);
    let run = tokio::spawn(async move { ended(to_azure(&string, &folder(&[("faq.yaml", TWO)]))).await });
    while gate.asked("DELETE").is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    azurite.put("content", "faq.json", "[]", "application/json").await;
    barrier.wait().await;
    let output = run.await.unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(text(&output.stderr).contains("faq.json was changed at "), "{output:?}");
    assert_eq!(stored(&azurite, "faq.json").await.as_deref(), Some("[]"), "nothing is lost");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn two_publishers_at_once_to_azure_one_wins_and_the_other_exits_3() {
    for there in [None, Some(ONE)] {
        let azurite = azurite().await;
        if let Some(content) = there {
            azurite.put("content", "faq.json", content, "application/json").await;
        }
        let barrier = Arc::new(Barrier::new(2));
        let gate = Gate::before(&azurite, move |head| {
            if head.starts_with("PUT") { Way::Together(Arc::clone(&barrier)) } else { Way::Pass }
        })
        .await;
        let (string, sides) = (gate.string(&azurite), sides());
        let (first, second) =
            tokio::join!(ended(to_azure(&string, &sides[0].1)), ended(to_azure(&string, &sides[1].1)));
        let found = stored(&azurite, "faq.json").await.unwrap();
        one_wins(&[first, second], [&sides[0].2, &sides[1].2], &found);
    }
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn an_answer_that_is_lost_is_no_conflict() {
    let azurite = azurite().await;
    for content in [ONE, TWO] {
        let lost = Arc::new(Mutex::new(0));
        let count = Arc::clone(&lost);
        let gate = Gate::before(&azurite, move |head| {
            let mut count = count.lock().unwrap();
            if head.starts_with("PUT") {
                *count += 1;
                return Way::Lost;
            }
            Way::Pass
        })
        .await;
        let output = ended(to_azure(&gate.string(&azurite), &folder(&[("faq.json", content)]))).await;
        assert_eq!((output.status.code(), *lost.lock().unwrap()), (Some(0), 1), "{output:?}");
        assert_eq!(stored(&azurite, "faq.json").await.as_deref(), Some(content));
    }
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a_store_that_is_down_or_refuses_exits_2_in_time_and_shows_no_secret() {
    let mut azurite = azurite().await;
    let from = folder(&[("faq.json", ONE)]);
    let string = azurite.connection_string();
    let wrong = ended(to_azure(&string.replace("AccountKey=E", "AccountKey=F"), &from)).await;
    let said = text(&wrong.stderr);
    assert!(wrong.status.code() == Some(2) && said.contains("Storage Blob Data Contributor"), "{wrong:?}");
    azurite.delete_container("content").await;
    let missing = ended(to_azure(&string, &from)).await;
    assert!(missing.status.code() == Some(2) && text(&missing.stderr).contains("the container is not there"));
    azurite.stop().await;
    let began = tokio::time::Instant::now();
    let down = ended(to_azure(&string, &from)).await;
    assert!(down.status.code() == Some(2) && text(&down.stderr).contains("the store cannot be reached"), "{down:?}");
    assert!(began.elapsed() < Duration::from_secs(30));
    for output in [wrong, missing, down] {
        assert!(!format!("{output:?}").contains(&KEY[4..30]));
    }
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm; takes a minute"]
async fn an_upload_that_is_never_answered_exits_2_within_its_deadline() {
    let azurite = azurite().await;
    let never = |head: &str| if head.starts_with("PUT") { Way::Slow(Duration::from_secs(3600)) } else { Way::Pass };
    let gate = Gate::before(&azurite, never).await;
    let began = tokio::time::Instant::now();
    let output = ended(to_azure(&gate.string(&azurite), &folder(&[("faq.json", ONE)]))).await;
    assert!(text(&output.stderr).contains("the store does not answer in time"), "{output:?}");
    assert_eq!((output.status.code(), gate.asked("PUT").len()), (Some(2), 1));
    assert!(began.elapsed() < Duration::from_secs(80), "{:?}", began.elapsed());
}

/// Two versions of a file, as long as files are.
fn versions() -> [String; 2] {
    ["one", "two"].map(|word| {
        let items: Vec<_> = (0..2000)
            .map(|id| format!(r#"{{"id":{id},"question":"What about number {id}?","answer":"{word} {word} {word}"}}"#))
            .collect();
        format!("[{}]", items.join(",\n"))
    })
}

/// Kills publishers at many moments; what is found after each must be one of two versions.
async fn killed(start: impl Fn(&TempDir) -> Command, found: impl AsyncFn() -> Option<String>) {
    let versions = versions();
    // The whole of its life, and past its end.
    let began = tokio::time::Instant::now();
    let first = folder(&[("faq.json", &versions[1])]);
    assert!(ended(start(&first)).await.status.success());
    let span = 2 * u64::try_from(began.elapsed().as_millis()).unwrap();
    let (mut old, mut seen) = (found().await, [0; 2]);
    for round in 0..40 {
        let new = &versions[round % 2];
        let from = folder(&[("faq.json", new)]);
        let mut child = start(&from).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(fastrand::u64(0..span))).await;
        child.kill().unwrap();
        child.wait().unwrap();
        let now = found().await;
        assert!(now == old || now.as_ref() == Some(new), "round {round}: neither the old nor the new version");
        seen[usize::from(now.as_ref() == Some(new))] += 1;
        old = now;
    }
    assert!(seen[0] > 0 && seen[1] > 0, "some came too early and some too late: {seen:?}");
}

#[test]
fn killed_at_any_moment_a_folder_has_the_old_version_or_the_new_one() {
    let to = folder(&[]);
    let start = |from: &TempDir| {
        let mut command = command(&[]);
        command.args(["publish", from.path().to_str().unwrap(), "--to", to.path().to_str().unwrap()]);
        command
    };
    let (versions, over) = (versions(), AtomicBool::new(false));
    let torn = std::thread::scope(|scope| {
        // A reader sees no less than whoever looks after the end.
        let reader = scope.spawn(|| {
            let whole = || read(&to, "faq.json").is_none_or(|found| versions.contains(&found));
            while !over.load(Ordering::Relaxed) {
                if !whole() {
                    return true;
                }
            }
            false
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(killed(start, async || read(&to, "faq.json")));
        over.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });
    assert!(!torn, "a reader found neither the one nor the other");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn killed_at_any_moment_a_blob_is_the_old_version_or_the_new_one() {
    let azurite = azurite().await;
    let gate = Gate::before(&azurite, |head| {
        // Longer on its way, so that most are killed on it.
        if head.starts_with("PUT") { Way::Slow(Duration::from_millis(100)) } else { Way::Pass }
    })
    .await;
    let string = gate.string(&azurite);
    let found = async || {
        // What has left before the end may arrive after it.
        tokio::time::sleep(Duration::from_millis(200)).await;
        stored(&azurite, "faq.json").await
    };
    killed(|from| to_azure(&string, from), found).await;
}
