//! HTTPS as its clients see it, with a certificate that each test makes for itself.

use std::sync::Arc;
use std::time::Duration;

use rcgen::generate_simple_self_signed;
use reqwest::{Certificate, Client, ClientBuilder, Method, StatusCode, Version};
use server::routes;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, pki_types::ServerName};

use crate::app::{TestApp, folder, sample};
use crate::metrics::number;
use crate::program::Program;

/// A certificate for 127.0.0.1 in two files.
struct Identity {
    folder: TempDir,
    trusted: rcgen::Certificate,
}

impl Identity {
    fn new() -> Self {
        let new = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let (certificate, key) = (new.cert.pem(), new.signing_key.serialize_pem());
        Self { folder: folder(&[("chain.pem", &certificate), ("key.pem", &key)]), trusted: new.cert }
    }

    /// The settings that name the files.
    fn variables(&self) -> [(&'static str, String); 2] {
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        [("BLOBCAST__SERVER__TLS__CERTIFICATE", file("chain.pem")), ("BLOBCAST__SERVER__TLS__KEY", file("key.pem"))]
    }

    /// Serves the sample content; the address says https.
    async fn serve(&self, others: &[(&str, &str)]) -> TestApp {
        let own = self.variables();
        let own = own.iter().map(|(name, value)| (*name, value.as_str()));
        let variables: Vec<_> = own.chain(others.iter().copied()).collect();
        let mut app = TestApp::serve(sample(), &routes::published(), &variables);
        app.address = app.address.replace("http://", "https://");
        app.until_ready().await;
        app
    }

    fn client(&self, kind: fn(ClientBuilder) -> ClientBuilder) -> Client {
        let trusted = Certificate::from_der(self.trusted.der()).unwrap();
        kind(Client::builder().tls_certs_only([trusted]).timeout(Duration::from_secs(20))).build().unwrap()
    }

    /// A connection on which bytes are sent as they are.
    async fn connected(&self, app: &TestApp, protocol: &str) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.trusted.der().clone()).unwrap();
        let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let name = ServerName::try_from("127.0.0.1").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, opened(app).await).await.unwrap()
    }
}

async fn opened(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.address.trim_start_matches("https://")).await.unwrap()
}

