//! What the log says of requests: nothing of what goes well, one line of what fails, and no more than a line of each.

use serde_json::Value as Json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::app::folder;
use crate::program::Program;

/// The lines of requests, in their order.
fn requests(program: &Program) -> Vec<Json> {
    let lines = program.output();
    let lines = lines.lines().map(|line| serde_json::from_str::<Json>(line).unwrap_or_else(|_| panic!("{line}")));
    lines.filter(|line| line["request_id"].is_string()).collect()
}

async fn raw(program: &Program, request: &[u8]) -> String {
    let address = program.address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[actix_web::test]
async fn h6_whatever_a_client_writes_a_request_is_one_line_of_json() {
    let content = folder(&[("faq.json", "[]")]);
    let content = content.path().display().to_string();
    let program =
        Program::start(&[("BLOBCAST__SOURCE__LOCATION", content.as_str()), ("RUST_LOG", "server=debug")]).await;
    program.until_status("/api/faq", 200).await;
    let long = "x".repeat(7000);
    let paths = [
        "/api/faq".to_owned(),
        "/%0d%0a{\"level\":\"ERROR\"}%1b[31m".replace(['{', '}', '"'], "%22"),
        "/\u{202e}gnp.exe".to_owned(),
        format!("/{long}"),
        "/a?q=%0a".to_owned(),
    ];
    let agents = ["\x1b[31mred".to_owned(), "\u{202e}bidi".to_owned(), long.clone()];
    let mut asked = Vec::new();
    for path in &paths {
        for agent in &agents {
            let id = format!("h6-{}", asked.len());
            let head = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nuser-agent: {agent}\r\n");
            let answer = raw(&program, format!("{head}x-request-id: {id}\r\n\r\n").as_bytes()).await;
            // What is no HTTP at all, an escape among it, is refused before it is a request, and has no id.
            if answer.to_lowercase().contains(&format!("x-request-id: {id}")) {
                asked.push(id);
            }
        }
    }
    assert!(asked.len() >= 8, "{asked:?}");
    let own = |line: &Json| line["request_id"].as_str().is_some_and(|id| id.starts_with("h6-"));
    let lines = || requests(&program).into_iter().filter(own).collect::<Vec<_>>();
    program.until(|| lines().len() >= asked.len()).await;
    let lines = lines();
    assert_eq!(lines.iter().map(|line| line["request_id"].as_str().unwrap()).collect::<Vec<_>>(), asked);
    for line in lines {
        let path = line["path"].as_str().unwrap();
        assert!(path.len() <= 2600 && path.chars().all(|c| c == ' ' || c.is_ascii_graphic()), "{path}");
        assert!(line.to_string().len() < 3000 && line["method"] == "GET" && line["status"].is_u64(), "{line}");
        assert!(line["duration_us"].is_u64() && line["level"] == "DEBUG");
    }
}

#[actix_web::test]
async fn at_warn_what_goes_well_is_silent_and_a_hundred_failures_are_one_line() {
    let content = folder(&[("faq.json", "[]"), ("news.json", "[")]);
    let content = content.path().display().to_string();
    let log = ("RUST_LOG", "warn,server::startup=info");
    let program = Program::start(&[("BLOBCAST__SOURCE__LOCATION", content.as_str()), log]).await;
    program.until_status("/api/news", 502).await;
    for path in ["/api/faq", "/api/faq/1", "/", "/nowhere", "/api/faq?x=1"] {
        assert!(program.status(path).await < 500);
    }
    let brew = raw(&program, b"BREW /api/faq HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(brew.starts_with("HTTP/1.1 501"), "{brew}");
    for _ in 0..100 {
        assert_eq!(program.status("/api/news").await, 502);
    }
    // The last line of all, so that those before it are there.
    assert_eq!(program.status("/api/news/1").await, 502);
    program.logged("/api/news/{id}").await;
    let lines = requests(&program);
    assert_eq!(lines.len(), 2, "{lines:#?}");
    let line = &lines[0];
    assert_eq!(
        (line["level"].as_str(), line["status"].as_u64(), line["left_out"].as_u64()),
        (Some("WARN"), Some(502), Some(0))
    );
    assert_eq!((line["method"].as_str(), line["route"].as_str()), (Some("GET"), Some("/api/news")));
    assert!(line["trace_id"].is_null() && line["request_id"].as_str().is_some_and(|id| id.len() == 16), "{line}");
}
