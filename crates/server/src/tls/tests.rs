use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::io::{DuplexStream, duplex};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use super::*;

/// The files of a certificate, and what a client may trust.
struct Files {
    folder: TempDir,
    settings: TlsSettings,
    trusted: RootCertStore,
}

fn files() -> Files {
    let folder = tempfile::tempdir().unwrap();
    let settings = TlsSettings { certificate: folder.path().join("chain.pem"), key: folder.path().join("key.pem") };
    let mut files = Files { folder, settings, trusted: RootCertStore::empty() };
    files.renew();
    files
}

impl Files {
    fn renew(&mut self) -> CertifiedKey<KeyPair> {
        let new = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        self.trusted = RootCertStore::empty();
        self.trusted.add(new.cert.der().clone()).unwrap();
        self.write(&new.cert.pem(), &new.signing_key.serialize_pem());
        new
    }

    /// As a mounted secret changes: all at once, behind a link.
    fn write(&self, certificate: &str, key: &str) {
        let version = tempfile::tempdir_in(&self.folder).unwrap().keep();
        for (file, text) in [(&self.settings.certificate, certificate), (&self.settings.key, key)] {
            let target = version.join(file.file_name().unwrap());
            fs::write(&target, text).unwrap();
            let link = version.join("link");
            std::os::unix::fs::symlink(target, &link).unwrap();
            fs::rename(link, file).unwrap();
        }
    }
}

async fn shaken(
    tls: &Tls,
    trusted: &RootCertStore,
    versions: &[&'static SupportedProtocolVersion],
    protocols: &[&str],
) -> io::Result<TlsStream<DuplexStream>> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(trusted.clone())
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let (server, client) = duplex(64 << 10);
    let name = ServerName::try_from("localhost").unwrap();
    let (served, asked) = tokio::join!(tls.accept(server), TlsConnector::from(Arc::new(config)).connect(name, client));
    asked?;
    served
}

#[tokio::test]
async fn both_versions_and_both_protocols_are_agreed_on_and_no_other() {
    let files = files();
    let tls = Tls::open(&files.settings).unwrap();
    let agreed = async |versions: &[_], protocols: &[_]| {
        let stream = shaken(&tls, &files.trusted, versions, protocols).await?;
        let session = stream.get_ref().1;
        io::Result::Ok((session.protocol_version().unwrap(), session.alpn_protocol().map(<[u8]>::to_vec)))
    };
    for version in [&TLS12, &TLS13] {
        for (offered, taken) in
            [(vec!["http/1.1", "h2"], Some("h2")), (vec!["http/1.1"], Some("http/1.1")), (vec![], None)]
        {
            let expected = (version.version, taken.map(|name| name.as_bytes().to_vec()));
            assert_eq!(agreed(&[version], &offered).await.unwrap(), expected);
        }
        assert!(agreed(&[version], &["h3"]).await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_or_too_little_is_given_5_s() {
    let tls = Tls::open(&files().settings).unwrap();
    for said in [b"".as_slice(), b"\x16\x03\x01\x02\x00\x01"] {
        let (server, mut client) = duplex(1024);
        tokio::io::AsyncWriteExt::write_all(&mut client, said).await.unwrap();
        let begun = Instant::now();
        assert_eq!(tls.accept(server).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), 5);
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_certificate_is_served_and_one_that_cannot_be_used_is_not() {
    let mut files = files();
    let tls = Tls::open(&files.settings).unwrap();
    let first = files.trusted.clone();
    let trusts = async |trusted: &RootCertStore| shaken(&tls, trusted, &[&TLS13], &[]).await.is_ok();
    assert!(trusts(&first).await);
    let second = files.renew();
    let kept = files.trusted.clone();
    sleep(LOOK * 2).await;
    assert!(trusts(&kept).await && !trusts(&first).await);
    let other = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    for (certificate, key) in [
        (other.cert.pem(), second.signing_key.serialize_pem()),
        (other.cert.pem(), String::new()),
        (String::new(), other.signing_key.serialize_pem()),
    ] {
        files.write(&certificate, &key);
        sleep(LOOK * 2).await;
        assert!(trusts(&kept).await, "the old one stays");
    }
    fs::remove_file(&files.settings.key).unwrap();
    sleep(LOOK * 2).await;
    assert!(trusts(&kept).await, "the old one stays");
    files.renew();
    sleep(LOOK * 2).await;
    assert!(trusts(&files.trusted).await && !trusts(&kept).await);
}

#[tokio::test]
async fn files_that_cannot_be_used_are_faults_without_a_word_of_their_content() {
    let files = files();
    let good = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let other = KeyPair::generate().unwrap().serialize_pem();
    let (certificate, key) = (good.cert.pem(), good.signing_key.serialize_pem());
    let broken = |kind: &str| format!("-----BEGIN {kind}-----\ncanary!\n-----END {kind}-----\n");
    for (certificate, key, expected) in [
        (
            "",
            key.as_str(),
            "server.tls.certificate (BLOBCAST__SERVER__TLS__CERTIFICATE): the file holds no certificate",
        ),
        ("canary", &key, "server.tls.certificate (BLOBCAST__SERVER__TLS__CERTIFICATE): the file holds no certificate"),
        (
            &broken("CERTIFICATE"),
            &key,
            "server.tls.certificate (BLOBCAST__SERVER__TLS__CERTIFICATE): the file holds no",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n-----END CERTIFICATE-----\n",
            &key,
            "server.tls.certificate (BLOBCAST__SERVER__TLS__CERTIFICATE): the certificate cannot be read",
        ),
        (&certificate, "", "server.tls.key (BLOBCAST__SERVER__TLS__KEY): the file holds no private key in PEM"),
        (&certificate, &certificate, "server.tls.key (BLOBCAST__SERVER__TLS__KEY): the file holds no private key"),
        (
            &certificate,
            &broken("PRIVATE KEY"),
            "server.tls.key (BLOBCAST__SERVER__TLS__KEY): the file holds no private",
        ),
        (
            &certificate,
            "-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----\n",
            "server.tls.key (BLOBCAST__SERVER__TLS__KEY): the key is of no kind that can be used",
        ),
        (&certificate, &other, "server.tls.key (BLOBCAST__SERVER__TLS__KEY): the key is not that of the certificate"),
    ] {
        files.write(certificate, key);
        let faults = Tls::open(&files.settings).err().unwrap_or_else(|| panic!("{expected}"));
        let [fault] = faults.as_slice() else { panic!("{faults:?}") };
        assert!(fault.starts_with(expected), "{fault}");
        assert!(!fault.contains("canary") && !fault.contains("Y2Fu") && fault.lines().count() == 1, "{fault}");
    }
    fs::remove_file(&files.settings.certificate).unwrap();
    fs::remove_file(&files.settings.key).unwrap();
    let faults = Tls::open(&files.settings).err().unwrap();
    assert!(faults[0].ends_with(": the file cannot be read: entity not found") && faults.len() == 2, "{faults:?}");
}
