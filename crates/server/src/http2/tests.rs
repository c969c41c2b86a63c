use std::sync::Arc;

use actix_service::fn_service;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, LocalSet, spawn_local};

use super::*;
use crate::connection::Crowd;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

/// A client that says what it wants, frame by frame (RFC 9113 §4.1), and the connection it says it on.
struct Client {
    io: DuplexStream,
    serving: JoinHandle<Duration>,
    drained: Arc<Notify>,
    leaving: Arc<Notify>,
    crowd: Arc<Crowd>,
}

#[derive(Debug)]
struct Came {
    kind: u8,
    stream: u32,
    payload: Vec<u8>,
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// GET /, all of it in one frame (RFC 7541 appendix A).
fn get(stream: u32) -> Vec<u8> {
    frame(HEADERS, 5, stream, &[0x82, 0x84, 0x87, 0x41, 1, b'a'])
}

impl Client {
    fn connect(most: usize) -> Self {
        let (server, io) = duplex(64 << 10);
        let (drained, leaving, crowd) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Crowd::new(most));
        let (draining, left, place) = (Arc::clone(&drained), Arc::clone(&leaving), crowd.enter());
        let serving = spawn_local(async move {
            let begun = Instant::now();
            let door = fn_service(async |_: Request| Ok::<_, Error>(Response::ok().set_body(BoxBody::new("answer"))));
            serve(server, place, Rc::new(door), draining.notified(), left.notified()).await;
            begun.elapsed()
        });
        Self { io, serving, drained, leaving, crowd }
    }

    async fn say(&mut self, frames: &[u8]) {
        // A server that has had enough listens no more.
        let _ = self.io.write_all(frames).await;
    }

