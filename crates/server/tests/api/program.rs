//! The program `blobcast` as an operator runs it: its exit status, its output, its signals.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value as Json;

use crate::app::folder;
use crate::azurite::{self, Azurite};

/// Where the tools of `start_by` are.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// A running program whose output is kept. It is killed when it is dropped.
pub struct Program {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    pub address: String,
    pub management: String,
}

/// The program with these variables and ports of the system's choice.
pub fn command(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blobcast"));
    command.env_clear().stdin(Stdio::null());
    for (name, port) in [("BLOBCAST__SERVER__PORT", "0"), ("BLOBCAST__MANAGEMENT__PORT", "0")] {
        command.env(name, port);
    }
    command.envs([("BLOBCAST__SERVER__HOST", "127.0.0.1"), ("BLOBCAST__MANAGEMENT__HOST", "127.0.0.1")]);
    command.envs(variables.iter().copied());
    command
}

/// Runs to the end.
pub fn run(variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    command(variables).args(arguments).output().unwrap()
}

impl Program {
    /// Starts it and waits until it listens.
    pub async fn start(variables: &[(&str, &str)]) -> Self {
        Self::spawn(command(variables)).await
    }

    /// Starts it with these arguments.
    pub async fn start_with(variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut command = command(variables);
        command.args(arguments);
        Self::spawn(command).await
    }

    /// The same, started by a command that runs it in another world: `sh -c '…; exec "$0"'`.
    pub async fn start_by(world: &[&str], variables: &[(&str, &str)]) -> Self {
        let plain = command(variables);
        let mut command = Command::new(world[0]);
        command.args(&world[1..]).arg(plain.get_program()).stdin(Stdio::null()).env_clear();
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("PATH", PATH);
        Self::spawn(command).await
    }

    async fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        keep(out, &lines);
        keep(err, &lines);
        let mut program = Self { child, lines, address: String::new(), management: String::new() };
        let line = program.logged("listening on ").await;
        let message = serde_json::from_str::<Json>(&line).unwrap()["message"].as_str().unwrap().to_owned();
        let mut urls = message.split([' ', ',']).filter(|word| word.starts_with("http")).map(str::to_owned);
        (program.address, program.management) = (urls.next().unwrap(), urls.next().unwrap());
        program
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The number of a series, 0 where there is none.
    pub async fn metric(&self, series: &str) -> f64 {
        let text = reqwest::get(format!("{}/metrics", self.management)).await.unwrap().text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(0.0, |number| number.parse().unwrap())
    }

    /// The first line with this text, once there is one.
    pub async fn logged(&self, text: &str) -> String {
        for _ in 0..1000 {
            if let Some(line) = self.output().lines().find(|line| line.contains(text)) {
                return line.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("`{text}` is not in the log after 20 s:\n{}", self.output());
    }

    pub fn output(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    /// The names of its threads.
    pub fn threads(&self) -> Vec<String> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok()).collect()
    }

    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(sent.success());
    }

    /// Its exit status, once it has ended.
    pub async fn ended(&mut self) -> Option<i32> {
        for _ in 0..1000 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it still runs after 20 s");
    }

    pub async fn status(&self, path: &str) -> u16 {
        reqwest::get(format!("{}{path}", self.address)).await.map_or(0, |response| response.status().as_u16())
    }

    /// Looks again and again, for at most 20 s.
    pub async fn until(&self, met: impl Fn() -> bool) {
        for _ in 0..1000 {
            if met() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it has not come to that in 20 s:\n{}", self.output());
    }

    pub async fn until_status(&self, path: &str, status: u16) {
        for _ in 0..1000 {
            if self.status(path).await == status {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{path} does not answer {status} in 20 s:\n{}", self.output());
    }
}

impl Drop for Program {
    /// Whatever a test was about: the key of its store is nowhere in what was said.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            assert_eq!(leaked(&self.output(), azurite::KEY), None);
        }
    }
}

/// The first line that holds a key in one of the forms in which keys leak, or the header that is made from it.
fn leaked<'a>(output: &'a str, key: &str) -> Option<&'a str> {
    let secret = BASE64_STANDARD.decode(key).unwrap();
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let decimal = secret[..8].iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
    let escaped = key.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let mut forms = vec![key[..12].to_owned(), hex[..16].to_owned(), hex[..16].to_uppercase(), decimal];
    forms.extend([escaped[..16].to_owned(), "SharedKey ".to_owned(), "sig=".to_owned()]);
    forms.extend(String::from_utf8(secret).map(|text| text[..12].to_owned()));
    output.lines().find(|line| forms.iter().any(|form| line.contains(form)))
}

