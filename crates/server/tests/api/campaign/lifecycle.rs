//! F and G. Scarce descriptors, and the way out: nobody loses a request to a restart.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::load::{Connection, Load, until};
use super::{LISTS, Stage, figure};
use crate::app::samples;
use crate::program::Program;

const SECOND: Duration = Duration::from_secs(1);

/// nginx before some instances, with connections that it keeps.
pub struct Nginx {
    pub address: String,
    child: Child,
    _folder: TempDir,
}

impl Nginx {
    pub async fn before(instances: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("127.0.0.1:{}", free());
        let servers: String = instances.iter().map(|instance| format!("server {instance} max_fails=0; ")).collect();
        let text = format!(
            "daemon off; worker_processes 1; error_log stderr crit; pid {folder}/pid; events {{ worker_connections 256; }}
             http {{ access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
             uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
             upstream blobcast {{ {servers} keepalive 16; keepalive_timeout 60s; }}
             server {{ listen {address}; location / {{ proxy_pass http://blobcast; proxy_http_version 1.1;
             proxy_set_header Connection \"\"; }} }} }}",
            folder = folder.path().display()
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, text).unwrap();
        let mut nginx = Command::new("nginx");
        nginx.arg("-p").arg(folder.path()).arg("-c").arg(&file).stdin(Stdio::null());
        let child = nginx.spawn().unwrap();
        until(10 * SECOND, "nginx listens", async || TcpStream::connect(&address).await.is_ok()).await;
        Self { address, child, _folder: folder }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// A port that is free now.
fn free() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The program on the sample content, ready.
async fn program(variables: &[(&str, &str)]) -> Program {
    let samples = samples().display().to_string();
    let own = [("BLOBCAST__SOURCE__LOCATION", samples.as_str())];
    let variables: Vec<_> = own.iter().chain(variables).copied().collect();
    let program = Program::start(&variables).await;
    program.until_status("/readyz", 200).await;
    program
}

#[tokio::test]
async fn f1_out_of_descriptors() {
    let samples = samples().display().to_string();
    let variables = [("BLOBCAST__SOURCE__LOCATION", samples.as_str()), ("BLOBCAST__CACHE__TTL", "1s")];
    let program = Program::start_by(&["sh", "-c", r#"ulimit -n 64; exec "$0""#], &variables).await;
    program.until_status("/api/faq", 200).await;
    let address = program.address.trim_start_matches("http://");
    let mut connections = Vec::new();
    for _ in 0..120 {
        connections.push(TcpStream::connect(address).await.unwrap());
    }
    sleep(SECOND).await;
    let used = super::content::cpu(program.id());
    sleep(2 * SECOND).await;
    let used = super::content::cpu(program.id()) - used;
    drop(connections);
    let back = until(5 * SECOND, "accepts again", async || program.status("/api/faq").await == 200).await;
    let stale = async || program.metric(r#"blobcast_content_stale{collection="faq"}"#).await == 0.0;
    until(5 * SECOND, "refreshes again", stale).await;
    figure("F1", format!("{used:?} of CPU in 2 s without descriptors, accepts again after {back:.1?}"));
    assert!(used < SECOND / 2, "{used:?}");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn g1_stopped_under_load() {
    let mut stage = Stage::with(&[("BLOBCAST__SERVER__DRAIN", "5s")]).await;
    let load = stage.load();
    sleep(2 * SECOND).await;
    stage.program.signal("TERM");
    let began = Instant::now();
    until(SECOND, "not ready", async || stage.program.status("/readyz").await == 503).await;
    let before = load.so_far();
    sleep(3 * SECOND).await;
    let report = load.stop().await;
    let status = stage.program.ended().await;
    let took = began.elapsed();
    let (drained, closing) = (report.sent - before.sent, report.closing - before.closing);
    figure(
        "G1",
        format!("{report}; {closing} of {drained} answers of the drain close; exit {status:?} after {took:.1?}"),
    );
    assert_eq!((report.failures(), report.reopened, status), (0, 0, Some(0)), "{report}");
    assert!(closing + 5 >= drained && closing > 0, "{closing} of {drained}");
    assert!(took < 9 * SECOND, "{took:?}");
}

#[tokio::test]
#[ignore = "needs nginx: Debian's package"]
async fn g2_replaced_one_after_the_other_behind_nginx() {
    let ports = [free(), free()].map(|port| port.to_string());
    let start =
        async |port: &str| program(&[("BLOBCAST__SERVER__PORT", port), ("BLOBCAST__SERVER__DRAIN", "500ms")]).await;
    let mut instances = [start(&ports[0]).await, start(&ports[1]).await];
    let addresses = ports.clone().map(|port| format!("127.0.0.1:{port}"));
    let nginx = Nginx::before(&[&addresses[0], &addresses[1]]).await;
    let load = Load::start(&nginx.address, &LISTS, super::Profile::get().rate);
    let rounds = if super::Profile::get().ttl > 10 * SECOND { 10 } else { 2 };
    for _ in 0..rounds {
        for (instance, port) in instances.iter_mut().zip(&ports) {
            sleep(SECOND).await;
            instance.signal("TERM");
            assert_eq!(instance.ended().await, Some(0));
            *instance = start(port).await;
        }
    }
    let report = load.stop().await;
    figure("G2", format!("{} restarts: {report}", 2 * rounds));
    assert_eq!(report.failures(), 0, "{report}");
}

#[tokio::test]
async fn g3_stopped_with_clients_that_hang() {
    let variables = [("BLOBCAST__SERVER__DRAIN", "500ms"), ("BLOBCAST__SERVER__SHUTDOWN_TIMEOUT", "2s")];
    let mut program = program(&variables).await;
    let address = program.address.trim_start_matches("http://").to_owned();
    let mut half = TcpStream::connect(&address).await.unwrap();
    half.write_all(b"GET /api/faq HTTP/1.1\r\nHo").await.unwrap();
    let mut stuck = TcpStream::connect(&address).await.unwrap();
    let many = "GET /api/events HTTP/1.1\r\nHost: a\r\n\r\n".repeat(5000);
    let _ = tokio::time::timeout(SECOND, stuck.write_all(many.as_bytes())).await;
    let _idle = Connection::open(&address).await.unwrap();
    program.signal("TERM");
    let began = Instant::now();
    let status = program.ended().await;
    let took = began.elapsed();
    figure("G3", format!("exit {status:?} after {took:.1?} with a drain of 0.5 s and 2 s for the rest"));
    assert_eq!(status, Some(0));
    assert!(took < 6 * SECOND, "{took:?}");
}

#[tokio::test]
async fn g4_a_second_signal_ends_it() {
    for second in ["TERM", "INT"] {
        let mut program = program(&[("BLOBCAST__SERVER__DRAIN", "1h")]).await;
        let mut half = TcpStream::connect(program.address.trim_start_matches("http://")).await.unwrap();
        half.write_all(b"GET /api/faq HTTP/1.1\r\nHo").await.unwrap();
        program.signal("TERM");
        program.until_status("/readyz", 503).await;
        program.signal(second);
        let began = Instant::now();
        assert_eq!(program.ended().await, Some(0));
        let took = began.elapsed();
        figure("G4", format!("SIGTERM, SIG{second}: exit 0 after {took:.1?}"));
        assert!(took < 2 * SECOND, "{took:?}");
    }
}

#[tokio::test]
async fn g5_other_signals() {
    let mut plain = program(&[("BLOBCAST__SERVER__DRAIN", "1h")]).await;
    plain.signal("HUP");
    plain.signal("PIPE");
    assert_eq!(plain.status("/api/faq").await, 200);
    plain.signal("INT");
    let began = Instant::now();
    assert_eq!(plain.ended().await, Some(0));
    figure("G5", format!("SIGHUP and SIGPIPE ignored, SIGINT: exit 0 after {:.1?}", began.elapsed()));
}

#[tokio::test]
#[ignore = "needs root: a namespace of processes"]
async fn g5_as_the_first_process() {
    let samples = samples().display().to_string();
    let variables = [("BLOBCAST__SOURCE__LOCATION", samples.as_str()), ("BLOBCAST__SERVER__DRAIN", "100ms")];
    let mut world = Program::start_by(&["unshare", "--pid", "--fork", "--kill-child"], &variables).await;
    let id = world.id();
    let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    assert!(Command::new("kill").args(["-TERM", children.trim()]).status().unwrap().success());
    let began = Instant::now();
    assert_eq!(world.ended().await, Some(0));
    figure("G5", format!("as PID 1, SIGTERM: exit 0 after {:.1?}", began.elapsed()));
}

#[tokio::test]
async fn g7_what_asks_nothing_of_the_network() {
    for arguments in [["--version"].as_slice(), &["--help"], &["config"]] {
        let output = crate::program::run(
            &[("BLOBCAST__SOURCE__LOCATION", "az://content"), ("AZURE_STORAGE_ACCOUNT_NAME", "acc")],
            arguments,
        );
        assert_eq!(output.status.code(), Some(0), "{arguments:?} {}", String::from_utf8_lossy(&output.stderr));
        assert!(!output.stdout.is_empty());
    }
}
