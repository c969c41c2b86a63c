//! TLS of the public listener: versions 1.2 and 1.3, HTTP/2 by ALPN, and a certificate that is read again when it changes.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, ServerConfig};
pub use tokio_rustls::server::TlsStream;

use crate::config::{Faults, TlsSettings};

/// From the connection's start to the end of its handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(5);

const CERTIFICATE: &str = "server.tls.certificate (BLOBCAST__SERVER__TLS__CERTIFICATE)";
const KEY: &str = "server.tls.key (BLOBCAST__SERVER__TLS__KEY)";

/// The certificate that is in service, and how to speak TLS with it. Cheap to clone.
#[derive(Clone)]
pub struct Tls(watch::Receiver<Arc<ServerConfig>>);

impl Tls {
    /// Reads the files, and again whenever they change: new handshakes get the new certificate, and the old one while
    /// the new one cannot be used.
    ///
    /// # Errors
    /// What is wrong with either file, without a word of what it holds.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn open(settings: &TlsSettings) -> Result<Self, Faults> {
        let seen = stamps(settings);
        let (sender, receiver) = watch::channel(read(settings)?);
        tokio::spawn(keep(settings.clone(), seen, sender));
        Ok(Self(receiver))
    }

    /// Shakes hands, for at most 5 s.
    ///
    /// # Errors
    /// A client that is too slow, leaves, or has nothing in common with us.
    pub async fn accept<T: AsyncRead + AsyncWrite + Unpin>(&self, stream: T) -> io::Result<TlsStream<T>> {
        let acceptor = TlsAcceptor::from(Arc::clone(&self.0.borrow()));
        timeout(HANDSHAKE, acceptor.accept(stream)).await?
    }
}

/// Whether HTTP/2 was agreed on.
#[must_use]
pub fn is_http2<T>(stream: &TlsStream<T>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(b"h2")
}

async fn keep(settings: TlsSettings, mut seen: Stamps, certificate: watch::Sender<Arc<ServerConfig>>) {
    while !certificate.is_closed() {
        sleep(LOOK).await;
        let now = stamps(&settings);
        if now == seen {
            continue;
        }
        seen = now;
        match read(&settings) {
            Ok(new) => {
                certificate.send_replace(new);
                tracing::info!("a new certificate is in service");
            }
            Err(faults) => tracing::warn!("{}; the old certificate stays", faults.join("; ")),
        }
    }
}

/// What tells one version of a file from the next, through the links of a mounted secret too.
type Stamps = [Option<(u64, u64, i64, i64, u64)>; 2];

fn stamps(settings: &TlsSettings) -> Stamps {
    [&settings.certificate, &settings.key].map(|file| {
        let about = fs::metadata(file).ok()?;
        Some((about.dev(), about.ino(), about.mtime(), about.mtime_nsec(), about.size()))
    })
}

fn read(settings: &TlsSettings) -> Result<Arc<ServerConfig>, Faults> {
    let (chain, key) = match (chain(&settings.certificate), key(&settings.key)) {
        (Ok(chain), Ok(key)) => (chain, key),
        (chain, key) => return Err(chain.err().into_iter().chain(key.err()).collect()),
    };
    configure(chain, key).map_err(|error| {
        vec![match error {
            rustls::Error::InvalidCertificate(_) => format!("{CERTIFICATE}: the certificate cannot be read"),
            rustls::Error::InconsistentKeys(_) => format!("{KEY}: the key is not that of the certificate"),
            _ => format!("{KEY}: the key is of no kind that can be used"),
        }]
    })
}

fn chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = read_file(file).map_err(|rule| format!("{CERTIFICATE}: {rule}"))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    chain.ok_or_else(|| format!("{CERTIFICATE}: the file holds no certificate in PEM"))
}

fn key(file: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let text = read_file(file).map_err(|rule| format!("{KEY}: {rule}"))?;
    PrivateKeyDer::from_pem_slice(&text)
        .map_err(|_| format!("{KEY}: the file holds no private key in PEM, or an encrypted one"))
}

fn read_file(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("the file cannot be read: {}", error.kind()))
}

fn configure(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    // Every suite has forward secrecy and is authenticated; among them the server's order, the strongest first.
    config.ignore_client_order = true;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests;
