//! `blobcast init`: a file for each collection that explains itself, and the schema of each for editors that read one.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use adapters::decode::Format;

use crate::cli::Command;
use crate::handlers::documentation;
use crate::openapi::Described;
use crate::published::Published;
use crate::telemetry;

/// The exit status where nothing, or not all, could be written.
const REFUSED: u8 = 2;

/// Writes `NAME.yaml` and `schemas/NAME.json` for each collection into a folder, and no file over another.
#[must_use]
pub fn run(folder: &Path, published: &[Published]) -> ExitCode {
    let there = published.iter().flat_map(|published| in_the_way(folder, published.described.name));
    let refused: Vec<_> =
        there.map(|path| format!("{}: is there already; init writes over nothing", path.display())).collect();
    if !refused.is_empty() {
        return telemetry::refuse(&refused, REFUSED);
    }
    let mut said = String::new();
    for published in published {
        let name = published.described.name;
        let schema = documentation::printed(&Command::Schema(name.to_owned()), std::slice::from_ref(published));
        let schema = schema.and_then(Result::ok).unwrap_or_default();
        for (path, text) in
            [(sample_path(folder, name), sample(&published.described)), (schema_path(folder, name), schema)]
        {
            if let Err(error) = write_new(&path, &text) {
                return telemetry::refuse(
                    &[format!("{}: cannot be written: {}", path.display(), error.kind())],
                    REFUSED,
                );
            }
            let _ = writeln!(said, "{}", path.display());
        }
    }
    let folder = folder.display();
    let _ = write!(
        said,
        "\nblobcast check {folder}            tells what is wrong\nblobcast serve --source {folder}   serves it\n"
    );
    telemetry::print(&said)
}

fn sample_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.yaml"))
}

/// Beside the content and not among it, where `NAME.json` is content.
fn schema_path(folder: &Path, name: &str) -> PathBuf {
    folder.join("schemas").join(format!("{name}.json"))
}

/// What a collection has already: its schema, and content in any format.
fn in_the_way(folder: &Path, name: &str) -> Vec<PathBuf> {
    let content = Format::ENDINGS.iter().map(|(ending, _)| folder.join(format!("{name}.{ending}")));
    content.chain([schema_path(folder, name)]).filter(|path| path.symlink_metadata().is_ok()).collect()
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(path.parent().ok_or(ErrorKind::InvalidInput)?)?;
    File::create_new(path)?.write_all(text.as_bytes())
}

/// An item with every field that a collection knows, as YAML, because JSON has no comments. Each value is JSON, which is
/// YAML too, so that quotes keep a colon or a date what it is.
fn sample(described: &Described) -> String {
    let name = described.name;
    let mut text = format!(
        "# yaml-language-server: $schema=schemas/{name}.json\n#\n\
         # A list: each item begins with a dash, its fields stand below one another, two spaces to the right.\n\
         # What follows a # is for you and is not published. Delete the fields that you do not need, write your own,\n\
         # and copy the item for the next one.\n"
    );
    let mut lead = "- ";
    for rule in described.rules {
        let needed = if rule.required { " Needed." } else { "" };
        let margin = if lead == "- " { "" } else { "  " };
        let _ = write!(text, "\n{margin}# {}{needed}\n{lead}{}: {}\n", rule.about, rule.name, rule.example);
        lead = "  ";
    }
    text
}
