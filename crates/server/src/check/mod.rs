//! `blobcast check`: every fault of every file at once, for people and for machines. A format a file.

mod fix;
mod github;
mod human;
mod json;
mod sarif;

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use adapters::decode;
use adapters::{Location, Store, blob};
use clap::{Args, ValueEnum};
use domain::{ContentError, Fault, Severity};

use crate::config::Settings;
use crate::published::Published;
use crate::telemetry;

/// The exit status where there are faults.
const FAULTS: u8 = 1;
/// The exit status where content could not be looked at.
pub const COULD_NOT_LOOK: u8 = 2;

/// How to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct Asked {
    /// For people, for programs, for annotations of GitHub, or SARIF 2.1.0.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Count warnings as faults.
    #[arg(long)]
    strict: bool,
    /// First write, in place, the fields' own names, days in ISO form and the ids that are made.
    #[arg(long)]
    fix: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
    Github,
    Sarif,
}

/// A document that was looked at, and its faults by line and column.
pub(crate) struct Examined {
    path: String,
    /// Its name within its folder: `events.json`.
    pub(crate) document: String,
    pub(crate) bytes: Vec<u8>,
    faults: Vec<Fault>,
}

/// Looks at the content of `source.location`, prints what is wrong with it, and says so by the exit status.
#[tokio::main(flavor = "current_thread")]
pub async fn run(
    asked: Asked,
    settings: &Settings,
    environment: &BTreeMap<String, String>,
    published: &[Published],
) -> ExitCode {
    if asked.fix {
        let failures = fix::run(settings, published).await;
        if !failures.is_empty() {
            return telemetry::refuse(&failures, COULD_NOT_LOOK);
        }
    }
    let (files, failures) = examine(settings, published).await;
    tell(asked, &files, &failures, environment)
}

/// The documents of a folder that may be published, or the exit status once it is told why they may not.
pub(crate) async fn sound(
    settings: &Settings,
    environment: &BTreeMap<String, String>,
    published: &[Published],
) -> Result<Vec<Examined>, ExitCode> {
    let (files, failures) = examine(settings, published).await;
    let asked = Asked { format: Format::Human, strict: false, fix: false };
    let sound = failures.is_empty() && count(&files, Severity::Error) == 0;
    let quiet = sound && count(&files, Severity::Warning) == 0;
    let status = if quiet { ExitCode::SUCCESS } else { tell(asked, &files, &failures, environment) };
    if sound { Ok(files) } else { Err(status) }
}

/// Prints what is wrong, and says so by the exit status.
fn tell(asked: Asked, files: &[Examined], failures: &[String], environment: &BTreeMap<String, String>) -> ExitCode {
    let colour = std::io::stdout().is_terminal() && environment.get("NO_COLOR").is_none_or(String::is_empty);
    let printed = if files.is_empty() && !failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        telemetry::print(&match asked.format {
            Format::Human => human::render(files, colour),
            Format::Json => json::render(files),
            Format::Github => github::render(files),
            Format::Sarif => sarif::render(files),
        })
    };
    let worst = files.iter().flat_map(|file| &file.faults).map(Fault::severity).min();
    match worst {
        _ if !failures.is_empty() => telemetry::refuse(failures, COULD_NOT_LOOK),
        Some(Severity::Error) => ExitCode::from(FAULTS),
        Some(Severity::Warning) if asked.strict => ExitCode::from(FAULTS),
        _ => printed,
    }
}

/// Looks at every document that is there, by path; and why one could not be looked at.
async fn examine(settings: &Settings, published: &[Published]) -> (Vec<Examined>, Vec<String>) {
    let source = &settings.source;
    let (location, only) = target(source.location.clone());
    let store = match Store::open(location.clone(), source.azure.as_ref()) {
        Ok(store) => store,
        Err(lines) => return (Vec::new(), lines),
    };
    let (mut files, mut failures) = (Vec::<Examined>::new(), Vec::new());
    for published in published {
        let mut read: Option<usize> = None;
        for (ending, format) in decode::Format::ENDINGS {
            let document = format!("{}.{ending}", published.described.name);
            if only.as_ref().is_some_and(|only| *only != document) {
                continue;
            }
            let (bytes, faults) = match store.read(&document, &source.limits).await {
                Ok(bytes) => {
                    let faults = (published.examine)(&bytes, format, &source.limits, &source.zone);
                    (bytes, faults)
                }
                Err(ContentError::Invalid { faults, .. }) => (Vec::new(), faults.to_vec()),
                Err(ContentError::Missing { .. }) => continue,
                Err(failure) => {
                    failures.push(failure.to_string());
                    continue;
                }
            };
            match read {
                Some(first) => files[first].faults.insert(0, blob::rival(&document)),
                None => read = Some(files.len()),
            }
            files.push(Examined { path: path(&location, &document), document, bytes, faults });
        }
    }
    if files.is_empty() && failures.is_empty() {
        let names: Vec<_> = published.iter().map(|published| published.described.name).collect();
        let wanted =
            format!("a file is named by its collection ({}) and ends in .json, .yaml or .yml", names.join(", "));
        failures.push(format!("{}: there is no content here; {wanted}", source.location));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    failures.dedup();
    (files, failures)
}

/// The place to look in, and the one document where a single one is named.
fn target(location: Location) -> (Location, Option<String>) {
    match location {
        Location::Folder(file) if file.is_file() => {
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
            (Location::Folder(folder.to_owned()), name)
        }
        Location::Azure { container, prefix } => {
            let parts: Vec<_> = prefix.parts().collect();
            let named = |name: &str| {
                name.rsplit_once('.').is_some_and(|(_, end)| decode::Format::ENDINGS.iter().any(|known| known.0 == end))
            };
            match parts.split_last() {
                Some((name, folder)) if named(name.as_ref()) => {
                    let prefix = folder.iter().cloned().collect();
                    (Location::Azure { container, prefix }, Some(name.as_ref().to_owned()))
                }
                _ => (Location::Azure { container, prefix }, None),
            }
        }
        location => (location, None),
    }
}

/// How a document is named to whoever asked.
fn path(location: &Location, document: &str) -> String {
    match location {
        Location::Folder(folder) => {
            let path = folder.join(document);
            path.strip_prefix(".").unwrap_or(&path).display().to_string()
        }
        other => format!("{}/{document}", other.to_string().trim_end_matches('/')),
    }
}

/// The word for what a fault costs.
fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// How many faults of this severity there are.
fn count(files: &[Examined], severity: Severity) -> usize {
    files.iter().flat_map(|file| &file.faults).filter(|fault| fault.severity() == severity).count()
}