fn keep(stream: impl std::io::Read + Send + 'static, lines: &Arc<Mutex<Vec<String>>>) {
    let lines = Arc::clone(lines);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            lines.lock().unwrap().push(line);
        }
    });
}

#[actix_web::test]
async fn g6_settings_that_cannot_be_used_end_it_with_78_and_a_line_for_each() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let content = folder(&[]);
    let content = content.path().display().to_string();
    let here = ("BLOBCAST__SOURCE__LOCATION", content.as_str());
    let string = "AZURE_STORAGE_CONNECTION_STRING";
    for (variables, expected) in [
        (
            vec![(string, "canary")],
            vec![
                "AZURE_STORAGE_CONNECTION_STRING: part 1 is not name=value",
                "AZURE_STORAGE_CONNECTION_STRING: AccountKey or SharedAccessSignature is missing",
                "AZURE_STORAGE_CONNECTION_STRING: AccountName is missing",
            ],
        ),
        (
            vec![(string, "AccountName=acc;AccountKey=canary!")],
            vec!["AZURE_STORAGE_CONNECTION_STRING: AccountKey is not Base64"],
        ),
        (
            vec![here, ("BLOBCAST__CACHE__TLL", "canary")],
            vec!["BLOBCAST__CACHE__TLL: is no setting; did you mean BLOBCAST__CACHE__TTL?"],
        ),
        (
            vec![here, ("BLOBCAST__CACHE__TTL", "canary"), ("BLOBCAST__SOURCE__MAX_ITEMS", "0")],
            vec![
                "BLOBCAST__SOURCE__MAX_ITEMS: must be a whole number above 0",
                "BLOBCAST__CACHE__TTL: must be a duration such as 500ms, 60s or 24h, 100ms or more",
            ],
        ),
        (
            vec![here, ("OTEL_EXPORTER_OTLP_ENDPOINT", "canary"), ("OTEL_EXPORTER_OTLP_HEADERS", "key=canary")],
            vec!["OTEL_EXPORTER_OTLP_ENDPOINT: must be an address such as http://collector:4318"],
        ),
        (
            vec![here, ("BLOBCAST__SERVER__PORT", &port)],
            vec!["server.port (PORT or BLOBCAST__SERVER__PORT): 127.0.0.1:"],
        ),
        (
            vec![("BLOBCAST__SOURCE__LOCATION", "/nowhere")],
            vec!["source.location: /nowhere is not a folder that can be read"],
        ),
        (
            vec![("BLOBCAST__SOURCE__LOCATION", "az://content")],
            vec!["source.location: az://content needs AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCOUNT_NAME"],
        ),
        (
            vec![("AZURE_STORAGE_CONNECTION_STRING_FILE", "/nowhere")],
            vec!["AZURE_STORAGE_CONNECTION_STRING_FILE: the file cannot be read: entity not found"],
        ),
    ] {
        let output = run(&variables, &[]);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(78), "{errors}");
        let lines: Vec<_> = errors.lines().collect();
        assert_eq!(lines.len(), expected.len(), "{errors}");
        for (line, expected) in lines.iter().zip(expected) {
            assert!(line.starts_with(&format!("blobcast: {expected}")), "{line}");
        }
        assert!(!errors.contains("canary") && !errors.contains("panicked"), "{errors}");
    }
}

