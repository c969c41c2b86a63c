//! `blobcast healthcheck`: asks the server that runs beside it whether it is ready, for images without a shell.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use crate::config::ManagementSettings;
use crate::telemetry;

/// The exit status of a server that is not ready, or of settings that do not lead to it. A container engine keeps 2 for itself.
pub const NOT_READY: u8 = 1;

/// How long each step may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// How the status line of a ready server begins.
const READY: [u8; 12] = *b"HTTP/1.1 200";

/// Asks the management port on this machine: exit 0 when it is ready, otherwise 1 and a line that says why.
#[must_use]
pub fn run(management: &ManagementSettings) -> ExitCode {
    let host = match management.host {
        IpAddr::V4(host) if host.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(host) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    let address = SocketAddr::new(host, management.port);
    match ask(address) {
        Ok(READY) => ExitCode::SUCCESS,
        Ok(_) => telemetry::refuse(&["not ready".to_owned()], NOT_READY),
        Err(error) => telemetry::refuse(&[format!("{address} does not answer: {}", error.kind())], NOT_READY),
    }
}

/// The first bytes of the answer. No client of a library: it is started every few seconds beside a server that may have a
/// quarter of a core.
fn ask(address: SocketAddr) -> io::Result<[u8; READY.len()]> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut start = [0; READY.len()];
    stream.read_exact(&mut start)?;
    // An answer that nobody reads to its end is a reset for the server.
    io::copy(&mut stream, &mut io::sink())?;
    Ok(start)
}
