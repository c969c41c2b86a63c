//! Reads settings one by one and collects every fault, with the variable that it comes from.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use adapters::store::Location;
use config::Config;
use jiff::tz::TimeZone;

use crate::cors::Cors;

use super::layers::variable;
use super::values;
use super::{Faults, Flags};

pub(super) struct Reader<'a> {
    config: Config,
    flags: &'a Flags,
    environment: &'a BTreeMap<String, String>,
    faults: Faults,
}

impl<'a> Reader<'a> {
    pub(super) fn new(config: Config, flags: &'a Flags, environment: &'a BTreeMap<String, String>) -> Self {
        Self { config, flags, environment, faults: Vec::new() }
    }

    pub(super) fn finish<T>(self, settings: T) -> Result<T, Faults> {
        if self.faults.is_empty() { Ok(settings) } else { Err(self.faults) }
    }

    pub(super) fn fault(&mut self, line: String) {
        self.faults.push(line);
    }

    /// The first of these variables that is set to something.
    pub(super) fn variable<'n>(&mut self, names: &[&'n str]) -> Option<(&'n str, String)> {
        let value = |name: &&str| self.environment.get(*name).filter(|value| !value.trim().is_empty()).cloned();
        names.iter().find_map(|name| Some((*name, value(name)?)))
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.config.get_string(key).ok().filter(|text| !text.is_empty())
    }

    pub(super) fn location(&mut self, key: &str, default: &str) -> Location {
        let text = self.text(key).unwrap_or_else(|| default.to_owned());
        self.checked(key, text.parse(), Location::Memory)
    }

    pub(super) fn duration(&mut self, key: &str, least: Duration) -> Duration {
        let rule = if least.is_zero() { String::new() } else { format!(", {least:?} or more") };
        let read = self.read(key, |text| values::duration(text).filter(|duration| *duration >= least));
        self.checked(key, read.ok_or(format!("must be a duration such as 500ms, 60s or 24h{rule}")), least)
    }

    pub(super) fn bytes(&mut self, key: &str) -> u64 {
        let read = self.read(key, |text| values::bytes(text).filter(|bytes| *bytes > 0));
        self.checked(key, read.ok_or("must be a size such as 512KiB or 5MiB"), 1)
    }

    pub(super) fn count(&mut self, key: &str) -> usize {
        let read = self.read(key, |text| text.parse().ok().filter(|count| *count > 0));
        self.checked(key, read.ok_or("must be a whole number above 0"), 1)
    }

    pub(super) fn zone(&mut self, key: &str) -> TimeZone {
        let read = self.read(key, domain::reader::zone);
        self.checked(key, read.ok_or("must be an IANA name such as Europe/Paris"), TimeZone::UTC)
    }

    pub(super) fn host(&mut self, key: &str) -> IpAddr {
        let read = self.read(key, |text| text.parse().ok());
        self.checked(
            key,
            read.ok_or("must be an IP address such as 0.0.0.0, 127.0.0.1 or ::"),
            Ipv4Addr::LOCALHOST.into(),
        )
    }

    pub(super) fn port(&mut self, key: &str) -> u16 {
        let read = self.read(key, |text| text.parse().ok());
        self.checked(key, read.ok_or("must be a port from 0 to 65535"), 0)
    }

    pub(super) fn cors(&mut self, key: &str) -> Cors {
        let read = self.read(key, Cors::parse);
        self.checked(key, read.ok_or("must be *, or origins such as https://example.org with commas"), Cors::Any)
    }

    /// A number of threads; 0 stands for one a core.
    pub(super) fn workers(&mut self, key: &str) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let read = self.read(key, |text| text.parse().ok().filter(|workers| *workers <= 1024));
        match self.checked(key, read.ok_or("must be a whole number from 0 to 1024"), 1) {
            0 => cores(),
            workers => workers,
        }
    }

    fn read<T>(&self, key: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        self.text(key).and_then(|text| parse(text.trim()))
    }

    fn checked<T>(&mut self, key: &str, read: Result<T, impl Display>, instead: T) -> T {
        read.unwrap_or_else(|rule| {
            let line = format!("{}: {rule}", self.origin(key));
            self.faults.push(line);
            instead
        })
    }

    /// Where a setting was set, as its author knows it.
    fn origin(&self, key: &str) -> String {
        let set = |name: &str| self.environment.get(name).is_some_and(|value| !value.is_empty());
        let own = variable(key);
        match key {
            "source.location" if self.flags.source.is_some() => "--source".into(),
            "server.port" if self.flags.port.is_some() => "--port".into(),
            _ if set(&own) => own,
            "server.port" if set("PORT") => "PORT".into(),
            _ => match &self.flags.file {
                Some(file) => format!("{}: {key}", file.display()),
                None => own,
            },
        }
    }
}
