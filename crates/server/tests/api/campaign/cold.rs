//! C. The program starts while the store fails, or many ask before anything is there.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::load::{Connection, until};
use super::proxy::Act;
use super::{FAQ, JSON, LISTS, Profile, figure, serve, store, string};
use crate::azurite::Azurite;
use crate::program::Program;

const SECOND: Duration = Duration::from_secs(1);

/// The statuses of so many clients at once, 0 for no answer, and when the last had it.
async fn at_once(count: usize, program: &Program) -> (Vec<u16>, Duration) {
    let began = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..count {
        let address = program.address.trim_start_matches("http://").to_owned();
        clients.spawn(async move {
            let Ok(mut connection) = Connection::open(&address).await else { return 0 };
            connection.get("/api/faq").await.map_or(0, |(heard, _)| heard.status)
        });
    }
    (clients.join_all().await, began.elapsed())
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a11_container_missing_at_boot() {
    let azurite = Azurite::start().await;
    let string = azurite.connection_string();
    let program = Program::start(&[("AZURE_STORAGE_CONNECTION_STRING", &string)]).await;
    program.logged("the container is not there").await;
    assert_eq!((program.status("/healthz").await, program.status("/readyz").await), (200, 503));
    azurite.create_container("content").await;
    azurite.put("content", "faq.json", FAQ, JSON).await;
    let good = until(10 * SECOND, "200", async || program.status("/api/faq").await == 200).await;
    let lines = program.output().matches("faq.json could not be loaded").count();
    figure("A11", format!("not ready, {lines} line for the file, served {good:.1?} after the container came"));
    assert_eq!(lines, 1, "{}", program.output());
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn c1_store_down_at_boot() {
    let (azurite, proxy) = store().await;
    proxy.refuse();
    let began = Instant::now();
    let program = serve(&azurite, &proxy, Profile::get().ttl, &[]).await;
    let listening = began.elapsed();
    assert_eq!((program.status("/healthz").await, program.status("/readyz").await), (200, 503));
    let (statuses, took) = at_once(1000, &program).await;
    assert_eq!(statuses, vec![503; 1000]);
    program.logged("a request failed").await;
    assert_eq!(program.output().matches("a request failed").count(), 1, "{}", program.output());
    let problem = reqwest::get(format!("{}/api/faq", program.address)).await.unwrap();
    let header = |name| problem.headers()[name].to_str().unwrap();
    assert_eq!((header("content-type"), header("cache-control")), ("application/problem+json", "no-store"));
    assert!(header("retry-after").parse::<u64>().unwrap() >= 1);
    proxy.listen().await;
    let good = until(6 * SECOND, "200", async || program.status("/api/faq").await == 200).await;
    figure("C1", format!("listening after {listening:.1?}, 1,000 answered 503 in {took:.1?}, good {good:.1?} after"));
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn c2_five_hundred_clients_before_a_slow_store() {
    let (azurite, proxy) = store().await;
    proxy.fault(|_| Act::Late(2 * SECOND));
    let program = serve(&azurite, &proxy, Duration::from_secs(60), &[]).await;
    let (statuses, took) = at_once(500, &program).await;
    let gets = proxy.asked("faq.json").len();
    figure("C2", format!("{gets} GET, all 200 after {took:.1?}"));
    assert_eq!((statuses, gets), (vec![200; 500], 1));
    assert!(took < 4 * SECOND, "{took:?}");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn c3_five_hundred_clients_before_a_silent_store() {
    let (azurite, proxy) = store().await;
    proxy.fault(|_| Act::Silence);
    let program = serve(&azurite, &proxy, Duration::from_secs(60), &[]).await;
    let (statuses, took) = at_once(500, &program).await;
    let gets = proxy.asked("faq.json").len();
    figure("C3", format!("{gets} GET, all 503 after {took:.1?}"));
    assert_eq!((statuses, gets), (vec![503; 500], 1));
    assert!(took < 7 * SECOND, "{took:?}");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn c4_the_first_client_leaves() {
    let (azurite, proxy) = store().await;
    proxy.fault(|_| Act::Late(2 * SECOND));
    let program = serve(&azurite, &proxy, Duration::from_secs(60), &[]).await;
    let address = program.address.trim_start_matches("http://");
    let mut first = Connection::open(address).await.unwrap();
    assert!(timeout(SECOND / 5, first.get("/api/faq")).await.is_err(), "the store is slower than this client");
    drop(first);
    let (statuses, took) = at_once(499, &program).await;
    let gets = proxy.asked("faq.json").len();
    figure("C4", format!("{gets} GET, the other 499 have 200 after {took:.1?}"));
    assert_eq!((statuses, gets), (vec![200; 499], 1));
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn c6_a_new_instance_during_an_outage() {
    let stage = super::Stage::open().await;
    stage.proxy.refuse();
    let load = stage.load();
    let new = Program::start(&[("AZURE_STORAGE_CONNECTION_STRING", &string(&stage.azurite, &stage.proxy))]).await;
    new.logged("the store cannot be reached").await;
    assert_eq!((new.status("/readyz").await, new.status("/healthz").await), (503, 200));
    assert_eq!(stage.program.status("/readyz").await, 200);
    tokio::time::sleep(2 * stage.profile.ttl).await;
    let report = load.stop().await;
    figure("C6", format!("the new one is not ready; the old one: {report}"));
    assert_eq!(report.failures(), 0);
    stage.proxy.listen().await;
    for list in LISTS {
        new.until_status(list, 200).await;
    }
}
