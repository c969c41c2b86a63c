//! Between the program and a real Azurite: passes requests on, breaks the answers as a test asks for, and keeps account.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// An answer of the store, to be rewritten.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn set(&mut self, name: &'static str, value: &str) {
        self.headers.insert(HeaderName::from_static(name), value.parse().unwrap());
    }

    /// As it goes over the wire; its length is announced as it is, if nothing else is said.
    fn written(mut self) -> (Vec<u8>, Vec<u8>) {
        if !self.headers.contains_key("transfer-encoding") && self.status != 304 && self.status != 204 {
            let length = HeaderValue::from(self.body.len());
            self.headers.entry("content-length").or_insert(length);
        }
        let mut head = format!("HTTP/1.1 {} Said\r\n", self.status).into_bytes();
        for (name, value) in &self.headers {
            head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        head.extend(b"\r\n");
        (head, self.body)
    }
}

/// What happens to one request.
pub enum Act {
    Pass,
    /// The connection is reset.
    Reset,
    /// Nothing comes, for ever.
    Silence,
    /// The answer comes later.
    Late(Duration),
    /// One byte at a time, from the status line on.
    DripHead(Duration),
    /// One byte at a time, from the body on.
    DripBody(Duration),
    /// So much of the body, then the end.
    Cut(usize),
    /// Another answer.
    Edit(Box<dyn FnOnce(&mut Answer) + Send>),
    /// These bytes, then the end.
    Raw(Vec<u8>),
}

impl Act {
    pub fn edit(change: impl FnOnce(&mut Answer) + Send + 'static) -> Self {
        Self::Edit(Box::new(change))
    }

    /// An answer of the store's that is no content.
    pub fn status(status: u16, headers: &'static [(&'static str, &'static str)], body: &str) -> Self {
        let body = body.as_bytes().to_vec();
        Self::edit(move |answer| {
            *answer = Answer { status, headers: HeaderMap::new(), body };
            headers.iter().for_each(|(name, value)| answer.set(name, value));
        })
    }
}

/// One request that came, and when it was over.
#[derive(Clone)]
pub struct Asked {
    pub head: String,
    pub at: Instant,
    pub over: Option<Instant>,
}

impl Asked {
    pub fn took(&self) -> Duration {
        self.over.map_or(self.at.elapsed(), |over| over - self.at)
    }

    fn is_for(&self, document: &str) -> bool {
        self.head.lines().next().is_some_and(|line| line.contains(&format!("/{document} ")))
    }
}

type Fault = Box<dyn FnMut(&str) -> Act + Send>;

/// The proxy. It ends with its test.
pub struct Proxy {
    pub port: u16,
    shared: Arc<Shared>,
    open: Mutex<Option<JoinSet<()>>>,
}

struct Shared {
    upstream: u16,
    client: Client,
    fault: Mutex<Fault>,
    asked: Mutex<Vec<Asked>>,
    /// After so long without a request a connection is closed.
    idle: Mutex<Duration>,
}

impl Proxy {
    /// Listens on an address of loopback, in front of a port of 127.0.0.1; port 0 takes a free one.
    pub async fn before(upstream: u16, host: &str, port: u16) -> Self {
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        let fault: Fault = Box::new(|_| Act::Pass);
        let idle = Duration::from_secs(3600);
        let (fault, asked, idle) = (Mutex::new(fault), Mutex::default(), Mutex::new(idle));
        let shared = Arc::new(Shared { upstream, client, fault, asked, idle });
        let listener = TcpListener::bind((host, port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let open = Mutex::new(Some(listening(listener, Arc::clone(&shared))));
        Self { port, shared, open }
    }

    /// From now on each request fares as this says, given its head.
    pub fn fault(&self, fault: impl FnMut(&str) -> Act + Send + 'static) {
        *self.shared.fault.lock().unwrap() = Box::new(fault);
    }

    pub fn heal(&self) {
        self.fault(|_| Act::Pass);
    }

    pub fn close_idle_after(&self, idle: Duration) {
        *self.shared.idle.lock().unwrap() = idle;
    }

    /// Nobody listens any more, and every connection is gone.
    pub fn refuse(&self) {
        self.open.lock().unwrap().take();
    }

    /// Listens again.
    pub async fn listen(&self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        *self.open.lock().unwrap() = Some(listening(listener, Arc::clone(&self.shared)));
    }

    /// Every request for a document so far.
    pub fn asked(&self, document: &str) -> Vec<Asked> {
        let asked = self.shared.asked.lock().unwrap();
        asked.iter().filter(|asked| asked.is_for(document)).cloned().collect()
    }

    /// The requests for a document since a moment.
    pub fn asked_since(&self, document: &str, since: Instant) -> Vec<Asked> {
        self.asked(document).into_iter().filter(|asked| asked.at >= since).collect()
    }
}

fn listening(listener: TcpListener, shared: Arc<Shared>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(Arc::clone(&shared).serve(stream));
        }
    });
    tasks
}