#[actix_web::test]
async fn both_versions_of_http_give_the_same_answers() {
    let identity = Identity::new();
    let app = identity.serve(&[]).await;
    let clients =
        [(identity.client(ClientBuilder::http1_only), Version::HTTP_11), (identity.client(|it| it), Version::HTTP_2)];
    let long = |size: usize| "a".repeat(size);
    for (method, path, field, status) in [
        (Method::GET, "/api/faq", ("accept-encoding", "br".to_owned()), 200),
        (Method::HEAD, "/api/faq", ("accept-encoding", "br".to_owned()), 200),
        (Method::GET, "/api/faq", ("if-none-match", "*".to_owned()), 304),
        (Method::GET, "/api/faq?limit=1", ("accept", "*/*".to_owned()), 200),
        (Method::GET, "/api/faq?limit=none", ("accept", "*/*".to_owned()), 400),
        (Method::GET, "/api/nothing", ("accept", "*/*".to_owned()), 404),
        (Method::POST, "/api/faq", ("accept", "*/*".to_owned()), 405),
        (Method::OPTIONS, "/api/faq", ("accept", "*/*".to_owned()), 204),
        (Method::GET, "/api/faq", ("x-long", long(15 << 10)), 200),
        (Method::GET, "/api/faq", ("x-long", long(17 << 10)), 431),
        (Method::GET, "/readyz", ("accept", "*/*".to_owned()), 200),
    ] {
        let mut answers = Vec::new();
        for (client, version) in &clients {
            let request = client.request(method.clone(), format!("{}{path}", app.address)).header(field.0, &field.1);
            let answer = request.header("x-request-id", "one").send().await.unwrap();
            assert_eq!((answer.version(), answer.status().as_u16()), (*version, status), "{method} {path}");
            let mut headers = answer.headers().clone();
            assert_eq!(headers["strict-transport-security"], "max-age=63072000", "{method} {path}");
            for volatile in ["date", "age", "connection"] {
                headers.remove(volatile);
            }
            answers.push((headers, answer.bytes().await.unwrap()));
        }
        assert_eq!(answers[0], answers[1], "{method} {path}");
    }
    // A body that nobody wants costs nothing but itself.
    let post = clients[1].0.post(format!("{}/api/faq", app.address)).body(vec![b'a'; 300_000]);
    assert_eq!(post.send().await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
    let huge = clients[1].0.get(format!("{}/api/faq", app.address)).header("x-long", long(60 << 10));
    assert_eq!(huge.send().await.unwrap().status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[actix_web::test]
async fn what_is_in_the_clear_promises_no_tls() {
    let plain = TestApp::start().await;
    assert!(!plain.get("/api/faq").await.headers().contains_key("strict-transport-security"));
    let app = Identity::new().serve(&[]).await;
    let probe = app.client.get(format!("{}/readyz", app.management)).send().await.unwrap();
    assert!(!probe.headers().contains_key("strict-transport-security"));
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for (address, expected) in [(&plain.address, "HTTP/1.1 400"), (&app.management, "HTTP/1.1 400")] {
        let mut stream = TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
        stream.write_all(preface.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), expected);
    }
}

#[actix_web::test]
async fn tls_1_1_and_plain_http_are_refused() {
    let identity = Identity::new();
    let app = identity.serve(&[]).await;
    // A hello of TLS 1.1 with TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA and no extension (RFC 4346 §7.4.1.2).
    let body = [[3, 2].as_slice(), &[7; 32], &[0, 0, 2, 0xc0, 0x13, 1, 0]].concat();
    let length = u8::try_from(body.len()).unwrap();
    let hello = [[0x16, 3, 1, 0, length + 4, 1, 0, 0, length].as_slice(), &body].concat();
    for sent in [hello.as_slice(), b"GET /api/faq HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let mut stream = opened(&app).await;
        stream.write_all(sent).await.unwrap();
        let mut answer = Vec::new();
        let _ = timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.expect("it is closed");
        // A fatal alert (RFC 5246 §7.2), and nothing else.
        assert!(matches!(answer[..], [21, 3, 3, 0, 2, 2, _]), "{answer:?}");
    }
}

#[actix_web::test]
async fn a_connection_counts_before_it_has_shaken_hands() {
    let app = Identity::new().serve(&[]).await;
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(opened(&app).await);
    }
    let open = async |count: f64| {
        number(&app.metrics().await.text().await.unwrap(), r#"blobcast_connections{listener="public"}"#) == count
    };
    app.until(async || open(3.0).await).await;
    for mut stream in silent {
        let end = timeout(Duration::from_secs(15), stream.read(&mut [0])).await;
        assert!(end.is_ok(), "a client that says nothing keeps its connection");
    }
    app.until(async || open(0.0).await).await;
}

#[actix_web::test]
async fn a_second_request_that_is_dripped_ends_its_connection() {
    let identity = Identity::new();
    let app = identity.serve(&[]).await;
    let (mut read, mut write) = tokio::io::split(identity.connected(&app, "http/1.1").await);
    let request = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    write.write_all(request).await.unwrap();
    let mut answer = [0; 4096];
    assert!(read.read(&mut answer).await.unwrap() > 0);
    let begun = Instant::now();
    let dripping = tokio::spawn(async move {
        for byte in b"GET / HTTP/1.1\r\nX-Never-Ending: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" {
            if write.write_all(&[*byte]).await.is_err() || write.flush().await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    });
    let mut told = Vec::new();
    let _ = timeout(Duration::from_secs(20), read.read_to_end(&mut told)).await.expect("it is closed");
    assert!(begun.elapsed() >= Duration::from_secs(4));
    let told = String::from_utf8_lossy(&told);
    assert!(told.contains("HTTP/1.1 408"), "{told}");
    dripping.abort();
}

/// HTTP/2 over TLS ends with nothing lost: whoever asks during the drain is answered, whoever does not is not waited for.
#[tokio::test]
async fn a_drain_loses_no_request() {
    let identity = Identity::new();
    let content = sample();
    let location = content.path().display().to_string();
    let own = identity.variables();
    let mut variables: Vec<_> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
    variables.extend([
        ("BLOBCAST__SOURCE__LOCATION", location.as_str()),
        ("BLOBCAST__SERVER__DRAIN", "3s"),
        ("BLOBCAST__SERVER__SHUTDOWN_TIMEOUT", "1h"),
    ]);
    for kind in [ClientBuilder::http2_prior_knowledge, ClientBuilder::http1_only] {
        let mut program = Program::start(&variables).await;
        assert!(program.address.starts_with("https://"), "{}", program.address);
        let url = format!("{}/api/faq", program.address);
        let idle = identity.client(kind);
        idle.get(&url).send().await.unwrap().bytes().await.unwrap();
        let (done, over) = tokio::sync::watch::channel(false);
        let clients: Vec<_> = (0..8)
            .map(|_| {
                let (client, url, over) = (identity.client(kind), url.clone(), over.clone());
                tokio::spawn(async move {
                    let mut answered = 0;
                    while !*over.borrow() {
                        let all = (0..4).map(|_| async {
                            let answer = client.get(&url).send().await.unwrap();
                            assert_eq!(answer.status(), StatusCode::OK);
                            assert!(!answer.bytes().await.unwrap().is_empty());
                        });
                        answered += futures_util::future::join_all(all).await.len();
                    }
                    answered
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(300)).await;
        program.signal("TERM");
        program.logged("stopping: not ready any more").await;
        // Less than the drain: a client that has looked at the readiness meanwhile comes no more.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        done.send(true).unwrap();
        for client in clients {
            assert!(client.await.unwrap() > 0);
        }
        assert_eq!(program.ended().await, Some(0));
        drop(idle);
    }
}
