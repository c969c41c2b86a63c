//! What the program says: its log on standard output, its refusals on standard error.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Starts the log: text on a terminal, a JSON object a line elsewhere; `RUST_LOG` filters it, `info` by default.
pub fn start() {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    let log = tracing_subscriber::fmt().with_env_filter(filter);
    let started = if std::io::stdout().is_terminal() {
        log.try_init()
    } else {
        log.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    };
    if started.is_err() {
        tracing::debug!("a log is running already");
    }
}

/// Says on standard error, a line each, why the program does not start.
#[must_use]
pub fn refuse(faults: &[String], status: u8) -> ExitCode {
    let mut out = std::io::stderr().lock();
    for fault in faults {
        let _ = writeln!(out, "blobcast: {}", fault.replace('\n', " "));
    }
    ExitCode::from(status)
}

/// Prints a text on standard output.
#[must_use]
pub fn print(text: &str) -> ExitCode {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Prints a text, or says why there is none.
#[must_use]
pub fn print_or_refuse(text: Result<String, String>) -> ExitCode {
    text.map_or_else(|fault| refuse(&[fault], 2), |text| print(&text))
}
