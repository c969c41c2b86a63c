//! B. What editors upload over a good version, and how it comes.

use std::io::Write as _;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::load::{Load, until};
use super::proxy::Act;
use super::{FAQ, JSON, LISTS, Stage, faq, figure};

const SECOND: Duration = Duration::from_secs(1);
/// The most that a document may have.
const CAP: usize = 5 << 20;

impl Stage {
    /// Uploads each over a good version: it is refused in these words, once, and the good version stays.
    async fn refuses(&self, item: &str, uploads: &[(&[u8], &str)]) {
        for (body, words) in uploads {
            self.publish(FAQ).await;
            let valid = async || self.program.metric(r#"blobcast_content_valid{collection="faq"}"#).await == 1.0;
            until(self.profile.ttl + 10 * SECOND, "valid", valid).await;
            let before = self.program.output().len();
            self.publish(*body).await;
            let said = self.until_logged(words, before, self.profile.ttl + 10 * SECOND).await;
            assert_eq!(self.told().await, "version one");
            assert_eq!(self.program.metric(r#"blobcast_content_valid{collection="faq"}"#).await, 0.0);
            let lines: Vec<_> = self.program.output()[before..].lines().map(str::to_owned).collect();
            assert!(lines.iter().all(|line| line.len() < 600), "{lines:?}");
            figure(item, format!("`{words}` after {said:.1?}, the last good version served"));
        }
    }

    /// The same for YAML.
    async fn with_yaml() -> Self {
        let stage = Self::open().await;
        stage.azurite.put("content", "faq.yaml", faq("in YAML"), "text/yaml").await;
        stage.azurite.delete("content", "faq.json").await;
        stage.until_told("in YAML", stage.profile.ttl + 10 * SECOND).await;
        stage
    }

    async fn refuses_yaml(&self, item: &str, body: &str, words: &str) {
        let before = self.program.output().len();
        let used = self.cpu();
        self.azurite.put("content", "faq.yaml", body, "text/yaml").await;
        self.until_logged(words, before, self.profile.ttl + 10 * SECOND).await;
        assert_eq!(self.told().await, "in YAML");
        figure(item, format!("`{words}`, {:?} of CPU in all, the last good version served", self.cpu() - used));
    }

    /// What the kernel says of the program's memory, in kB: `VmRSS`, `VmHWM`.
    pub fn memory(&self, field: &str) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.program.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap()
    }

    /// From here on the peak is counted anew.
    pub fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.program.id()), "5").unwrap();
    }

    fn cpu(&self) -> Duration {
        cpu(self.program.id())
    }
}

