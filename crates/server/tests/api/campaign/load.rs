//! Clients at a fixed rate, whatever the answers do: a stall shows as late answers and not as fewer requests. Every
//! answer is checked: its bytes against its tag, its age, its framing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection that has not been used for so long is dropped: the server closes it after 75 s.
const RESTED: Duration = Duration::from_secs(30);

/// One answer.
pub struct Heard {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    /// Its number is lower than one that the connection has met.
    backwards: bool,
    reopened: bool,
}

/// A connection that is kept.
pub struct Connection {
    stream: BufReader<TcpStream>,
    /// The highest number that it has met.
    number: u64,
    /// When it was last used.
    used: Instant,
}

impl Connection {
    pub async fn open(address: &str) -> Result<Self, &'static str> {
        let stream = timeout(PATIENCE, TcpStream::connect(address)).await.map_err(|_| "not accepted")?;
        let stream = BufReader::new(stream.map_err(|_| "refused")?);
        Ok(Self { stream, number: 0, used: Instant::now() })
    }

    /// One request and its answer; the second is whether the connection stays.
    pub async fn get(&mut self, path: &str) -> Result<(Heard, bool), &'static str> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        self.stream.write_all(request.as_bytes()).await.map_err(|_| "reset")?;
        timeout(PATIENCE, self.hear()).await.map_err(|_| "no answer in time")?
    }

    async fn hear(&mut self) -> Result<(Heard, bool), &'static str> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match self.stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) if head.is_empty() => return Err("closed before an answer"),
                Err(_) => return Err("truncated head"),
            }
        }
        let head = String::from_utf8(head).map_err(|_| "odd head")?;
        let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or("odd head")?;
        let headers: BTreeMap<String, String> = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let length = headers.get("content-length").and_then(|length| length.parse().ok()).ok_or("no length")?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.map_err(|_| "truncated body")?;
        let stays = headers.get("connection").is_none_or(|value| value != "close");
        Ok((Heard { status, headers, body, backwards: false, reopened: false }, stays))
    }
}

/// What a load has met.
#[derive(Default, Clone)]
pub struct Report {
    pub sent: usize,
    /// Answers by status.
    pub statuses: BTreeMap<u16, usize>,
    /// Requests without an answer, by what happened.
    pub lost: BTreeMap<&'static str, usize>,
    /// Answers whose tag, date and bytes were seen together in another way before.
    pub torn: usize,
    /// Answers that end their connection.
    pub closing: usize,
    /// Kept connections that had been closed when they were used again; the request was sent anew.
    pub reopened: usize,
    /// The highest `Age`.
    pub oldest: u64,
    /// Answers that are older than one on the same connection before, where answers are numbered.
    pub backwards: usize,
    took: Vec<Duration>,
    seen: BTreeMap<String, (Vec<u8>, Option<String>)>,
}

impl Report {
    /// Whatever was not a 200 with the right bytes.
    pub fn failures(&self) -> usize {
        self.sent - self.statuses.get(&200).copied().unwrap_or(0) + self.torn
    }

    /// How many versions were seen, by path and tag.
    pub fn versions(&self) -> usize {
        self.seen.len()
    }

    /// The time within which so many in a hundred were answered.
    pub fn percentile(&self, hundredth: usize) -> Duration {
        let mut took = self.took.clone();
        took.sort_unstable();
        took.get((took.len() * hundredth / 100).min(took.len().saturating_sub(1))).copied().unwrap_or_default()
    }

