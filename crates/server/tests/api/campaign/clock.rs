//! D. Time: expiries, idle hours, clocks that jump, processes that stand still.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::load::{Connection, until};
use super::proxy::Act;
use super::{LISTS, Stage, figure, string};
use crate::program::Program;

const SECOND: Duration = Duration::from_secs(1);
const DOCUMENTS: [&str; 3] = ["faq.json", "news.json", "events.json"];

async fn age(program: &Program) -> (u64, String) {
    let mut connection = Connection::open(program.address.trim_start_matches("http://")).await.unwrap();
    let (heard, _) = connection.get("/api/faq").await.unwrap();
    assert_eq!(heard.status, 200);
    (heard.headers["age"].parse().unwrap(), heard.headers["date"].clone())
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn d1_one_fetch_for_each_expiry() {
    let stage = Stage::open().await;
    stage.proxy.fault(|_| Act::Late(SECOND));
    let (load, began) = (stage.load(), Instant::now());
    let ttl = stage.profile.ttl;
    sleep(stage.profile.fault.max(5 * ttl)).await;
    let report = load.stop().await;
    let lasted = began.elapsed();
    // A fetch begins at most 3 % before the end of the TTL.
    let most = 1 + lasted.as_millis() / ttl.mul_f64(0.8).as_millis();
    let least = (lasted.as_millis() / (ttl + 2 * SECOND).as_millis()).saturating_sub(1);
    for document in DOCUMENTS {
        let gets = stage.proxy.asked_since(document, began).len() as u128;
        figure("D1", format!("{gets} GETs for {document} in {lasted:.0?}"));
        assert!((least..=most).contains(&gets), "{gets} of {least} to {most}");
    }
    figure("D1", &report);
    assert_eq!(report.failures(), 0, "{report}");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn d3_idle_for_ten_ttls() {
    let stage = Stage::open().await;
    sleep(10 * stage.profile.ttl).await;
    let (age, _) = age(&stage.program).await;
    figure("D3", format!("Age {age} s after {:?} without a request", 10 * stage.profile.ttl));
    assert!(Duration::from_secs(age) <= stage.profile.ttl + 2 * SECOND, "{age}");
}

#[tokio::test]
#[ignore = "needs Azurite and faketime: node, npm and Debian's faketime"]
async fn d4_the_clock_jumps_an_hour() {
    const LIBRARY: &str = r#"LD_PRELOAD=$(ls /usr/lib/*/faketime/libfaketime.so.1); export LD_PRELOAD; exec "$0""#;
    let (azurite, proxy) = super::store().await;
    let offset = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(offset.path(), "+0").unwrap();
    let (string, file) = (string(&azurite, &proxy), offset.path().display().to_string());
    let variables = [
        ("AZURE_STORAGE_CONNECTION_STRING", string.as_str()),
        ("BLOBCAST__CACHE__TTL", "2s"),
        ("FAKETIME_TIMESTAMP_FILE", &file),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let program = Program::start_by(&["sh", "-c", LIBRARY], &variables).await;
    program.until_status("/api/faq", 200).await;
    let began = Instant::now();
    for (jump, hours) in [("+0", 0), ("+1h", 1), ("-1h", -1), ("+0", 0)] {
        std::fs::write(offset.path(), jump).unwrap();
        sleep(SECOND).await;
        let (age, date) = age(&program).await;
        let date = jiff::fmt::rfc2822::parse(&date).unwrap().timestamp();
        let told = date + jiff::SignedDuration::from_secs(age.try_into().unwrap());
        let apart = told.duration_since(Timestamp::now()).as_secs() - hours * 3600;
        figure("D4", format!("clock {jump}: Age {age} s, Date + Age is {apart} s from that clock"));
        assert!(age <= 4 && (-3..=3).contains(&apart), "{jump}: age {age}, {apart} s apart");
    }
    let (gets, lasted) = (proxy.asked_since("faq.json", began).len(), began.elapsed());
    figure("D4", format!("{gets} GETs in {lasted:.0?}"));
    assert!(gets as u128 <= 1 + lasted.as_millis() / 1600, "{gets} in {lasted:?}");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn d5_stopped_and_continued_under_load() {
    let stage = Stage::open().await;
    let load = stage.load();
    sleep(stage.profile.ttl).await;
    stage.program.signal("STOP");
    let pause = (3 * stage.profile.ttl).min(8 * SECOND);
    sleep(pause).await;
    let woken = Instant::now();
    stage.program.signal("CONT");
    sleep(SECOND).await;
    let gets = DOCUMENTS.map(|document| stage.proxy.asked_since(document, woken).len());
    let report = load.stop().await;
    figure("D5", format!("{gets:?} GETs in the second after {pause:?} of standing still; {report}"));
    assert!(gets.iter().all(|gets| *gets <= 1), "{gets:?}");
    assert_eq!(report.failures(), 0, "late is no failure: {report}");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn d6_age_counts_from_the_question() {
    let (azurite, proxy) = super::store().await;
    proxy.fault(|_| Act::Late(2 * SECOND));
    let program = super::serve(&azurite, &proxy, Duration::from_secs(60), &[]).await;
    let (age, _) = age(&program).await;
    figure("D6", format!("Age {age} s of an answer that the store took 2 s for"));
    assert!((2..=4).contains(&age), "{age}");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn d8_unchanged_a_thousand_times() {
    let wanted = if super::Profile::get().ttl > 10 * SECOND { 1000.0 } else { 50.0 };
    let stage = Stage::with(&[("BLOBCAST__CACHE__TTL", "100ms")]).await;
    let tag = async || {
        let list = reqwest::get(format!("{}/api/faq", stage.program.address)).await.unwrap();
        list.headers()["etag"].to_str().unwrap().to_owned()
    };
    let before = tag().await;
    let series = r#"blobcast_content_refreshes_total{collection="faq",result="unchanged"}"#;
    until(300 * SECOND, "refreshes", async || stage.program.metric(series).await >= wanted).await;
    assert_eq!(tag().await, before);
    let asked = stage.proxy.asked("faq.json");
    let plain = asked.iter().filter(|asked| !asked.head.contains("if-none-match")).count();
    let read = stage.program.output().matches("faq.json is served").count();
    figure("D8", format!("{} conditional GETs of {}, parsed {read} time, one ETag", asked.len() - plain, asked.len()));
    assert_eq!((plain, read), (1, 1));
    assert_eq!(stage.program.status(LISTS[1]).await, 200);
}
