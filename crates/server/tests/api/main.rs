//! The server as its clients see it: one black-box binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(unreachable_pub, reason = "the modules of one binary")]

mod app;
#[path = "../../../adapters/tests/azurite/mod.rs"]
mod azurite;
mod browsers;
mod campaign;
mod check;
mod checklist;
mod collections;
mod content;
mod documentation;
#[path = "../../../adapters/tests/fake_store/mod.rs"]
mod fake_store;
mod fourth;
mod http;
mod identity;
mod init;
mod log;
mod metrics;
mod probes;
mod program;
mod publish;
mod queries;
mod tls;
mod traces;
mod watch;
mod wire;
