//! The settings: defaults < file < environment < flags. The only place that reads the environment.

mod layers;
mod reader;
mod traces;
mod values;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use adapters::CacheSettings;
use adapters::decode::Limits;
use adapters::store::{AzureAccess, ConnectionString, Identity, Location};
use jiff::tz::TimeZone;

use self::reader::Reader;
pub use self::traces::TraceSettings;
use crate::cors::Cors;

/// Every setting by its name, with its default and what it is.
pub const KEYS: [(&str, &str, &str); 21] = [
    (
        "source.location",
        "",
        "a folder, file:///…, az://CONTAINER[/PREFIX] or memory:///; az://content with an Azure account, else ./content",
    ),
    ("source.max_bytes", "5MiB", "the largest document"),
    ("source.max_items", "10000", "the most items in a document"),
    ("source.max_depth", "64", "the deepest nesting in a document"),
    ("source.timezone", "Europe/Paris", "the zone of dates that name none"),
    ("azure.endpoint", "", "the blob service's address for an identity, where it is not the public cloud's"),
    ("server.host", "0.0.0.0", "the address to listen on"),
    ("server.port", "5000", "the public port"),
    ("server.workers", "0", "threads that answer requests; 0 is one for each core that may be used"),
    ("server.max_connections", "1024", "the most connections at one time; those beyond it wait"),
    ("server.cors_origins", "*", "the origins whose pages may read the answers: *, or https://… with commas"),
    (
        "server.tls.certificate",
        "",
        "a chain of certificates in PEM, the server's first; with it the port speaks TLS alone",
    ),
    ("server.tls.key", "", "its private key in PEM"),
    ("server.drain", "5s", "how long to keep accepting after SIGTERM, not ready, before the listener closes"),
    ("server.shutdown_timeout", "10s", "how long requests under way may take after that"),
    ("management.host", "0.0.0.0", "the address of the management listener"),
    ("management.port", "9090", "the port of /healthz and /readyz for probes"),
    ("cache.ttl", "60s", "for how long a version is fresh"),
    ("cache.stale_while_revalidate", "60s", "for how long past that nobody waits for the next version"),
    ("cache.stale_if_error", "24h", "for how long past ttl a version is better than an error"),
    ("representations.max_bytes", "32MiB", "memory for answers to queries that stand ready"),
];

/// The settings that a run works with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where content comes from.
    pub source: SourceSettings,
    /// The public listener.
    pub server: ServerSettings,
    /// The listener for probes.
    pub management: ManagementSettings,
    /// How long content is good for: `BLOBCAST__CACHE__TTL`, `…__STALE_WHILE_REVALIDATE`, `…__STALE_IF_ERROR`.
    pub cache: CacheSettings,
    /// Answers that stand ready.
    pub representations: RepresentationSettings,
    /// Where traces go, if anywhere.
    pub traces: Option<TraceSettings>,
}

/// Answers that stand ready.
#[derive(Debug, Clone, Copy)]
pub struct RepresentationSettings {
    /// `BLOBCAST__REPRESENTATIONS__MAX_BYTES`: memory for answers to queries, over all collections.
    pub max_bytes: u64,
}

/// Where content comes from.
#[derive(Debug, Clone)]
pub struct SourceSettings {
    /// `BLOBCAST__SOURCE__LOCATION`, `--source`.
    pub location: Location,
    /// `--watch`: a folder is read anew as soon as a file in it has changed.
    pub watch: bool,
    /// `BLOBCAST__SOURCE__MAX_BYTES`, `…__MAX_ITEMS`, `…__MAX_DEPTH`.
    pub limits: Limits,
    /// `BLOBCAST__SOURCE__TIMEZONE`.
    pub zone: TimeZone,
    /// `AZURE_STORAGE_CONNECTION_STRING`, `AZURE_STORAGE_CONNECTION_STRING_FILE`, or an identity for `AZURE_STORAGE_ACCOUNT_NAME`.
    pub azure: Option<AzureAccess>,
}

impl SourceSettings {
    /// The folder that is to be watched, if one is.
    #[must_use]
    pub fn watched(&self) -> Option<PathBuf> {
        match &self.location {
            Location::Folder(folder) if self.watch => Some(folder.clone()),
            _ => None,
        }
    }
}

