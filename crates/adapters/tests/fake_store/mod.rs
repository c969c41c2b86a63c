//! An HTTP server on loopback that answers as a test tells it to and keeps what it was asked.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(unreachable_pub, clippy::unwrap_used, reason = "a harness for tests: what fails here fails the test")]

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// The server. It ends with the runtime of its test.
pub struct FakeStore {
    pub port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl FakeStore {
    /// Answers each request, given its head, with what `answer` makes of it.
    pub async fn start(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (kept, answer) = (Arc::clone(&requests), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    while !is_whole(&request) && stream.read_buf(&mut request).await.unwrap_or(0) > 0 {}
                    let request = String::from_utf8_lossy(&request).into_owned();
                    let response = answer(&request);
                    kept.lock().unwrap().push(request);
                    let _ = stream.write_all(response.as_bytes()).await;
                });
            }
        });
        Self { port, requests }
    }

    /// Every request so far whose first line holds `part`.
    pub fn requests(&self, part: &str) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests.iter().filter(|request| request.lines().next().unwrap_or("").contains(part)).cloned().collect()
    }

    /// Its address, with a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

/// A head, and the body that it announces.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let announced = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    body.len() >= announced.unwrap_or(0)
}

/// A response with a status line, headers of its own, and a body.
pub fn response(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

/// A blob as Azure answers with it.
pub fn blob(body: &str) -> String {
    response("200 OK", "etag: \"0x1\"\r\nlast-modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n", body)
}
