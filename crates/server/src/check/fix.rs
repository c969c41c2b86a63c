//! `blobcast check --fix`: what can be written as it is meant to be, before the rest is told.

use adapters::Location;
use adapters::decode::{Fixed, Format};
use adapters::store::{Target, Unwritten};
use domain::Position;

use super::{path, target};
use crate::config::Settings;
use crate::published::Published;
use crate::telemetry;

/// Fixes the documents of a folder, or one of them, and says what was changed; or why one could not be fixed.
pub(super) async fn run(settings: &Settings, published: &[Published]) -> Vec<String> {
    let source = &settings.source;
    let (location, only) = target(source.location.clone());
    if !matches!(location, Location::Folder(_)) {
        return vec![format!("{location}: --fix works on a folder or a file: fix it there, then publish it")];
    }
    let folder = match Target::open(location.clone(), source.azure.as_ref(), source.limits) {
        Ok(folder) => folder,
        Err(lines) => return lines,
    };
    let mut failures = Vec::new();
    for (published, (ending, format)) in published.iter().flat_map(|one| Format::ENDINGS.map(|ending| (one, ending))) {
        let document = format!("{}.{ending}", published.described.name);
        if only.as_ref().is_some_and(|only| *only != document) {
            continue;
        }
        match fixed(&folder, &document, format, settings, published).await {
            Ok(changes) => {
                let place = path(&location, &document);
                let lines = changes.into_iter().map(|(at, told)| format!("{place}:{at}: fixed: {told}"));
                telemetry::tell(&lines.collect::<Vec<_>>());
            }
            Err(failure) => failures.push(failure),
        }
    }
    failures
}

async fn fixed(
    folder: &Target,
    document: &str,
    format: Format,
    settings: &Settings,
    published: &Published,
) -> Result<Vec<(Position, String)>, String> {
    let source = &settings.source;
    let Some(held) = folder.held(document).await.map_err(|error| error.to_string())? else { return Ok(Vec::new()) };
    // What is too large is told of by the check.
    let Some(bytes) = &held.bytes else { return Ok(Vec::new()) };
    let fixed = (published.fix)(bytes, format, &source.limits, &source.zone);
    let Some(Fixed { bytes, changes }) = fixed.filter(|fixed| !fixed.changes.is_empty()) else {
        return Ok(Vec::new());
    };
    match folder.put(document, format, &bytes, Some(&held)).await {
        Ok(_) => Ok(changes),
        Err(Unwritten::Changed(_)) => Err(format!("{document}: was changed meanwhile, and is not fixed: run it again")),
        Err(Unwritten::Failed(error)) => Err(error.to_string()),
    }
}
