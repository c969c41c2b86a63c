//! E. Clients that are slow, many, or odd. What one connection can say on its own is in `wire.rs`.

use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::load::{Connection, Load};
use super::{Stage, figure};
use crate::app::{folder, samples};
use crate::program::Program;

const SECOND: Duration = Duration::from_secs(1);

/// The program on the sample content, and where it is.
async fn program(variables: &[(&str, &str)]) -> (Program, String) {
    let samples = samples().display().to_string();
    let own = [("BLOBCAST__SOURCE__LOCATION", samples.as_str())];
    let variables: Vec<_> = own.iter().chain(variables).copied().collect();
    let program = Program::start(&variables).await;
    program.until_status("/api/faq", 200).await;
    let address = program.address.trim_start_matches("http://").to_owned();
    (program, address)
}

/// slowhttptest with these options: what it says at the end.
async fn slow(address: &str, options: &'static str) -> String {
    let url = format!("http://{address}/api/faq");
    let run = move || {
        let mut command = Command::new("slowhttptest");
        command.args(options.split(' ')).args(["-u", &url]).stdin(Stdio::null());
        let said = command.output().unwrap().stdout;
        // Without the colours.
        let said = String::from_utf8_lossy(&said).into_owned();
        said.split('\u{1b}').map(|part| part.split_once('m').map_or(part, |(_, text)| text)).collect()
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test]
#[ignore = "needs slowhttptest: Debian's package"]
async fn e1_slow_heads() {
    let (program, address) = program(&[]).await;
    let began = Instant::now();
    let said = slow(&address, "-c 500 -H -i 2 -r 500 -l 10 -x 24 -p 3").await;
    let (took, open) = (began.elapsed(), program.metric(r#"blobcast_connections{listener="public"}"#).await);
    figure("E1", format!("{open} of 500 open after {took:.0?}; service available: {}", said.contains("YES")));
    assert!(said.contains("No open connections left") && said.contains("YES"), "{said}");
    assert!(open <= 1.0 && took < 10 * SECOND, "{open} {took:?}");
    assert_eq!(program.status("/api/faq").await, 200);
}

#[tokio::test]
async fn e2_the_second_request_is_dripped() {
    let (_program, address) = program(&[]).await;
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
    let began = Instant::now();
    let (mut from, mut to) = stream.split();
    let drip = async {
        let mut request = b"GET /healthz HTTP/1.1\r\n".to_vec();
        loop {
            if to.write_all(&request).await.is_err() {
                std::future::pending::<()>().await;
            }
            request = b"X-Drip: 1\r\n".to_vec();
            sleep(SECOND / 2).await;
        }
    };
    let mut answer = Vec::new();
    tokio::select! {
        () = drip => {},
        closed = timeout(15 * SECOND, from.read_to_end(&mut answer)) => assert!(closed.is_ok(), "still open"),
    }
    let took = began.elapsed();
    figure("E2", format!("closed after {took:.1?}"));
    assert!(took > 4 * SECOND && took < 8 * SECOND, "{took:?}");
    assert!(answer.starts_with(b"HTTP/1.1 408 "), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn e3_a_reader_that_stops() {
    // Larger than what the kernel takes off our hands.
    let text = "x".repeat(4000);
    let items: Vec<_> = (0..1000).map(|id| format!(r#"{{"id":{id},"q":"a","a":"{text}"}}"#)).collect();
    let content = folder(&[("faq.json", &format!("[{}]", items.join(",")))]);
    let (program, address) = program(&[("BLOBCAST__SOURCE__LOCATION", &content.path().display().to_string())]).await;
    let mut readers = Vec::new();
    for _ in 0..50 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
        stream.write_all(b"GET /api/faq?limit=500 HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        stream.read_exact(&mut [0; 100]).await.unwrap();
        readers.push(stream);
    }
    let open = async || program.metric(r#"blobcast_connections{listener="public"}"#).await;
    assert!(open().await >= 50.0);
    let took = super::load::until(20 * SECOND, "closed", async || open().await < 5.0).await;
    figure("E3", format!("50 stopped readers of 2 MB gone after {took:.1?}"));
    drop(readers);
}

#[tokio::test]
#[ignore = "needs slowhttptest: Debian's package"]
async fn e3_slow_reads() {
    let (program, address) = program(&[]).await;
    let said = slow(&address, "-c 500 -X -r 500 -w 10 -y 20 -n 5 -z 32 -k 3 -l 16 -p 3").await;
    let open = program.metric(r#"blobcast_connections{listener="public"}"#).await;
    figure("E3", format!("{open} of 500 slow readers open at their end; available: {}", said.contains("YES")));
    assert!(said.contains("YES") && open <= 1.0, "{open} {said}");
}

#[tokio::test]
async fn e4_more_connections_than_there_is_room_for() {
    let (program, address) = program(&[("BLOBCAST__SERVER__MAX_CONNECTIONS", "256")]).await;
    let mut crowd = JoinSet::new();
    for _ in 0..1000 {
        let address = address.clone();
        crowd.spawn(async move {
            let mut connection = Connection::open(&address).await.ok()?;
            connection.get("/healthz").await.ok()?;
            Some(connection)
        });
    }
    let load = Load::start(&program.management, &["/healthz", "/readyz"], 50);
    sleep(4 * SECOND).await;
    let open = program.metric(r#"blobcast_connections{listener="public"}"#).await;
    let probes = load.stop().await;
    figure("E4", format!("{open} of 1,000 open at a cap of 256; probes meanwhile: {probes}"));
    assert!(open <= 256.0 + 1.0, "{open}");
    assert_eq!(probes.failures(), 0, "{probes}");
    crowd.abort_all();
    program.until_status("/api/faq", 200).await;
}

#[tokio::test]
async fn e5_reset_after_the_request() {
    let (program, address) = program(&[]).await;
    for list in super::LISTS {
        program.until_status(list, 200).await;
    }
    let descriptors = || std::fs::read_dir(format!("/proc/{}/fd", program.id())).unwrap().count();
    let (before, said) = (descriptors(), program.output().len());
    for _ in 0..1000 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(b"GET /api/faq HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    }
    let took = super::load::until(5 * SECOND, "descriptors", async || descriptors() <= before + 1).await;
    let lines = program.output()[said..].lines().count();
    figure("E5", format!("1,000 resets: {before} descriptors again after {took:.1?}, {lines} lines in the log"));
    assert_eq!(lines, 0, "{}", &program.output()[said..]);
}

#[tokio::test]
async fn e12_distinct_queries_are_bounded() {
    let (program, address) = program(&[]).await;
    let mut connection = Connection::open(&address).await.unwrap();
    let (plain, _) = connection.get("/api/faq").await.unwrap();
    let series = async || {
        let text = reqwest::get(format!("{}/metrics", program.management)).await.unwrap().text().await.unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned())).collect::<std::collections::BTreeSet<_>>()
    };
    series().await;
    for path in ["/api/faq?utm_source=0", "/nowhere/0", "/api/faq/nobody"] {
        connection.get(path).await.unwrap();
    }
    let before = series().await;
    for number in 0..2000 {
        let (heard, _) = connection.get(&format!("/api/faq?utm_source={number}")).await.unwrap();
        assert_eq!((heard.status, &heard.body), (200, &plain.body));
        assert_eq!(connection.get(&format!("/nowhere/{number}")).await.unwrap().0.status, 404);
    }
    let after = series().await;
    assert_eq!(after, before, "no series for what a client writes");
    figure("E12", format!("4,000 distinct targets: {} series as before", after.len()));
}

#[tokio::test]
#[ignore = "needs nginx: Debian's package"]
async fn e14_nginx_keeps_its_connections() {
    let (_program, address) = program(&[]).await;
    let nginx = super::lifecycle::Nginx::before(&[&address]).await;
    let rounds = if super::Profile::get().ttl > 10 * SECOND { 500 } else { 4 };
    let mut failed = 0;
    for round in 0..rounds {
        let answer = reqwest::get(format!("http://{}/api/faq", nginx.address)).await.unwrap();
        failed += usize::from(answer.status() != 200);
        sleep(4 * SECOND + SECOND * (round % 5) / 2).await;
    }
    figure("E14", format!("{failed} of {rounds} failed"));
    assert_eq!(failed, 0);
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn f4_twice_what_it_can_take() {
    let stage = Stage::with(&[("BLOBCAST__SERVER__WORKERS", "1"), ("BLOBCAST__SERVER__MAX_CONNECTIONS", "64")]).await;
    let address = stage.program.address.trim_start_matches("http://").to_owned();
    let flood = |clients: usize| {
        let address = address.clone();
        async move {
            let end = Instant::now() + 4 * SECOND;
            let mut tasks = JoinSet::new();
            for _ in 0..clients {
                let address = address.clone();
                tasks.spawn(async move {
                    let mut answered = 0;
                    while Instant::now() < end {
                        let Ok(mut connection) = Connection::open(&address).await else { continue };
                        while Instant::now() < end && connection.get("/api/faq").await.is_ok() {
                            answered += 1;
                        }
                    }
                    answered
                });
            }
            tasks.join_all().await.into_iter().sum::<usize>()
        }
    };
    let peak = flood(32).await;
    let over = flood(256).await;
    let began = Instant::now();
    stage.program.until_status("/api/faq", 200).await;
    figure(
        "F4",
        format!("{peak} answers to 32 clients, {over} to 256 at a cap of 64; well again after {:.1?}", began.elapsed()),
    );
    // How many depends on who else uses the machine; `bench/soak` has it for itself.
    assert!(over > 0);
}