    /// The connection preface and what the client allows an answer to send.
    async fn greet(&mut self, window: u32) {
        let settings = [&[0, 4], window.to_be_bytes().as_slice()].concat();
        self.say(&[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", frame(SETTINGS, 0, 0, &settings).as_slice()].concat()).await;
    }

    async fn next(&mut self) -> Option<Came> {
        let mut head = [0; 9];
        self.io.read_exact(&mut head).await.ok()?;
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        self.io.read_exact(&mut payload).await.ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        if head[3] == PING && head[4] == 0 {
            self.say(&frame(PING, 1, 0, &payload)).await;
        }
        Some(Came { kind: head[3], stream, payload })
    }

    /// What comes until one of this kind has.
    async fn until(&mut self, kind: u8) -> Came {
        loop {
            let came = self.next().await.expect("the connection has ended");
            if came.kind == kind {
                return came;
            }
        }
    }

    /// All that comes until the end, and how long the connection was served.
    async fn ended(mut self) -> (Vec<Came>, Duration) {
        let mut all = Vec::new();
        while let Some(came) = self.next().await {
            all.push(came);
        }
        let took = self.serving.await.unwrap();
        assert_eq!(self.crowd.open(), 0);
        (all, took)
    }
}

async fn locally(test: impl Future<Output = ()>) {
    LocalSet::new().run_until(test).await;
}

/// The reason of a GOAWAY.
fn reason(came: &[Came]) -> Option<u8> {
    came.iter().rev().find(|came| came.kind == GOAWAY).map(|came| came.payload[7])
}

#[tokio::test(start_paused = true)]
async fn who_asks_nothing_is_given_5_s_with_a_greeting_or_without() {
    locally(async {
        for greeting in [false, true] {
            let mut client = Client::connect(100);
            if greeting {
                client.greet(65_535).await;
            }
            let (came, took) = client.ended().await;
            assert!((5..=6).contains(&took.as_secs()), "{took:?}");
            assert_eq!(reason(&came), greeting.then_some(0));
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_ends_after_75_s_and_in_a_crowd_soon() {
    locally(async {
        for (most, least, longest) in [(100, 75, 80), (1, 2, 7)] {
            let mut client = Client::connect(most);
            client.greet(65_535).await;
            client.say(&get(1)).await;
            assert_eq!(client.until(DATA).await.payload, b"answer");
            let (came, took) = client.ended().await;
            assert!((least..=longest).contains(&took.as_secs()), "{took:?}");
            assert_eq!(reason(&came), Some(0));
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_never_taken_are_held_for_105_s() {
    locally(async {
        let mut client = Client::connect(100);
        client.greet(0).await;
        client.say(&get(1)).await;
        let (came, took) = client.ended().await;
        assert!(came.iter().all(|came| came.kind != DATA));
        assert!((75..=110).contains(&took.as_secs()), "{took:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn no_more_than_100_requests_are_under_way() {
    locally(async {
        let mut client = Client::connect(100);
        client.greet(0).await;
        let settings = client.until(SETTINGS).await.payload;
        let announced = |setting: u8| {
            let value = settings.chunks(6).find(|entry| entry[1] == setting).map(|entry| &entry[2..]);
            value.map(|value| u32::from_be_bytes(value.try_into().unwrap()))
        };
        assert_eq!((announced(3), announced(6)), (Some(100), Some(32 << 10)));
        let requests: Vec<u8> = (0..150).flat_map(|n| get(2 * n + 1)).collect();
        client.say(&requests).await;
        for _ in 0..50 {
            let refused = client.until(RESET).await;
            assert!(refused.stream > 200 && refused.payload[3] == 7, "{refused:?}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_taken_back_at_once_end_the_connection() {
    locally(async {
        let mut client = Client::connect(100);
        client.greet(65_535).await;
        client.until(SETTINGS).await;
        let rapid: Vec<u8> =
            (0..1000).flat_map(|n| [get(2 * n + 1), frame(RESET, 0, 2 * n + 1, &[0, 0, 0, 8])].concat()).collect();
        client.say(&rapid).await;
        let (came, took) = client.ended().await;
        assert_eq!(reason(&came), Some(0xb), "ENHANCE_YOUR_CALM");
        assert!(took.as_secs() < 5, "{took:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_head_without_end_ends_the_connection() {
    locally(async {
        let mut client = Client::connect(100);
        client.greet(65_535).await;
        client.until(SETTINGS).await;
        // A field of 8 kB whose name is `a`, never indexed, again and again.
        let field = [&[0x10, 1, b'a', 0x7f, 0x81, 0x3e], [b'a'; 8064].as_slice()].concat();
        client.say(&frame(HEADERS, 1, 1, &[0x82, 0x84, 0x87])).await;
        for _ in 0..100 {
            client.say(&frame(CONTINUATION, 0, 1, &field)).await;
        }
        let (came, took) = client.ended().await;
        assert!(reason(&came).is_some_and(|reason| reason != 0), "{came:?}");
        assert!(took.as_secs() < 5, "{took:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_lets_whoever_has_come_ask_once_and_a_stop_does_not_wait_for_it() {
    locally(async {
        let mut served = Client::connect(100);
        served.greet(65_535).await;
        served.say(&get(1)).await;
        served.until(DATA).await;
        served.drained.notify_one();
        let (came, took) = served.ended().await;
        assert_eq!((reason(&came), took.as_secs()), (Some(0), 0), "idle: it ends with the drain");

        let mut new = Client::connect(100);
        new.drained.notify_one();
        new.greet(65_535).await;
        new.until(SETTINGS).await;
        sleep(Duration::from_secs(1)).await;
        new.say(&get(1)).await;
        let (came, _) = new.ended().await;
        assert_eq!(reason(&came), Some(0));
        assert!(came.iter().any(|came| came.kind == DATA && came.payload == b"answer"), "{came:?}");

        let mut late = Client::connect(100);
        late.greet(65_535).await;
        late.until(SETTINGS).await;
        late.leaving.notify_one();
        late.until(GOAWAY).await;
        late.say(&get(1)).await;
        let (came, took) = late.ended().await;
        assert!(came.iter().any(|came| came.kind == DATA), "what crossed the word on the wire is answered: {came:?}");
        assert!(took.as_secs() < 2, "{took:?}");
    })
    .await;
}
