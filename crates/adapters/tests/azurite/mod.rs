//! Azurite, the Azure storage emulator: starts it for a test and seeds it through Azure's REST API.
//!
//! It is installed once, with npm, into the target directory. A server of [`Azurite::start`] forgets its content when
//! it stops; one of [`Azurite::start_in`] is sure to keep it only across [`Azurite::stop`]: it writes every 5 seconds.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(unreachable_pub, clippy::expect_used, reason = "a harness for tests: what fails here fails the test")]
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "a paused clock must not hurry a real server")]

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, Method, StatusCode, Url};
use sha2::Sha256;
use tokio::task::spawn_blocking;

/// The name of the public development account.
pub const ACCOUNT: &str = "devstoreaccount1";
/// The key of the public development account: every emulator has it, it protects nothing.
pub const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

const PACKAGE: &str = "azurite@3.37.0";
const MAIN: &str = "node_modules/azurite/dist/src/blob/main.js";
const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// A running (or stopped) emulator; dropping it kills its process.
pub struct Azurite {
    process: Option<Process>,
    port: u16,
    setup: Setup,
    client: Client,
}

impl Azurite {
    /// Starts a server that holds its content in memory.
    pub async fn start() -> Self {
        Self::start_with_account(ACCOUNT, KEY).await
    }

    /// Starts a server in memory that knows this account only.
    pub async fn start_with_account(account: &str, key_base64: &str) -> Self {
        Self::start_as(account, key_base64, None).await
    }

    /// Starts a server that holds its content in this folder.
    pub async fn start_in(folder: &Path) -> Self {
        Self::start_as(ACCOUNT, KEY, Some(folder.to_owned())).await
    }

    async fn start_as(account: &str, key: &str, folder: Option<PathBuf>) -> Self {
        let setup = Setup { account: account.to_owned(), key: key.to_owned(), folder };
        let client = Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("an HTTP client");
        let (process, port) = launch(&setup, None).await;
        Self { process: Some(process), port, setup, client }
    }

    /// Ends the process and waits for its end; the port stays remembered.
    pub async fn stop(&mut self) {
        let Some(process) = self.process.take() else { return };
        let writes = self.setup.folder.is_some();
        spawn_blocking(move || process.end(writes)).await.expect("Azurite stops");
    }

    /// Starts it again on the same port and folder.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.process = Some(launch(&self.setup, Some(self.port)).await.0);
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of the account's blob service.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}/{}", self.port, self.setup.account)
    }

    /// The connection string, with the key.
    pub fn connection_string(&self) -> String {
        let (Setup { account, key, .. }, endpoint) = (&self.setup, self.endpoint());
        format!("DefaultEndpointsProtocol=http;AccountName={account};AccountKey={key};BlobEndpoint={endpoint};")
    }

    /// Creates a container, or leaves it if it exists.
    pub async fn create_container(&self, name: &str) {
        self.send(Method::PUT, name, None, &[StatusCode::CREATED, StatusCode::CONFLICT]).await;
    }

    /// Writes a block blob, over the one that is there.
    pub async fn put(&self, container: &str, name: &str, body: impl Into<Vec<u8>>, content_type: &str) {
        let blob = Some((body.into(), content_type));
        self.send(Method::PUT, &format!("{container}/{name}"), blob, &[StatusCode::CREATED]).await;
    }

    /// Deletes a blob, which must exist.
    pub async fn delete(&self, container: &str, name: &str) {
        self.send(Method::DELETE, &format!("{container}/{name}"), None, &[StatusCode::ACCEPTED]).await;
    }

    /// Deletes a container, which must exist, and its blobs.
    pub async fn delete_container(&self, name: &str) {
        self.send(Method::DELETE, name, None, &[StatusCode::ACCEPTED]).await;
    }

    /// Sends a request about a container, or about a blob in it, signed with the account's key (`SharedKey`).
    async fn send(&self, method: Method, path: &str, blob: Option<(Vec<u8>, &str)>, expected: &[StatusCode]) {
        let Setup { account, key, .. } = &self.setup;
        let mut url = Url::parse(&self.endpoint()).expect("the endpoint is an address");
        url.path_segments_mut().expect("an address with a path").extend(path.split('/'));
        // The path of an emulator's address begins with the account, so that it is there twice.
        let mut resource = format!("/{account}{}", url.path());
        if !path.contains('/') {
            url.set_query(Some("restype=container"));
            resource += "\nrestype:container";
        }
        // In the order of their names, as the signature wants them.
        let mut headers: Vec<_> = blob.iter().map(|_| ("x-ms-blob-type", "BlockBlob".to_owned())).collect();
        let date = httpdate::fmt_http_date(SystemTime::now());
        headers.extend([("x-ms-date", date), ("x-ms-version", "2021-08-06".to_owned())]);
        let signed_headers: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let (body, content_type) = blob.unwrap_or_default();
        let length = body.len().to_string();
        let signed_length = if body.is_empty() { "" } else { &length };
        // Empty: Content-Encoding, Content-Language; Content-MD5; Date, four conditions, Range.
        let text = format!("{method}\n\n\n{signed_length}\n\n{content_type}\n\n\n\n\n\n\n{signed_headers}{resource}");
        let key = STANDARD.decode(key).expect("an account's key is base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length");
        mac.update(text.as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        headers.push(("authorization", format!("SharedKey {account}:{signature}")));
        headers.extend([("content-type", content_type.to_owned()), ("content-length", length)]);

        let request = self.client.request(method.clone(), url).body(body);
        let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let response = request.send().await.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
        let status = response.status();
        assert!(expected.contains(&status), "{method} {path}: {status} {:?}", response.text().await);
    }
}

