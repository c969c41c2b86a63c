//! Lays the sources of settings over one another and refuses names that are none.

use std::collections::BTreeMap;
use std::path::Path;

use config::{Config, Environment, File, FileFormat, Value, ValueKind};

use super::{Faults, Flags, KEYS};

/// What every variable of a setting begins with. Two underscores: Kubernetes' own `BLOBCAST_PORT` is no setting.
pub(super) const PREFIX: &str = "BLOBCAST__";

pub(super) fn merge(flags: &Flags, environment: &BTreeMap<String, String>) -> Result<Config, Faults> {
    let mut faults = unknown_variables(environment);
    let file = flags.file.as_deref().and_then(|path| read(path).map_err(|fault| faults.push(fault)).ok());
    if let (Some(path), Some(file)) = (&flags.file, &file) {
        let known = |name: &String| KEYS.iter().any(|(key, ..)| key == name);
        let unknown = names("", file.cache.clone()).into_iter().filter(|name| !known(name));
        faults.extend(
            unknown.map(|name| format!("{}: `{name}` is no setting{}", path.display(), near(&name, str::to_owned))),
        );
    }
    let variables = environment
        .iter()
        .filter(|(name, _)| name.starts_with(PREFIX))
        .map(|(name, value)| (name.clone(), value.clone()));
    let variables = Environment::with_prefix("BLOBCAST")
        .prefix_separator("__")
        .separator("__")
        .ignore_empty(true)
        .source(Some(variables.collect()));

    let mut layers = Config::builder();
    let broken = |error: config::ConfigError| vec![format!("the settings cannot be merged: {error}")];
    for (key, default, _) in KEYS {
        layers = layers.set_default(key, default).map_err(broken)?;
    }
    if let Some(file) = file {
        layers = layers.add_source(file);
    }
    if let Some(port) = environment.get("PORT").filter(|port| !port.is_empty()) {
        let port = Config::builder().set_override("server.port", port.as_str()).map_err(broken)?;
        layers = layers.add_source(port.build().map_err(broken)?);
    }
    layers = layers.add_source(variables);
    for (key, flag) in [("source.location", &flags.source), ("server.port", &flags.port)] {
        layers = layers.set_override_option(key, flag.clone()).map_err(broken)?;
    }
    // A name such as BLOBCAST__CACHE=x shadows a whole section: with a fault that is said, and nothing is built on it.
    if faults.is_empty() { layers.build().map_err(broken) } else { Err(faults) }
}

fn unknown_variables(environment: &BTreeMap<String, String>) -> Faults {
    let known = |name: &str| KEYS.iter().any(|(key, ..)| variable(key) == name);
    let unknown = environment.keys().filter(|name| name.starts_with(PREFIX) && !known(name));
    unknown.map(|name| format!("{name}: is no setting{}", near(&key(name), variable))).collect()
}

/// The variable of a setting.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

fn key(variable: &str) -> String {
    variable.trim_start_matches(PREFIX).replace("__", ".").to_lowercase()
}

/// The setting that was probably meant.
fn near(name: &str, show: impl Fn(&str) -> String) -> String {
    let likeness = |key: &str| strsim::normalized_damerau_levenshtein(name, key);
    let nearest = KEYS.iter().map(|(key, ..)| *key).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    nearest.filter(|key| likeness(key) > 0.6).map_or_else(String::new, |key| format!("; did you mean {}?", show(key)))
}

/// A settings file, TOML or YAML by its ending.
fn read(path: &Path) -> Result<Config, String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {}", path.display(), error.to_string().replace('\n', " "));
    let text = std::fs::read_to_string(path).map_err(|error| told(&error.kind()))?;
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("toml") => {
            Config::builder().add_source(File::from_str(&text, FileFormat::Toml)).build().map_err(|error| told(&error))
        }
        Some("yaml" | "yml") => {
            let values: serde_yaml::Value = serde_yaml::from_str(&text).map_err(|error| told(&error))?;
            Config::try_from(&values).map_err(|error| told(&error))
        }
        _ => Err(told(&"must end in .toml, .yaml or .yml")),
    }
}

fn names(prefix: &str, value: Value) -> Vec<String> {
    match value.kind {
        ValueKind::Table(table) => {
            let join = |name: String| if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
            table.into_iter().flat_map(|(name, value)| names(&join(name), value)).collect()
        }
        _ => vec![prefix.to_owned()],
    }
}