    fn take_in(&mut self, path: &str, outcome: Result<Heard, &'static str>, took: Duration) {
        self.sent += 1;
        let heard = match outcome {
            Ok(heard) => heard,
            Err(why) => {
                *self.lost.entry(why).or_default() += 1;
                return;
            }
        };
        self.took.push(took);
        *self.statuses.entry(heard.status).or_default() += 1;
        let number = |name: &str| heard.headers.get(name).and_then(|value| value.parse::<u64>().ok());
        self.oldest = self.oldest.max(number("age").unwrap_or(0));
        self.closing += usize::from(heard.headers.get("connection").is_some_and(|value| value == "close"));
        self.backwards += usize::from(heard.backwards);
        self.reopened += usize::from(heard.reopened);
        if let Some(tag) = heard.headers.get("etag").filter(|_| heard.status == 200) {
            let modified = heard.headers.get("last-modified").cloned();
            let tag = format!("{path} {tag}");
            let known = self.seen.entry(tag).or_insert_with(|| (heard.body.clone(), modified.clone()));
            self.torn += usize::from(*known != (heard.body, modified));
        }
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { sent, statuses, lost, torn, oldest, reopened, .. } = self;
        let [middle, late, latest] = [50, 99, 100].map(|hundredth| self.percentile(hundredth));
        write!(
            f,
            "{} of {sent} failed ({statuses:?}, lost {lost:?}, torn {torn}, reopened {reopened}), Age at most {oldest} s, ",
            self.failures()
        )?;
        write!(f, "p50 {middle:.1?}, p99 {late:.1?}, max {latest:.1?}")
    }
}

/// A load that goes on until it is stopped.
pub struct Load {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    report: Arc<Mutex<Report>>,
}

impl Load {
    /// `rate` requests a second of these paths in turn.
    pub fn start(address: &str, paths: &[&str], rate: u32) -> Self {
        let address = address.trim_start_matches("http://").to_owned();
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        let (stop, mut stopped) = watch::channel(false);
        let report = Arc::new(Mutex::new(Report::default()));
        let told = Arc::clone(&report);
        let task = tokio::spawn(async move {
            let kept: Arc<Mutex<Vec<Connection>>> = Arc::default();
            let mut ticks = interval(Duration::from_secs(1) / rate);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            let mut requests = JoinSet::new();
            for path in paths.iter().cycle() {
                let due = tokio::select! {
                    due = ticks.tick() => due,
                    _ = stopped.wait_for(|stop| *stop) => break,
                };
                let (kept, told, address, path) = (Arc::clone(&kept), Arc::clone(&told), address.clone(), path.clone());
                requests.spawn(async move {
                    let outcome = one(&kept, &address, &path).await;
                    told.lock().unwrap().take_in(&path, outcome, due.elapsed());
                });
                while requests.try_join_next().is_some() {}
            }
            requests.join_all().await;
        });
        Self { stop, task, report }
    }

    /// What it has met so far.
    pub fn so_far(&self) -> Report {
        self.report.lock().unwrap().clone()
    }

    /// Ends it, once every request has its answer.
    pub async fn stop(self) -> Report {
        self.stop.send_replace(true);
        self.task.await.unwrap();
        self.report.lock().unwrap().clone()
    }
}

/// As clients do it: a connection that has rested for long is not used again, and a request that a kept one turns out to
/// be too late for is sent anew (RFC 9112 §9.3.1).
async fn one(kept: &Mutex<Vec<Connection>>, address: &str, path: &str) -> Result<Heard, &'static str> {
    let known = {
        let mut kept = kept.lock().unwrap();
        kept.retain(|connection| connection.used.elapsed() < RESTED);
        kept.pop()
    };
    let mut reopened = false;
    let asked = match known {
        None => None,
        Some(mut connection) => match connection.get(path).await {
            Err("reset" | "closed before an answer") => {
                reopened = true;
                None
            }
            asked => Some((connection, asked?)),
        },
    };
    let (mut connection, (mut heard, stays)) = match asked {
        Some(asked) => asked,
        None => {
            let mut connection = Connection::open(address).await?;
            let asked = connection.get(path).await?;
            (connection, asked)
        }
    };
    let number = number_of(&heard.body);
    (heard.backwards, heard.reopened) = (number < connection.number, reopened);
    (connection.number, connection.used) = (number, Instant::now());
    if stays {
        kept.lock().unwrap().push(connection);
    }
    Ok(heard)
}

/// The number that the first question is answered with, if it is one.
fn number_of(body: &[u8]) -> u64 {
    let body = String::from_utf8_lossy(body);
    let number = body.split_once("\"answer\":\"").and_then(|(_, rest)| rest.split('"').next()?.parse().ok());
    number.unwrap_or(0)
}

/// Waits until it is so, for at most `limit`, and says how long that took.
pub async fn until(limit: Duration, what: &str, met: impl AsyncFn() -> bool) -> Duration {
    let began = Instant::now();
    while !met().await {
        assert!(began.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    began.elapsed()
}
