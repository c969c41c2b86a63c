//! The campaign: the program between a real store and real clients while something fails. Each test has the name of its
//! item in `docs/reliability.md` and prints the figure that it has met. `CAMPAIGN=soak` makes them long,
//! `CAMPAIGN_LOG=trace` makes the programs talkative, whose every line is searched for the key.
#![expect(clippy::disallowed_methods, reason = "a campaign is as long as its environment says")]

mod clients;
mod clock;
mod cold;
mod content;
mod lifecycle;
mod load;
mod network;
mod proxy;
mod security;
mod upstream;

use std::time::Duration;

use crate::azurite::Azurite;
use crate::program::Program;
use load::{Load, until};
use proxy::Proxy;

/// What is served: three lists, so that none answers for another.
pub const FAQ: &str = r#"[{"id":1,"question":"a","answer":"version one"}]"#;
const NEWS: &str = r#"[{"id":1,"title":"news"}]"#;
const EVENTS: &str = r#"[{"id":1,"title":"event","start":"2099-01-01"}]"#;
pub const LISTS: [&str; 3] = ["/api/faq", "/api/news", "/api/events"];
pub const JSON: &str = "application/json";

/// A list of one question with this answer.
pub fn faq(answer: &str) -> String {
    FAQ.replace("version one", answer)
}

/// How long and how hard: short by default, and as in the table of faults with `CAMPAIGN=soak`.
#[derive(Clone, Copy)]
pub struct Profile {
    pub ttl: Duration,
    /// Requests a second.
    pub rate: u32,
    /// How long a fault lasts.
    pub fault: Duration,
}

impl Profile {
    pub fn get() -> Self {
        match std::env::var("CAMPAIGN").as_deref() {
            Ok("soak") => Self { ttl: Duration::from_secs(60), rate: 2000, fault: Duration::from_secs(600) },
            _ => Self { ttl: Duration::from_secs(2), rate: 200, fault: Duration::from_secs(20) },
        }
    }
}

/// The figure that an item has met, for `bench/soak`.
#[expect(clippy::print_stdout, reason = "whoever runs the campaign reads it")]
pub fn figure(item: &str, met: impl std::fmt::Display) {
    println!("figure {item}: {met}");
}

/// Azurite with three lists, the proxy, the program that serves them.
pub struct Stage {
    pub azurite: Azurite,
    pub proxy: Proxy,
    pub program: Program,
    pub profile: Profile,
}

impl Stage {
    /// Everything is good, and served.
    pub async fn open() -> Self {
        Self::with(&[]).await
    }

    /// The same with settings of its own.
    pub async fn with(variables: &[(&str, &str)]) -> Self {
        let profile = Profile::get();
        let (azurite, proxy) = store().await;
        let program = serve(&azurite, &proxy, profile.ttl, variables).await;
        for list in LISTS {
            program.until_status(list, 200).await;
        }
        Self { azurite, proxy, program, profile }
    }

    pub fn load(&self) -> Load {
        Load::start(&self.program.address, &LISTS, self.profile.rate)
    }

    pub async fn publish(&self, body: impl Into<Vec<u8>>) {
        self.azurite.put("content", "faq.json", body, JSON).await;
    }

    /// The answer to the only question.
    pub async fn told(&self) -> String {
        let list: serde_json::Value =
            reqwest::get(format!("{}/api/faq", self.program.address)).await.unwrap().json().await.unwrap();
        list["items"][0]["answer"].as_str().unwrap_or("none").to_owned()
    }

    /// Waits for an answer, and says how long it took.
    pub async fn until_told(&self, answer: &str, limit: Duration) -> Duration {
        until(limit, answer, async || self.told().await == answer).await
    }

    /// Waits until the program has said so in its log, past its first `before` bytes.
    pub async fn until_logged(&self, text: &str, before: usize, limit: Duration) -> Duration {
        let began = tokio::time::Instant::now();
        while !self.program.output()[before..].contains(text) {
            assert!(began.elapsed() < limit, "`{text}` is not said:\n{}", &self.program.output()[before..]);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        began.elapsed()
    }
}

/// Azurite with three lists, and the proxy before it.
pub async fn store() -> (Azurite, Proxy) {
    let azurite = Azurite::start().await;
    azurite.create_container("content").await;
    for (name, body) in [("faq.json", FAQ), ("news.json", NEWS), ("events.json", EVENTS)] {
        azurite.put("content", name, body, JSON).await;
    }
    let proxy = Proxy::before(azurite.port(), "127.0.0.1", 0).await;
    (azurite, proxy)
}

/// The connection string of a store behind its proxy.
pub fn string(azurite: &Azurite, proxy: &Proxy) -> String {
    azurite.connection_string().replace(&format!(":{}/", azurite.port()), &format!(":{}/", proxy.port))
}

/// The program before it.
pub async fn serve(azurite: &Azurite, proxy: &Proxy, ttl: Duration, variables: &[(&str, &str)]) -> Program {
    let (string, ttl) = (string(azurite, proxy), format!("{}ms", ttl.as_millis()));
    // Every failure of the store, and not the first alone.
    let log = std::env::var("CAMPAIGN_LOG").unwrap_or_else(|_| "info,adapters=debug".to_owned());
    let own = [
        ("AZURE_STORAGE_CONNECTION_STRING", string.as_str()),
        ("BLOBCAST__CACHE__TTL", ttl.as_str()),
        ("RUST_LOG", log.as_str()),
    ];
    let variables: Vec<_> = own.iter().chain(variables).copied().collect();
    Program::start(&variables).await
}