#[actix_web::test]
async fn the_settings_in_effect_are_printed_without_secrets() {
    let string = ("AZURE_STORAGE_CONNECTION_STRING", "AccountName=acc;AccountKey=Y2FuYXJ5");
    let output = run(&[string, ("PORT", "1"), ("BLOBCAST__SERVER__PORT", "")], &["config", "--port", "2"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success()
            && text.contains("server.port = \"2\"")
            && text.contains("source.location = \"az://content\""),
        "{text}"
    );
    assert!(!text.contains("Y2FuYXJ5"), "{text}");
}

#[actix_web::test]
async fn every_line_of_its_log_is_json_and_a_broken_upload_is_one_of_them() {
    let content = folder(&[("faq.json", r#"[{"id":1,"q":"a","a":"b"}]"#)]);
    let location = content.path().display().to_string();
    let variables = [("BLOBCAST__SOURCE__LOCATION", location.as_str()), ("BLOBCAST__CACHE__TTL", "100ms")];
    let program = Program::start(&variables).await;
    let name = format!("Cached(100ms, Prepared(Blob({location}/faq.{{json,yaml,yml}})))");
    program.logged(&name).await;
    program.logged("faq.json is served: 1 items, 0 skipped").await;
    std::fs::write(content.path().join("faq.json"), "[\n  {\"id\": 2,}\n]").unwrap();
    let stays =
        "faq.json:2:12: a comma stands before this closing bracket (remove the comma); the last good version stays";
    let line = program.logged(stays).await;
    assert!(line.contains("\"code\":\"E011\""), "{line}");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(program.status("/api/faq/1").await, 200);
    std::fs::write(content.path().join("faq.json"), r#"[{"id":3,"q":"a","a":"b"}]"#).unwrap();
    program.until_status("/api/faq/3", 200).await;
    let output = program.output();
    assert_eq!(output.matches("faq.json:2:12").count(), 1, "a fault is told once, however often it is met: {output}");
    for line in output.lines() {
        let line: Json = serde_json::from_str(line).expect(line);
        assert!(line["timestamp"].is_string() && line["level"].is_string() && line["message"].is_string());
    }
}

#[actix_web::test]
async fn a_connection_string_that_goes_bad_is_told_once_and_so_is_its_end() {
    let file = folder(&[]);
    let path = file.path().join("string");
    let good = "AccountName=acc;AccountKey=YQ==;BlobEndpoint=http://127.0.0.1:1/acc";
    // In one step, as a secret is mounted: half a file is another fault.
    let write = |text: &str| {
        std::fs::write(path.with_extension("new"), text).unwrap();
        std::fs::rename(path.with_extension("new"), &path).unwrap();
    };
    write(good);
    let variables = [
        ("AZURE_STORAGE_CONNECTION_STRING_FILE", path.to_str().unwrap()),
        ("BLOBCAST__CACHE__TTL", "100ms"),
        ("RUST_LOG", "debug"),
    ];
    let program = Program::start(&variables).await;
    program.logged("the store cannot be reached").await;
    write("AccountName=acc");
    let told = program.logged("the connection string stays as it was").await;
    let fetches = || program.output().matches("; still so").count();
    let before = fetches();
    program.until(|| fetches() > before + 9).await;
    write(good);
    program.logged("the connection string can be used again").await;
    assert!(told.contains("AccountKey or SharedAccessSignature is missing") && told.contains("WARN"), "{told}");
    assert_eq!(program.output().matches("the connection string stays as it was").count(), 1);
}

#[actix_web::test]
async fn it_stops_on_a_signal_and_at_once_on_a_second() {
    let content = folder(&[("faq.json", "[]")]);
    let location = content.path().display().to_string();
    let here = ("BLOBCAST__SOURCE__LOCATION", location.as_str());
    let mut soon = Program::start(&[here, ("BLOBCAST__SERVER__DRAIN", "1h")]).await;
    soon.signal("INT");
    assert_eq!(soon.ended().await, Some(0));
    let mut drained = Program::start(&[here, ("BLOBCAST__SERVER__DRAIN", "100ms")]).await;
    drained.signal("HUP");
    drained.signal("TERM");
    assert_eq!(drained.ended().await, Some(0));
    drained.logged("stopped").await;
    let mut twice = Program::start(&[here, ("BLOBCAST__SERVER__DRAIN", "1h")]).await;
    twice.signal("TERM");
    twice.until_status("/readyz", 503).await;
    twice.signal("TERM");
    assert_eq!(twice.ended().await, Some(0));
    twice.logged("asked again to stop").await;
}

#[actix_web::test]
#[ignore = "needs Azurite: node and npm"]
async fn h3_a_key_is_nowhere_in_the_output_whatever_happens() {
    let secret = b"canary-key-0123456789-abcdefghij-KLMNOP";
    let key = BASE64_STANDARD.encode(secret);
    let mut azurite = Azurite::start_with_account("canaryaccount", &key).await;
    azurite.create_container("content").await;
    azurite.put("content", "faq.json", "[]", "application/json").await;
    let good = azurite.connection_string();
    let wrong = good.replace(&key, &BASE64_STANDARD.encode([secret, b"!".as_slice()].concat()));
    let trace = [("RUST_LOG", "trace"), ("BLOBCAST__CACHE__TTL", "200ms")];
    let start =
        async |string: &str| Program::start(&[trace[0], trace[1], ("AZURE_STORAGE_CONNECTION_STRING", string)]).await;
    let (served, refused) = (start(&good).await, start(&wrong).await);
    served.until_status("/api/faq", 200).await;
    refused.until_status("/api/faq", 503).await;
    azurite.put("content", "faq.json", "{", "application/json").await;
    served.logged("faq.json:1:2").await;
    azurite.stop().await;
    served.logged("the store cannot be reached").await;
    let output = served.output() + &refused.output();
    assert!(output.contains("TRACE"), "the log is at its most talkative");
    assert_eq!(leaked(&output, &key), None);
}

#[tokio::test]
async fn f3_a_log_that_nobody_reads_costs_lines_and_no_request() {
    let samples = crate::app::samples().display().to_string();
    let variables = [("RUST_LOG", "trace"), ("BLOBCAST__SOURCE__LOCATION", samples.as_str())];
    let mut child = command(&variables).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut log = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("listening on ") {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "it ended without listening");
    }
    let line: Json = serde_json::from_str(&line).unwrap();
    let urls: Vec<_> =
        line["message"].as_str().unwrap().split([' ', ',']).filter(|word| word.starts_with("http")).collect();
    // From here on nobody reads: the pipe is full after 64 KiB.
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
    let get = async |url: String| client.get(url).send().await.unwrap();
    for _ in 0..500 {
        assert_eq!(get(format!("{}/healthz", urls[0])).await.status(), 200);
    }
    let metrics = get(format!("{}/metrics", urls[1])).await.text().await.unwrap();
    let dropped = metrics.lines().find(|line| line.starts_with("blobcast_log_dropped_total")).unwrap();
    let dropped: f64 = dropped.split(' ').next_back().unwrap().parse().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(dropped > 0.0, "{dropped}");
    drop(log);
}

#[actix_web::test]
async fn a_certificate_that_cannot_be_used_ends_it_with_78_and_a_line_for_each_file() {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let files = folder(&[("chain.pem", &own.cert.pem()), ("other.pem", &other), ("empty.pem", "")]);
    let path = |name: &str| files.path().join(name).display().to_string();
    let location = path("");
    for (certificate, key, expected) in [
        (path("chain.pem"), String::new(), vec!["BLOBCAST__SERVER__TLS__KEY: must be set with server.tls.certificate"]),
        (
            path("none.pem"),
            path("empty.pem"),
            vec![
                "server.tls.certificate (BLOBCAST__SERVER__TLS__CERTIFICATE): the file cannot be read: entity not found",
                "server.tls.key (BLOBCAST__SERVER__TLS__KEY): the file holds no private key in PEM",
            ],
        ),
        (
            path("chain.pem"),
            path("other.pem"),
            vec!["server.tls.key (BLOBCAST__SERVER__TLS__KEY): the key is not that of the certificate"],
        ),
    ] {
        let variables = [
            ("BLOBCAST__SOURCE__LOCATION", location.as_str()),
            ("BLOBCAST__SERVER__TLS__CERTIFICATE", &certificate),
            ("BLOBCAST__SERVER__TLS__KEY", &key),
        ];
        let output = run(&variables, &[]);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(78), "{errors}");
        let lines: Vec<_> = errors.lines().collect();
        assert_eq!(lines.len(), expected.len(), "{errors}");
        for (line, expected) in lines.iter().zip(expected) {
            assert!(line.starts_with(&format!("blobcast: {expected}")), "{line}");
        }
        assert!(other.lines().skip(1).all(|line| !errors.contains(line)), "{errors}");
    }
}
