//! A server of its own for each test, on a copy of the sample content and a port that the system picks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value as Json;
use server::config::{Flags, Settings};
use server::lifecycle::Stop;
use server::published::Published;
use server::routes;
use server::startup::Application;
use tempfile::TempDir;
use tokio::sync::mpsc::{self, UnboundedSender};

pub struct TestApp {
    pub folder: TempDir,
    pub address: String,
    pub management: String,
    pub stop: UnboundedSender<Stop>,
    pub client: Client,
}

/// The settings of a test: short times, ports of the system's choice.
const VARIABLES: [(&str, &str); 6] = [
    ("BLOBCAST__SERVER__HOST", "127.0.0.1"),
    ("BLOBCAST__SERVER__PORT", "0"),
    ("BLOBCAST__MANAGEMENT__HOST", "127.0.0.1"),
    ("BLOBCAST__MANAGEMENT__PORT", "0"),
    ("BLOBCAST__SERVER__WORKERS", "1"),
    ("BLOBCAST__CACHE__TTL", "100ms"),
];

impl TestApp {
    /// Serves the sample content.
    pub async fn start() -> Self {
        let app = Self::serve(sample(), &routes::published(), &[]);
        app.until_ready().await;
        app
    }

    /// Serves these files and nothing else.
    pub async fn with(files: &[(&str, &str)]) -> Self {
        let app = Self::serve(folder(files), &routes::published(), &[]);
        app.until_settled().await;
        app
    }

    /// Serves a folder, or another source when `variables` name one.
    pub fn serve(folder: TempDir, published: &[Published], variables: &[(&str, &str)]) -> Self {
        let source = folder.path().display().to_string();
        let own = [("BLOBCAST__SOURCE__LOCATION", source.as_str())];
        let variables: BTreeMap<String, String> = own
            .iter()
            .chain(&VARIABLES)
            .chain(variables)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let settings = Settings::load(&Flags::default(), &variables).unwrap();
        let application = Application::build(&settings, published).unwrap();
        let address = format!("http://{}", application.address());
        let management = format!("http://{}", application.management_address());
        let (stop, stops) = mpsc::unbounded_channel();
        tokio::spawn(application.run(stops));
        let client = Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
        Self { folder, address, management, stop, client }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.address))
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub async fn json(&self, path: &str) -> Json {
        self.get(path).await.json().await.unwrap()
    }

    /// The items of a list.
    pub async fn items(&self, collection: &str) -> Vec<Json> {
        self.json(&format!("/api/{collection}")).await["items"].as_array().unwrap().clone()
    }

    /// A problem's status and the end of its type.
    pub async fn problem(&self, path: &str) -> (StatusCode, String) {
        let response = self.get(path).await;
        let status = response.status();
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
        let document: Json = response.json().await.unwrap();
        assert_eq!(document["status"], status.as_u16());
        (status, document["type"].as_str().unwrap().trim_start_matches("/docs/problems#").to_owned())
    }

    /// Replaces a file in one step, as an upload does.
    pub fn write(&self, name: &str, body: impl AsRef<[u8]>) {
        let written = self.folder.path().join(".written");
        std::fs::write(&written, body).unwrap();
        std::fs::rename(written, self.folder.path().join(name)).unwrap();
    }

    /// What an operator scrapes.
    pub async fn metrics(&self) -> Response {
        self.client.get(format!("{}/metrics", self.management)).send().await.unwrap()
    }

    pub async fn readiness(&self) -> (StatusCode, Json) {
        let response = self.client.get(format!("{}/readyz", self.management)).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    pub async fn until_ready(&self) {
        self.until(async || self.readiness().await.0.is_success()).await;
    }

    /// Until no collection is loading.
    pub async fn until_settled(&self) {
        self.until(async || {
            let (_, body) = self.readiness().await;
            body["collections"].as_object().unwrap().values().all(|standing| standing["state"] != "loading")
        })
        .await;
    }

    /// Asks again and again, for at most 20 s.
    pub async fn until(&self, met: impl AsyncFn() -> bool) {
        for _ in 0..1000 {
            if met().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it has not come to that in 20 s");
    }
}

/// A folder that holds these files.
pub fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, body) in files {
        std::fs::write(folder.path().join(name), body).unwrap();
    }
    folder
}

/// A copy of the sample content.
pub fn sample() -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(samples()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}

/// Where the sample content lies.
pub fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content")
}
