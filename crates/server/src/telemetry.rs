//! What the program says: its log on standard output, its refusals on standard error.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::OnceLock;

use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Lines that wait for whoever reads them.
const WAITING: usize = 1024;

static DROPPED: OnceLock<ErrorCounter> = OnceLock::new();

/// Writes what is still waiting when it is dropped, if anyone reads.
#[must_use]
pub struct Log(#[expect(dead_code, reason = "it works by being dropped")] WorkerGuard);

/// Of our own doings, and of what others find alarming.
const INFO: &str = "warn,blobcast=info,server=info,adapters=info";

/// Starts the log: text on a terminal, a JSON object a line elsewhere; `RUST_LOG` filters it, `info` by default.
/// A thread of its own writes it, and lines are dropped and counted rather than waited for: a reader that stops stops nobody.
pub fn start() -> Log {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into());
    let given = filter.from_env_lossy();
    let filter = if given.to_string() == "info" { EnvFilter::new(INFO) } else { given };
    let (writer, guard) = NonBlockingBuilder::default().buffered_lines_limit(WAITING).finish(std::io::stdout());
    let _ = DROPPED.set(writer.error_counter());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    let started = if std::io::stdout().is_terminal() {
        log.try_init()
    } else {
        log.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    };
    if started.is_err() {
        tracing::debug!("a log is running already");
    }
    Log(guard)
}

/// How many lines of the log were dropped.
#[must_use]
pub fn dropped() -> usize {
    DROPPED.get().map_or(0, ErrorCounter::dropped_lines)
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

/// Says on standard error, a line each, what was done.
pub fn tell(lines: &[String]) {
    let mut out = std::io::stderr().lock();
    for line in lines {
        let _ = writeln!(out, "{}", domain::fault::printable(line));
    }
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