/// The public listener.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// `BLOBCAST__SERVER__HOST`.
    pub host: IpAddr,
    /// `PORT`, `BLOBCAST__SERVER__PORT`, `--port`; 0 takes any free one.
    pub port: u16,
    /// `BLOBCAST__SERVER__WORKERS`.
    pub workers: usize,
    /// `BLOBCAST__SERVER__MAX_CONNECTIONS`.
    pub max_connections: usize,
    /// `BLOBCAST__SERVER__CORS_ORIGINS`.
    pub cors: Cors,
    /// `BLOBCAST__SERVER__TLS__CERTIFICATE`, `…__TLS__KEY`: without them the port speaks no TLS.
    pub tls: Option<TlsSettings>,
    /// `BLOBCAST__SERVER__DRAIN`.
    pub drain: Duration,
    /// `BLOBCAST__SERVER__SHUTDOWN_TIMEOUT`.
    pub shutdown_timeout: Duration,
}

/// The files of a certificate.
#[derive(Debug, Clone)]
pub struct TlsSettings {
    /// The chain in PEM, the server's own certificate first.
    pub certificate: PathBuf,
    /// The private key in PEM.
    pub key: PathBuf,
}

/// The listener for probes.
#[derive(Debug, Clone)]
pub struct ManagementSettings {
    /// `BLOBCAST__MANAGEMENT__HOST`.
    pub host: IpAddr,
    /// `BLOBCAST__MANAGEMENT__PORT`; 0 takes any free one.
    pub port: u16,
}

/// What the command line says of the settings.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`.
    pub file: Option<PathBuf>,
    /// `--source`.
    pub source: Option<String>,
    /// `--port`.
    pub port: Option<String>,
    /// `--watch`.
    pub watch: bool,
}

/// Each fault of the settings: the variable and its rule, on one line, without a value.
pub type Faults = Vec<String>;

/// The variables of this process.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

impl Settings {
    /// Reads every layer.
    ///
    /// # Errors
    /// All faults at once.
    pub fn load(flags: &Flags, environment: &BTreeMap<String, String>) -> Result<Self, Faults> {
        let mut reader = Reader::new(layers::merge(flags, environment)?, flags, environment);
        let azure = azure(&mut reader);
        let default = if reader.variable(ACCOUNTS.as_slice()).is_some() { "az://content" } else { "./content" };
        let settings = Self {
            source: SourceSettings {
                location: reader.location("source.location", default),
                watch: flags.watch,
                limits: Limits {
                    max_bytes: reader.bytes("source.max_bytes"),
                    max_items: reader.count("source.max_items"),
                    max_depth: reader.count("source.max_depth"),
                },
                zone: reader.zone("source.timezone"),
                azure,
            },
            server: ServerSettings {
                host: reader.host("server.host"),
                port: reader.port("server.port"),
                workers: reader.workers("server.workers"),
                max_connections: reader.count("server.max_connections"),
                cors: reader.cors("server.cors_origins"),
                tls: tls(&mut reader),
                drain: reader.duration("server.drain", Duration::ZERO),
                shutdown_timeout: reader.duration("server.shutdown_timeout", Duration::ZERO),
            },
            management: ManagementSettings {
                host: reader.host("management.host"),
                port: reader.port("management.port"),
            },
            cache: CacheSettings {
                ttl: reader.duration("cache.ttl", SHORTEST_TTL),
                stale_while_revalidate: reader.duration("cache.stale_while_revalidate", Duration::ZERO),
                stale_if_error: reader.duration("cache.stale_if_error", Duration::ZERO),
            },
            representations: RepresentationSettings { max_bytes: reader.bytes("representations.max_bytes") },
            traces: TraceSettings::read(&mut reader),
        };
        if settings.source.watch && settings.source.watched().is_none() {
            reader.fault(format!("--watch: watches a folder, and {} is none", settings.source.location));
        }
        reader.finish(settings)
    }

