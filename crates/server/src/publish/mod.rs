//! `blobcast publish`: checks a folder, says what changes, and puts it where it is served from, over nothing that it has
//! not seen.

mod changes;
mod progress;

use std::collections::BTreeMap;
use std::process::ExitCode;

use adapters::Location;
use adapters::decode::Format;
use adapters::store::{FailureKind, Held, StoreFailure, Target, Unwritten};
use clap::Args;
use domain::ContentError;

use self::changes::Changes;
pub use self::changes::ItemTexts;
use self::progress::Progress;
use crate::check::{self, COULD_NOT_LOOK, Examined};
use crate::config::Settings;
use crate::published::Published;
use crate::telemetry;

/// The exit status where somebody else has changed what was to be replaced.
const CHANGED: u8 = 3;

/// Where to publish to.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Asked {
    /// A folder, or az://CONTAINER[/PREFIX].
    #[arg(long, value_name = "LOCATION")]
    to: Location,
    /// Say what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

/// A document that is to be published, and what lies there for its collection.
struct Draft<'a> {
    file: &'a Examined,
    format: Format,
    /// Under the same name.
    held: Option<Held>,
    /// Under the collection's other names: what it takes the place of.
    rivals: Vec<(String, Held)>,
    changes: Changes,
}

/// Publishes the content of `source.location`, and says by the exit status how it went.
#[tokio::main(flavor = "current_thread")]
pub async fn run(
    asked: &Asked,
    settings: &Settings,
    environment: &BTreeMap<String, String>,
    published: &[Published],
) -> ExitCode {
    let source = &settings.source;
    if !matches!(&source.location, Location::Folder(folder) if folder.is_dir()) {
        return telemetry::refuse(&[format!("{}: is not a folder that can be read", source.location)], COULD_NOT_LOOK);
    }
    let files = match check::sound(settings, environment, published).await {
        Ok(files) => files,
        Err(status) => return status,
    };
    let target = match Target::open(asked.to.clone(), source.azure.as_ref(), source.limits) {
        Ok(target) => target,
        Err(lines) => {
            let lines: Vec<_> = lines.iter().map(|line| line.replacen("source.location", "--to", 1)).collect();
            return telemetry::refuse(&lines, COULD_NOT_LOOK);
        }
    };
    let mut drafts = Vec::new();
    for published in published {
        match draft(&target, &files, settings, published).await {
            Ok(draft) => drafts.extend(draft),
            Err(error) => return failed(&error, "loaded", ""),
        }
    }
    for draft in &drafts {
        say(&draft.changes.to_string());
    }
    drafts.retain(|draft| !draft.changes.is_none());
    if asked.dry_run {
        say("a dry run: nothing was changed\n");
        return ExitCode::SUCCESS;
    }
    for draft in &drafts {
        let done = put(&target, draft).await;
        if let Err((document, unwritten)) = done {
            return match unwritten {
                Unwritten::Failed(error) => failed(&error, "published", "; run it again: nothing is uploaded twice"),
                Unwritten::Changed(now) => changed(&asked.to, &document, now.as_ref(), draft, settings, published),
            };
        }
        say(&format!("published {}\n", draft.file.document));
    }
    if drafts.is_empty() {
        say("nothing to publish\n");
    }
    ExitCode::SUCCESS
}

