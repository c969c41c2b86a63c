//! A17 and A18. Names that move, and hosts that are not who they should be.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::load::until;
use super::proxy::Proxy;
use super::{JSON, Profile, faq, figure, store};
use crate::app::folder;
use crate::program::Program;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
#[ignore = "needs Azurite and root: node, npm, a namespace of mounts"]
async fn a18_the_name_of_the_store_moves() {
    const HOSTS: &str = r#"mount --bind "$HOSTS" /etc/hosts; exec "$0""#;
    let (azurite, here) = store().await;
    let there = Proxy::before(azurite.port(), "127.0.0.2", here.port).await;
    let hosts = tempfile::NamedTempFile::new().unwrap();
    // In place: the mount is of this file, and not of its name.
    let point = |to: &str| std::fs::write(hosts.path(), to).unwrap();
    point("127.0.0.1 store.test\n");
    let string = azurite
        .connection_string()
        .replace(&format!("127.0.0.1:{}", azurite.port()), &format!("store.test:{}", here.port));
    let (file, ttl) = (hosts.path().display().to_string(), Profile::get().ttl);
    let (ttl_text, variable) = (format!("{}s", ttl.as_secs()), "AZURE_STORAGE_CONNECTION_STRING");
    let variables =
        [(variable, string.as_str()), ("BLOBCAST__CACHE__TTL", ttl_text.as_str()), ("HOSTS", file.as_str())];
    let program = Program::start_by(&["unshare", "--mount", "sh", "-c", HOSTS], &variables).await;
    program.until_status("/api/faq/1", 200).await;
    assert!(there.asked("faq.json").is_empty() && !here.asked("faq.json").is_empty());

    point("127.0.0.2 store.test\n");
    let moved = Instant::now();
    until(2 * ttl + SECOND, "asked there", async || !there.asked("faq.json").is_empty()).await;
    figure("A18", format!("the new address is asked after {:.1?}, though the old one answers", moved.elapsed()));

    point("127.0.0.1 another.test\n");
    program.logged("the store cannot be reached").await;
    assert_eq!(program.status("/api/faq/1").await, 200);
    azurite.put("content", "faq.json", faq("moved").replace("\"id\":1", "\"id\":2"), JSON).await;
    point("127.0.0.1 store.test\n");
    let back = until(35 * SECOND, "fresh", async || program.status("/api/faq/2").await == 200).await;
    figure("A18", format!("no address: the last good version; fresh {back:.1?} after there is one"));
}

/// Who signs certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let (mut about, key) = (CertificateParams::new([]).unwrap(), KeyPair::generate().unwrap());
        about.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = about.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(about, key), pem }
    }

    /// A server that has a certificate of this name, good until this year.
    fn server(&self, name: &str, until: i32) -> Arc<ServerConfig> {
        let (mut about, key) = (CertificateParams::new([name.to_owned()]).unwrap(), KeyPair::generate().unwrap());
        about.not_after = date_time_ymd(until, 1, 1);
        let chain = vec![about.signed_by(&key, &self.issuer).unwrap().der().clone()];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap())
    }
}

/// How the store's port speaks.
enum Speech {
    /// TLS, before the real store.
    Tls(Arc<ServerConfig>),
    /// These bytes, whatever is said.
    Bytes(&'static [u8]),
}

/// A port before the store that speaks as it is told, and keeps what it hears in clear.
async fn spoken(store: u16) -> (u16, Arc<Mutex<Speech>>, Arc<Mutex<Vec<u8>>>) {
    let (speech, heard) = (Arc::new(Mutex::new(Speech::Bytes(b""))), Arc::new(Mutex::new(Vec::new())));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (how, kept) = (Arc::clone(&speech), Arc::clone(&heard));
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let kept = Arc::clone(&kept);
            let said = match &*how.lock().unwrap() {
                Speech::Tls(config) => Err(TlsAcceptor::from(Arc::clone(config))),
                Speech::Bytes(bytes) => Ok(*bytes),
            };
            tokio::spawn(async move {
                match said {
                    Err(tls) => {
                        let Ok(mut client) = tls.accept(client).await else { return };
                        let mut store = TcpStream::connect(("127.0.0.1", store)).await.unwrap();
                        let _ = copy_bidirectional(&mut client, &mut store).await;
                    }
                    Ok(bytes) => {
                        let mut request = [0; 4096];
                        let read = client.read(&mut request).await.unwrap_or(0);
                        kept.lock().unwrap().extend(&request[..read]);
                        let _ = client.write_all(bytes).await;
                    }
                }
            });
        }
    });
    (port, speech, heard)
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a17_a_store_that_cannot_be_trusted() {
    let (azurite, proxy) = store().await;
    let (ours, theirs) = (Authority::new(), Authority::new());
    let (port, speech, heard) = spoken(proxy.port).await;
    *speech.lock().unwrap() = Speech::Tls(ours.server("127.0.0.1", 2099));
    let trusted = folder(&[("ca.pem", &ours.pem)]);
    let (file, ttl) = (trusted.path().join("ca.pem").display().to_string(), Profile::get().ttl);
    let string = azurite.connection_string().replace("http://", "https://").replace("=http;", "=https;");
    let string = string.replace(&format!(":{}", azurite.port()), &format!(":{port}"));
    let ttl_text = format!("{}s", ttl.as_secs());
    let variables = [
        ("AZURE_STORAGE_CONNECTION_STRING", string.as_str()),
        ("BLOBCAST__CACHE__TTL", &ttl_text),
        ("SSL_CERT_FILE", &file),
        ("RUST_LOG", "trace"),
    ];
    let program = Program::start(&variables).await;
    program.until_status("/api/faq/1", 200).await;
    for (what, bad) in [
        ("expired", Speech::Tls(ours.server("127.0.0.1", 2020))),
        ("of another host", Speech::Tls(ours.server("store.test", 2099))),
        ("of an unknown authority", Speech::Tls(theirs.server("127.0.0.1", 2099))),
        // The alert `protocol_version` in a record of TLS 1.1.
        ("TLS 1.1 only", Speech::Bytes(&[21, 3, 2, 0, 2, 2, 70])),
        ("no TLS", Speech::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]")),
    ] {
        let before = program.metric(r#"blobcast_store_requests_total{result="tls"}"#).await;
        *speech.lock().unwrap() = bad;
        let failed = async || program.metric(r#"blobcast_store_requests_total{result="tls"}"#).await > before;
        let took = until(3 * ttl + 12 * SECOND, what, failed).await;
        assert_eq!(program.status("/api/faq/1").await, 200);
        figure("A17", format!("{what}: class `tls` after {took:.1?}, the last good version served"));
        *speech.lock().unwrap() = Speech::Tls(ours.server("127.0.0.1", 2099));
        let healed = async || program.metric(r#"blobcast_content_stale{collection="faq"}"#).await == 0.0;
        until(35 * SECOND, "healed", healed).await;
    }
    let heard = String::from_utf8_lossy(&heard.lock().unwrap()).to_lowercase();
    assert!(!heard.is_empty() && !heard.contains("authorization") && !heard.contains("sharedkey"), "{heard}");
    program.logged("the connection to the store cannot be trusted").await;
}