    /// Every setting as it is in effect, a line each, secrets masked.
    #[must_use]
    pub fn describe(&self) -> String {
        let Self { source, server, management, cache, representations, traces } = self;
        let azure = match &source.azure {
            None => "none".to_owned(),
            Some(AzureAccess::ConnectionString(string)) => format!("account {}, key ****", string.account),
            Some(AzureAccess::ConnectionStringFile(file)) => format!("from {}", file.display()),
            Some(AzureAccess::Identity(identity)) => format!("account {}, by identity", identity.account),
        };
        let endpoint = match &source.azure {
            Some(AzureAccess::ConnectionString(string)) => string.endpoint.clone(),
            Some(AzureAccess::Identity(Identity { endpoint: Some(endpoint), .. })) => endpoint.clone(),
            _ => String::new(),
        };
        let file = |of: fn(&TlsSettings) -> &PathBuf| {
            server.tls.as_ref().map_or_else(String::new, |tls| of(tls).display().to_string())
        };
        let values = [
            source.location.to_string(),
            source.limits.max_bytes.to_string(),
            source.limits.max_items.to_string(),
            source.limits.max_depth.to_string(),
            source.zone.iana_name().unwrap_or("UTC").to_owned(),
            endpoint,
            server.host.to_string(),
            server.port.to_string(),
            server.workers.to_string(),
            server.max_connections.to_string(),
            server.cors.to_string(),
            file(|tls| &tls.certificate),
            file(|tls| &tls.key),
            format!("{:?}", server.drain),
            format!("{:?}", server.shutdown_timeout),
            management.host.to_string(),
            management.port.to_string(),
            format!("{:?}", cache.ttl),
            format!("{:?}", cache.stale_while_revalidate),
            format!("{:?}", cache.stale_if_error),
            representations.max_bytes.to_string(),
        ];
        let lines = KEYS.iter().zip(values).map(|((key, _, about), value)| format!("{key} = {value:?}  # {about}\n"));
        let traces = traces.as_ref().map_or("off".to_owned(), |traces| format!("to {traces}"));
        lines.chain([format!("# Azure: {azure}\n# Traces: {traces}\n")]).collect()
    }
}

/// A shorter TTL would only burden the store.
const SHORTEST_TTL: Duration = Duration::from_millis(100);

const STRING: &str = "AZURE_STORAGE_CONNECTION_STRING";
const STRING_FILE: &str = "AZURE_STORAGE_CONNECTION_STRING_FILE";
const ACCOUNT: &str = "AZURE_STORAGE_ACCOUNT_NAME";

/// The variables that name an Azure account, the first that is set winning.
const ACCOUNTS: [&str; 3] = [STRING, STRING_FILE, ACCOUNT];

fn tls(reader: &mut Reader) -> Option<TlsSettings> {
    let names = ["server.tls.certificate", "server.tls.key"];
    match names.map(|name| reader.text(name)) {
        [None, None] => None,
        [Some(certificate), Some(key)] => Some(TlsSettings { certificate: certificate.into(), key: key.into() }),
        [certificate, _] => {
            let (given, missing) = if certificate.is_some() { (names[0], names[1]) } else { (names[1], names[0]) };
            reader.fault(format!("{}: must be set with {given}", layers::variable(missing)));
            None
        }
    }
}

fn azure(reader: &mut Reader) -> Option<AzureAccess> {
    let (name, value) = reader.variable(&ACCOUNTS)?;
    match name {
        STRING => match ConnectionString::parse(&value) {
            Ok(string) => Some(AzureAccess::ConnectionString(string)),
            Err(faults) => {
                faults.into_iter().for_each(|fault| reader.fault(format!("{STRING}: {fault}")));
                None
            }
        },
        STRING_FILE => Some(AzureAccess::ConnectionStringFile(value.into())),
        _ => {
            let mut get = |name| reader.variable(&[name]).map(|(_, value)| value);
            Some(AzureAccess::Identity(Identity {
                account: value,
                client_id: get("AZURE_CLIENT_ID"),
                tenant_id: get("AZURE_TENANT_ID"),
                federated_token_file: get("AZURE_FEDERATED_TOKEN_FILE"),
                authority_host: get("AZURE_AUTHORITY_HOST"),
                identity_endpoint: get("IDENTITY_ENDPOINT"),
                endpoint: reader.text("azure.endpoint"),
            }))
        }
    }
}

#[cfg(test)]
mod tests;