/// The CPU time that a process has used.
pub fn cpu(id: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let fields: Vec<u64> = stat.rsplit(')').next().unwrap().split(' ').filter_map(|n| n.parse().ok()).collect();
    // Of the fields past the state: user and system time, in hundredths of a second.
    Duration::from_millis(10 * (fields[10] + fields[11]))
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn b1_syntax() {
    let stage = Stage::open().await;
    let long = format!("[{{\"q\": \"{}\" \"a\"", "x".repeat(5000));
    stage
        .refuses(
            "B1",
            &[
                (b"[\n  {\"q\": \"a\",}\n]", "faq.json:2:13: "),
                (b"[1, 2", "faq.json:1:6: "),
                (long.as_bytes(), "faq.json:1:5"),
            ],
        )
        .await;
    let yaml = Stage::with_yaml().await;
    yaml.refuses_yaml("B1", "- q: a\n  a: [b\n", "faq.yaml:").await;
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn b2_wrong_items_cost_themselves() {
    let stage = Stage::open().await;
    stage.publish(r#"[{"id":1,"q":5,"a":"b"},{"id":2,"q":"a"},{"id":3,"q":"a","a":"left","extra":{"kept":1}}]"#).await;
    stage.until_told("left", 10 * SECOND).await;
    let list = reqwest::get(format!("{}/api/faq", stage.program.address)).await.unwrap().text().await.unwrap();
    let log = stage.program.output();
    assert!(list.contains(r#""skipped":2"#) && list.contains(r#""extra":{"kept":1}"#), "{list}");
    assert!(log.contains("faq.json:1:14: ") && log.contains("faq.json:1:25: "), "{log}");
    figure("B2", "2 wrong items left out, each with its place in the log; the third served with its own fields");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn b3_what_is_there_twice() {
    let stage = Stage::open().await;
    stage.refuses("B3", &[(br#"[{"id":1,"q":"a","q":"b","a":"c"}]"#, "faq.json:1:18: ")]).await;
    stage.publish(r#"[{"id":1,"q":"a","a":"first"},{"id":1,"q":"a","a":"second"}]"#).await;
    stage.until_told("first", 10 * SECOND).await;
    stage.program.logged("faq.json:1:31: ").await;
    figure("B3", "the second item of an id left out, with its place");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn b4_alias_bomb() {
    let stage = Stage::with_yaml().await;
    let mut bomb = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (name, of) in ('b'..='i').zip('a'..) {
        bomb += &format!("{name}: &{name} [{}]\n", vec![format!("*{of}"); 9].join(","));
    }
    stage.forget_peak();
    let before = stage.memory("VmRSS:");
    stage.refuses_yaml("B4", &bomb, "faq.yaml:").await;
    let more = stage.memory("VmHWM:").saturating_sub(before);
    figure("B4", format!("peak + {more} kB"));
    assert!(more <= 16 << 10, "{more} kB");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn b5_depth() {
    let stage = Stage::open().await;
    stage.refuses("B5", &[("[".repeat(100_000).as_bytes(), "faq.json:1:")]).await;
    let yaml = Stage::with_yaml().await;
    let nested: String = (0..2000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    yaml.refuses_yaml("B5", &nested, "faq.yaml:").await;
    yaml.refuses_yaml("B5", &"[".repeat(100_000), "faq.yaml:1:").await;
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn b6_two_hundred_megabytes() {
    let stage = Stage::open().await;
    let before = stage.memory("VmRSS:");
    stage.forget_peak();
    for announced in [true, false] {
        let said = stage.program.output().len();
        stage.proxy.fault(move |head| match head.contains("/faq.json ") {
            true => Act::edit(move |answer| {
                answer.status = 200;
                answer.body = vec![b' '; 200 << 20];
                answer.set("etag", if announced { "\"0x8\"" } else { "\"0x9\"" });
                if !announced {
                    let mut chunked = format!("{:x}\r\n", answer.body.len()).into_bytes();
                    chunked.append(&mut answer.body);
                    chunked.extend(b"\r\n0\r\n\r\n");
                    answer.body = chunked;
                    answer.set("transfer-encoding", "chunked");
                }
            }),
            false => Act::Pass,
        });
        stage.publish(faq(if announced { "two" } else { "three" })).await;
        stage.until_logged("faq.json", said, stage.profile.ttl + 20 * SECOND).await;
        assert_eq!(stage.told().await, "version one");
    }
    let more = stage.memory("VmHWM:").saturating_sub(before);
    figure("B6", format!("refused, peak + {more} kB"));
    assert!(more <= (2 * CAP) >> 10, "{more} kB");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn b7_compressed_bomb() {
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..1000 {
        bomb.write_all(&[b' '; 1 << 20]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    let stage = Stage::open().await;
    stage.forget_peak();
    let (before, used) = (stage.memory("VmRSS:"), stage.cpu());
    stage.proxy.fault(|head| match head.contains("/faq.json ") {
        true => Act::edit(|answer| answer.set("content-encoding", "gzip")),
        false => Act::Pass,
    });
    stage.refuses("B7", &[(&bomb, "faq.json:1:2: the byte 0x8b")]).await;
    let (more, used) = (stage.memory("VmHWM:").saturating_sub(before), stage.cpu() - used);
    figure("B7", format!("{} bytes that would be 1 GB: peak + {more} kB, {used:?} of CPU", bomb.len()));
    assert!(more <= (2 * CAP) >> 10, "{more} kB");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn b8_encodings() {
    let stage = Stage::open().await;
    let wide = |order: fn(u16) -> [u8; 2]| "\u{feff}[]".encode_utf16().flat_map(order).collect::<Vec<u8>>();
    stage
        .refuses(
            "B8",
            &[
                (&wide(u16::to_le_bytes), "UTF-16"),
                (&wide(u16::to_be_bytes), "UTF-16"),
                (b"[{\"q\":\"caf\xe9\",\"a\":\"b\"}]", "UTF-8"),
            ],
        )
        .await;
    stage.publish(format!("\u{feff}{}", faq("with a mark"))).await;
    stage.until_told("with a mark", 10 * SECOND).await;
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn b9_nothing_in_it() {
    let stage = Stage::open().await;
    stage
        .refuses(
            "B9",
            &[(b"", "faq.json:1:1: "), (b"   ", "faq.json:1:"), (b"null", "faq.json:1:1: "), (b"{}", "faq.json:1:1: ")],
        )
        .await;
    stage.publish("[]").await;
    stage.until_told("none", 10 * SECOND).await;
    assert_eq!(stage.program.metric(r#"blobcast_content_items{collection="faq"}"#).await, 0.0);
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn b10_no_text() {
    let stage = Stage::open().await;
    stage.refuses("B10", &[(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "faq.json:1:1: "), (&[0; 4096], "faq.json:1:1: ")]).await;
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn b11_numbers() {
    let stage = Stage::open().await;
    let with = |value: &str| FAQ.replace("\"id\":1", &format!("\"id\":1,\"n\":{value}"));
    for value in ["NaN", "Infinity", "1e400", r#""\ud800""#] {
        stage.refuses("B11", &[(with(value).as_bytes(), "faq.json:1:")]).await;
    }
    stage.publish(with("9007199254740993,\"z\":-0").replace("version one", "digits")).await;
    stage.until_told("digits", 10 * SECOND).await;
    let list = reqwest::get(format!("{}/api/faq", stage.program.address)).await.unwrap().text().await.unwrap();
    assert!(list.contains(r#""n":9007199254740993"#) && list.contains(r#""z":-0"#), "{list}");
    figure("B11", "9007199254740993 and -0 leave as they came");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn b12_yaml_means_what_is_written() {
    let stage = Stage::with_yaml().await;
    for (body, words) in [
        ("- q: a\n  a: !!python/object:os.system x\n", "faq.yaml:2:"),
        ("- q: a\n  a: !include /etc/passwd\n", "faq.yaml:2:"),
        ("- q: a\n  a: b\n---\n- q: c\n", "faq.yaml:"),
    ] {
        stage.refuses_yaml("B12", body, words).await;
    }
    let norway = "- q: no\r\n  a: 12:30\r\n  on: on\r\n";
    stage.azurite.put("content", "faq.yaml", norway, "text/yaml").await;
    stage.until_told("12:30", 10 * SECOND).await;
    let list = reqwest::get(format!("{}/api/faq", stage.program.address)).await.unwrap().text().await.unwrap();
    assert!(list.contains(r#""question":"no""#) && list.contains(r#""on":"on""#), "{list}");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn b14_exactly_at_the_cap() {
    let stage = Stage::open().await;
    let mut full = faq("full").into_bytes();
    full.resize(CAP, b' ');
    stage.forget_peak();
    stage.publish(full.clone()).await;
    stage.until_told("full", 20 * SECOND).await;
    figure("B14", format!("served; peak {} kB", stage.memory("VmHWM:")));
    full.push(b' ');
    let before = stage.program.output().len();
    stage.publish(full).await;
    stage.until_logged("faq.json", before, 20 * SECOND).await;
    assert_eq!(stage.told().await, "full");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn b15_one_of_three_is_bad() {
    let stage = Stage::open().await;
    stage.publish("{").await;
    let others = Load::start(&stage.program.address, &LISTS[1..], stage.profile.rate);
    sleep(stage.profile.fault / 2).await;
    let others = others.stop().await;
    figure("B15", format!("the other two: {others}"));
    assert_eq!(others.failures(), 0);
    assert!(Duration::from_secs(others.oldest) <= stage.profile.ttl + 2 * SECOND, "{others}");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn b16_versions_alternate_under_load() {
    let stage = Stage::with(&[("BLOBCAST__CACHE__TTL", "200ms")]).await;
    let load = Load::start(&stage.program.address, &["/api/faq"], stage.profile.rate);
    let began = Instant::now();
    let mut number = 0;
    while began.elapsed() < stage.profile.fault {
        number += 1;
        stage.azurite.put("content", "faq.json", faq(&number.to_string()), JSON).await;
        sleep(SECOND / 2).await;
    }
    let last = number.to_string();
    until(10 * SECOND, "the last version", async || stage.told().await == last).await;
    let report = load.stop().await;
    figure(
        "B16",
        format!("{report}; {} of {number} versions seen, {} went backwards", report.versions(), report.backwards),
    );
    assert_eq!((report.failures(), report.backwards), (0, 0), "{report}");
    assert!(report.versions() > number / 2, "{} of {number}", report.versions());
}