/// Compares what a folder has of a collection with what lies there. `None`: the folder has nothing of it.
async fn draft<'a>(
    target: &Target,
    files: &'a [Examined],
    settings: &Settings,
    published: &Published,
) -> Result<Option<Draft<'a>>, ContentError> {
    let name = published.described.name;
    let names = Format::ENDINGS.map(|(ending, format)| (format!("{name}.{ending}"), format));
    let mut held = Vec::new();
    for (document, format) in &names {
        if let Some(found) = target.held(document).await? {
            held.push((document, *format, found));
        }
    }
    let of = |document: &String| files.iter().find(|file| file.document == *document);
    let Some((file, format)) = names.iter().find_map(|(document, format)| Some((of(document)?, *format))) else {
        for (document, ..) in held {
            say(&format!("{document}: is not in the folder, left as it is\n"));
        }
        return Ok(None);
    };
    let items = |bytes: &[u8], format| (published.items)(bytes, format, &settings.source.limits, &settings.source.zone);
    // The first that is there is the one that readers see.
    let seen = held.first().map(|(document, format, held)| {
        let items = held.bytes.as_deref().and_then(|bytes| items(bytes, *format));
        (document.as_str(), items)
    });
    let same = held.len() == 1 && held[0].2.bytes.as_deref() == Some(&file.bytes) && *held[0].0 == file.document;
    let changes = Changes::new(&file.document, seen, &items(&file.bytes, format).unwrap_or_default(), same);
    let (mut own, rivals): (Vec<_>, Vec<_>) = held
        .into_iter()
        .map(|(document, _, held)| (document.clone(), held))
        .partition(|(document, _)| *document == file.document);
    Ok(Some(Draft { file, format, held: own.pop().map(|(_, held)| held), rivals, changes }))
}

/// Uploads a document, then deletes those that it takes the place of: in this order a reader finds one of them at any
/// moment, and never a mixture. The error names the document that it is about.
async fn put(target: &Target, draft: &Draft<'_>) -> Result<(), (String, Unwritten)> {
    let Draft { file, format, held, rivals, .. } = draft;
    let document = &file.document;
    if held.as_ref().is_none_or(|held| held.bytes.as_deref() != Some(&file.bytes)) {
        let put = target.put(document, *format, &file.bytes, held.as_ref());
        Progress::of(document, file.bytes.len()).during(put).await.map_err(|error| (document.clone(), error))?;
    }
    for (rival, seen) in rivals {
        target.delete(rival, seen).await.map_err(|error| (rival.clone(), error))?;
    }
    Ok(())
}

/// Tells of a change by somebody else.
fn changed(
    to: &Location,
    document: &str,
    now: Option<&Held>,
    draft: &Draft,
    settings: &Settings,
    published: &[Published],
) -> ExitCode {
    let what = match now {
        None => "was deleted".to_owned(),
        Some(now) => {
            let published = published.iter().find(|one| document.starts_with(one.described.name));
            let ending = |(ending, _): &&(&str, Format)| document.ends_with(ending);
            let format = Format::ENDINGS.iter().find(ending).map(|(_, format)| *format);
            let (limits, zone) = (&settings.source.limits, &settings.source.zone);
            let items = |held: &Held| (published?.items)(held.bytes.as_deref()?, format?, limits, zone);
            let before = draft.held.iter().chain(draft.rivals.iter().map(|(_, held)| held)).next();
            let how = Changes::between(before.and_then(items), items(now));
            format!("was changed at {}{how}", now.modified)
        }
    };
    let place = to.to_string();
    let line = format!(
        "{}/{document} {what} by somebody else meanwhile; it was not overwritten: look at it, then publish again",
        place.trim_end_matches('/')
    );
    telemetry::refuse(&[line], CHANGED)
}

/// Tells what the store has failed at, and what to do.
fn failed(error: &ContentError, done: &str, then: &str) -> ExitCode {
    let ContentError::Unavailable { document, source, .. } = error else {
        return telemetry::refuse(&[error.to_string()], COULD_NOT_LOOK);
    };
    let refused = source.downcast_ref::<StoreFailure>().is_some_and(|failure| failure.kind == FailureKind::Auth);
    let then = if refused { "; whoever publishes by identity needs \"Storage Blob Data Contributor\"" } else { then };
    telemetry::refuse(&[format!("{document} could not be {done}: {source}{then}")], COULD_NOT_LOOK)
}

/// A reader who has left changes nothing of what is to be done.
fn say(text: &str) {
    let _ = telemetry::print(text);
}