impl Shared {
    async fn serve(self: Arc<Self>, mut stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        loop {
            let idle = *self.idle.lock().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let read = tokio::select! {
                    read = stream.read_buf(&mut head) => read.unwrap_or(0),
                    () = sleep(idle) => 0,
                };
                if read == 0 {
                    return;
                }
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let number = {
                let mut asked = self.asked.lock().unwrap();
                asked.push(Asked { head: head.clone(), at: Instant::now(), over: None });
                asked.len() - 1
            };
            let act = (self.fault.lock().unwrap())(&head);
            let stays = self.answer(&mut stream, &head, act).await;
            self.asked.lock().unwrap()[number].over = Some(Instant::now());
            if !stays {
                return;
            }
        }
    }

    /// Whether the connection goes on after it.
    async fn answer(&self, stream: &mut TcpStream, head: &str, act: Act) -> bool {
        let (mut from, mut to) = stream.split();
        let mut nothing = [0; 1];
        let answered = async {
            let mut answer = self.fetch(head).await?;
            match act {
                Act::Pass => {}
                Act::Late(wait) => sleep(wait).await,
                Act::Edit(change) => change(&mut answer),
                Act::DripHead(pause) => {
                    let (head, body) = answer.written();
                    return drip(&mut to, [head, body].concat(), pause).await;
                }
                Act::DripBody(pause) => {
                    let (head, body) = answer.written();
                    to.write_all(&head).await.ok()?;
                    return drip(&mut to, body, pause).await;
                }
                Act::Cut(length) => {
                    let (head, body) = answer.written();
                    let kept = body.get(..length).unwrap_or(&body);
                    to.write_all(&[&head, kept].concat()).await.ok()?;
                    return None;
                }
                Act::Raw(bytes) => {
                    to.write_all(&bytes).await.ok()?;
                    return None;
                }
                Act::Reset => return None,
                Act::Silence => std::future::pending().await,
            }
            let (head, body) = answer.written();
            to.write_all(&[head, body].concat()).await.ok()
        };
        let stays = tokio::select! {
            answered = answered => answered.is_some(),
            // A client that waits for an answer says nothing more: this is its end.
            _ = from.read(&mut nothing) => false,
        };
        if !stays {
            let _ = stream.shutdown().await;
        }
        stays
    }

    /// What the store answers; `None` when it does not.
    async fn fetch(&self, head: &str) -> Option<Answer> {
        let mut lines = head.lines();
        let mut first = lines.next()?.split(' ');
        let (method, target) = (Method::from_bytes(first.next()?.as_bytes()).ok()?, first.next()?);
        let mut request = self.client.request(method, format!("http://127.0.0.1:{}{target}", self.upstream));
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            if !["host", "connection"].contains(&name.to_lowercase().as_str()) {
                request = request.header(name, value);
            }
        }
        let response = request.send().await.ok()?;
        let (status, mut headers) = (response.status().as_u16(), response.headers().clone());
        for name in ["connection", "keep-alive", "transfer-encoding", "content-length"] {
            headers.remove(name);
        }
        Some(Answer { status, headers, body: response.bytes().await.ok()?.into() })
    }
}

async fn drip(to: &mut (impl AsyncWriteExt + Unpin), bytes: Vec<u8>, pause: Duration) -> Option<()> {
    for byte in bytes {
        to.write_all(&[byte]).await.ok()?;
        sleep(pause).await;
    }
    Some(())
}
