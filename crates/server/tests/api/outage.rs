//! The program before a real Azurite: one fetch for a thousand requests, and no visible outage when the store has one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Client;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::azurite::Azurite;
use crate::program::Program;

const FAQ: &str = r#"[{"id":1,"q":"a","a":"b"}]"#;

/// Passes bytes on to a server, each answer after a delay, and counts the GETs of a document, and those that carry a
/// validator.
struct Counter {
    port: u16,
    gets: Arc<AtomicUsize>,
    conditional: Arc<AtomicUsize>,
}

impl Counter {
    async fn before(server: u16, document: &str, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let counter = Self { port, gets: Arc::default(), conditional: Arc::default() };
        let (gets, conditional) = (Arc::clone(&counter.gets), Arc::clone(&counter.conditional));
        let line = format!("GET /devstoreaccount1/content/{document} ");
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(upstream) = TcpStream::connect(("127.0.0.1", server)).await else { continue };
                let (gets, conditional, line) = (Arc::clone(&gets), Arc::clone(&conditional), line.clone());
                let (mut from, mut to) = client.into_split();
                let (mut back, mut on) = upstream.into_split();
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    tokio::io::copy(&mut back, &mut to).await
                });
                tokio::spawn(async move {
                    let mut buffer = vec![0; 64 * 1024];
                    while let Ok(read @ 1..) = from.read(&mut buffer).await {
                        let text = String::from_utf8_lossy(&buffer[..read]).to_lowercase();
                        let found = text.matches(&line.to_lowercase()).count();
                        gets.fetch_add(found, Ordering::SeqCst);
                        if found > 0 && text.contains("if-none-match") {
                            conditional.fetch_add(found, Ordering::SeqCst);
                        }
                        if on.write_all(&buffer[..read]).await.is_err() {
                            break;
                        }
                    }
                });
            }
        });
        counter
    }

    fn string(&self, azurite: &Azurite) -> String {
        azurite.connection_string().replace(&format!(":{}/", azurite.port()), &format!(":{}/", self.port))
    }

    fn gets(&self) -> usize {
        self.gets.load(Ordering::SeqCst)
    }
}

/// The statuses of `count` requests at once; 0 for no answer.
async fn at_once(count: usize, url: String) -> Vec<u16> {
    let client = Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
    let mut requests = JoinSet::new();
    for _ in 0..count {
        let request = client.get(&url).send();
        requests.spawn(async move { request.await.map_or(0, |response| response.status().as_u16()) });
    }
    requests.join_all().await
}

#[actix_web::test]
#[ignore = "needs Azurite: node and npm"]
async fn a_thousand_cold_requests_are_one_fetch_and_each_refresh_is_a_304() {
    let azurite = Azurite::start().await;
    azurite.create_container("content").await;
    azurite.put("content", "faq.json", FAQ, "application/json").await;
    let counter = Counter::before(azurite.port(), "faq.json", Duration::ZERO).await;
    let string = counter.string(&azurite);
    let variables = [("AZURE_STORAGE_CONNECTION_STRING", string.as_str()), ("BLOBCAST__CACHE__TTL", "3s")];
    let program = Program::start(&variables).await;
    assert_eq!(at_once(1000, format!("{}/api/faq", program.address)).await, vec![200; 1000]);
    assert_eq!(counter.gets(), 1);
    let before = Instant::now();
    while counter.conditional.load(Ordering::SeqCst) < 2 {
        assert!(before.elapsed() < Duration::from_secs(20), "no refresh in 20 s");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(counter.gets(), 1 + counter.conditional.load(Ordering::SeqCst), "every refresh carries the validator");
    assert_eq!(program.output().matches("faq.json is served").count(), 1, "and nothing is parsed again");
}

#[actix_web::test]
#[ignore = "needs Azurite: node and npm"]
async fn a_client_that_leaves_does_not_cancel_the_fetch() {
    let azurite = Azurite::start().await;
    azurite.create_container("content").await;
    azurite.put("content", "faq.json", FAQ, "application/json").await;
    let counter = Counter::before(azurite.port(), "faq.json", Duration::from_secs(1)).await;
    let string = counter.string(&azurite);
    let program = Program::start(&[("AZURE_STORAGE_CONNECTION_STRING", string.as_str())]).await;
    let client = Client::builder().timeout(Duration::from_millis(200)).build().unwrap();
    let left = client.get(format!("{}/api/faq", program.address)).send().await;
    assert!(left.is_err_and(|error| error.is_timeout()), "the store is slower than this client");
    assert_eq!(program.status("/api/faq/1").await, 200);
    assert_eq!(counter.gets(), 1);
}

#[actix_web::test]
#[ignore = "needs Azurite: node and npm"]
async fn a_thousand_requests_to_a_store_that_is_dead_from_the_start_are_answered_503() {
    let mut azurite = Azurite::start().await;
    let string = azurite.connection_string();
    azurite.stop().await;
    let program = Program::start(&[("AZURE_STORAGE_CONNECTION_STRING", string.as_str())]).await;
    let began = Instant::now();
    assert_eq!(at_once(1000, format!("{}/api/faq", program.address)).await, vec![503; 1000]);
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    let response = reqwest::get(format!("{}/api/faq", program.address)).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert!(response.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(program.status("/healthz").await, 200);
    assert_eq!(program.status("/readyz").await, 503);
    azurite.restart().await;
    azurite.create_container("content").await;
    azurite.put("content", "faq.json", FAQ, "application/json").await;
    program.until_status("/api/faq", 200).await;
}

#[actix_web::test]
#[ignore = "needs Azurite: node and npm; takes 75 s"]
async fn a_minute_without_the_store_at_500_requests_a_second_is_a_minute_without_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let mut azurite = Azurite::start_in(folder.path()).await;
    azurite.create_container("content").await;
    azurite.put("content", "faq.json", FAQ, "application/json").await;
    let string = azurite.connection_string();
    let variables = [("AZURE_STORAGE_CONNECTION_STRING", string.as_str()), ("BLOBCAST__CACHE__TTL", "2s")];
    let program = Program::start(&variables).await;
    program.until_status("/api/faq/1", 200).await;
    azurite.stop().await;

    let client = Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
    let url = format!("{}/api/faq", program.address);
    let mut ticks = interval(Duration::from_millis(2));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut requests = JoinSet::new();
    for _ in 0..30_000 {
        ticks.tick().await;
        let request = client.get(&url).send();
        requests.spawn(async move { request.await.map_or(0, |response| response.status().as_u16()) });
    }
    let statuses = requests.join_all().await;
    let failed = statuses.iter().filter(|status| **status != 200).count();
    assert_eq!((failed, statuses.len()), (0, 30_000));
    assert_eq!(program.status("/readyz").await, 200);

    azurite.restart().await;
    azurite.put("content", "faq.json", FAQ.replace('1', "2"), "application/json").await;
    let back = Instant::now();
    program.until_status("/api/faq/2", 200).await;
    assert!(back.elapsed() < Duration::from_secs(5), "{:?}", back.elapsed());
}
