use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::{Instant, advance, sleep};

use super::*;

fn watched(most: usize) -> (Watched<DuplexStream>, DuplexStream, Arc<Crowd>) {
    let (server, client) = duplex(64 << 10);
    let crowd = Crowd::new(most);
    (Watched::new(server, crowd.enter()), client, crowd)
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Reads until the end or an error, and tells how long that took and what the client was told.
async fn ended(mut server: Watched<DuplexStream>, mut client: DuplexStream) -> (Duration, String) {
    let begun = Instant::now();
    let mut buffer = [0; 8192];
    while server.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    let took = begun.elapsed();
    drop(server);
    let mut told = Vec::new();
    client.read_to_end(&mut told).await.unwrap();
    (took, String::from_utf8(told).unwrap())
}

async fn exchange(server: &mut Watched<DuplexStream>, client: &mut DuplexStream) {
    client.write_all(REQUEST).await.unwrap();
    let mut buffer = [0; 1024];
    assert_eq!(server.read(&mut buffer).await.unwrap(), REQUEST.len());
    server.write_all(b"answer").await.unwrap();
    assert_eq!(client.read(&mut buffer).await.unwrap(), 6);
}

#[tokio::test(start_paused = true)]
async fn e2_a_request_that_is_dripped_ends_after_5_s_the_first_and_any_later_one() {
    for earlier in [0, 1, 5] {
        let (mut server, mut client, _) = watched(100);
        for _ in 0..earlier {
            exchange(&mut server, &mut client).await;
            advance(Duration::from_secs(20)).await;
        }
        let drip = async {
            for byte in b"GET / HTTP/1.1\r\nX-Never-Ending: aaaaaaaaaaaaaaa" {
                if client.write_all(&[*byte]).await.is_err() {
                    break;
                }
                sleep(Duration::from_millis(500)).await;
            }
        };
        let dripping = tokio::spawn(async move {
            let begun = Instant::now();
            let mut buffer = [0; 8192];
            while server.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
            begun.elapsed()
        });
        drip.await;
        let took = dripping.await.unwrap();
        assert!((Duration::from_secs(5)..Duration::from_millis(6200)).contains(&took), "{earlier} earlier: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_drips_is_told_408_and_who_says_nothing_is_told_nothing() {
    let (server, mut client, _) = watched(100);
    client.write_all(b"GET / HT").await.unwrap();
    let (_, told) = ended(server, client).await;
    assert!(told.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{told}");
    let (server, client, _) = watched(100);
    assert_eq!(ended(server, client).await, (Duration::from_secs(5), String::new()));
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_ends_after_75_s_and_in_a_crowd_soon() {
    let (mut server, mut client, _) = watched(100);
    exchange(&mut server, &mut client).await;
    let (took, told) = ended(server, client).await;
    assert!((Duration::from_secs(75)..=Duration::from_secs(80)).contains(&took), "{took:?}");
    assert_eq!(told, "");
    let (mut server, mut client, _) = watched(1);
    exchange(&mut server, &mut client).await;
    let (took, _) = ended(server, client).await;
    assert!(took <= Duration::from_secs(8), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_its_time_is_waited_for_and_one_that_never_comes_is_not() {
    let (mut server, mut client, _) = watched(100);
    client.write_all(REQUEST).await.unwrap();
    let mut buffer = [0; 1024];
    assert_eq!(server.read(&mut buffer).await.unwrap(), REQUEST.len());
    let waited = tokio::time::timeout(Duration::from_secs(20), server.read(&mut buffer)).await;
    assert!(waited.is_err(), "20 s are within its time");
    server.write_all(b"answer").await.unwrap();
    assert_eq!(client.read(&mut buffer).await.unwrap(), 6);
    client.write_all(REQUEST).await.unwrap();
    let (took, _) = ended(server, client).await;
    assert!((Duration::from_secs(30)..Duration::from_secs(41)).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_head_without_end_is_refused_with_its_name_and_its_bytes_are_not_kept() {
    for (start, expected) in [("GET /", "414 URI Too Long"), ("GET / HTTP/1.1\r\nX: ", "431 Request Header")] {
        let (server, mut client, crowd) = watched(100);
        let ended = tokio::spawn(async move {
            let mut server = server;
            let mut kept = 0;
            let mut buffer = [0; 8192];
            while let Ok(read @ 1..) = server.read(&mut buffer).await {
                kept += read;
            }
            kept
        });
        client.write_all(start.as_bytes()).await.unwrap();
        for _ in 0..16 {
            let _ = client.write_all(&[b'a'; 8192]).await;
        }
        let mut told = Vec::new();
        client.read_to_end(&mut told).await.unwrap();
        let told = String::from_utf8(told).unwrap();
        assert!(told.starts_with(&format!("HTTP/1.1 {expected}")), "{told}");
        assert!(ended.await.unwrap() <= 24 << 10);
        assert_eq!(crowd.open(), 0);
    }
}