#[derive(Clone)]
struct Setup {
    account: String,
    key: String,
    folder: Option<PathBuf>,
}

/// A child that does not outlive its handle.
struct Process(Child);

impl Process {
    /// Ends it, after the time to write its content; a connection that a client holds open takes all of `STOP_LIMIT`.
    fn end(mut self, writes: bool) {
        let asked = writes && Command::new("kill").arg(self.0.id().to_string()).status().expect("kill runs").success();
        let start = Instant::now();
        while asked && !self.has_ended() && start.elapsed() < STOP_LIMIT {
            sleep(PAUSE);
        }
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the server on this port, or on a free one, and waits until it answers.
async fn launch(setup: &Setup, port: Option<u16>) -> (Process, u16) {
    let setup = setup.clone();
    // A thread of its own: a runtime whose clock is paused lets no time pass until it is done.
    let launched = spawn_blocking(move || {
        let main = install().join(MAIN);
        let start = Instant::now();
        while start.elapsed() < START_LIMIT {
            let free = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr();
            let port = port.unwrap_or_else(|| free().expect("a free port").port());
            let mut process = spawn(&main, &setup, port);
            // It ends early when another process took the port: the next round tries again.
            while !process.has_ended() && start.elapsed() < START_LIMIT {
                if answers(port) && !process.has_ended() {
                    return Some((process, port));
                }
                sleep(PAUSE);
            }
        }
        None
    });
    launched.await.expect("Azurite starts").expect("Azurite answers within 30 seconds")
}

fn spawn(main: &Path, setup: &Setup, port: u16) -> Process {
    let mut command = Command::new("node");
    command.arg(main).args(["--silent", "--disableTelemetry", "--skipApiVersionCheck"]);
    command.args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()]);
    match &setup.folder {
        Some(folder) => command.arg("--location").arg(folder),
        None => command.arg("--inMemoryPersistence"),
    };
    command.env("AZURITE_ACCOUNTS", format!("{}:{}", setup.account, setup.key)).env_remove("AZURITE_DB");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Process(command.spawn().expect("node runs Azurite"))
}

/// Whether the port speaks HTTP.
fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return false };
    let mut start = [0; 5];
    stream.set_read_timeout(Some(Duration::from_secs(1))).expect("a timeout that is not zero");
    let asked = stream.write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    asked.and_then(|()| stream.read_exact(&mut start)).is_ok() && &start == b"HTTP/"
}

/// The folder with Azurite, which the first process to ask fills while the others wait.
fn install() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.ancestors().find(|folder| folder.join("Cargo.lock").exists()).expect("a workspace");
    let target = root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or("target".into()));
    let folder = target.join("azurite");
    fs::create_dir_all(&target).expect("the target directory");
    let lock = fs::File::create(target.join("azurite.lock")).expect("the lock of the installation");
    lock.lock().expect("the installation is ours alone");
    if !folder.join(MAIN).exists() {
        let scratch = tempfile::tempdir_in(&target).expect("a folder next to the installation");
        let fresh = scratch.path().join("azurite");
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE, "--prefix"]).arg(&fresh);
        let output = npm.stdin(Stdio::null()).output().expect("npm runs");
        assert!(output.status.success(), "npm install {PACKAGE}: {}", String::from_utf8_lossy(&output.stderr));
        let _ = fs::remove_dir_all(&folder); // the rest of an installation that somebody deleted by halves
        fs::rename(&fresh, &folder).expect("the installation goes to its place");
    }
    folder
}
