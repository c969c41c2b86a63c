//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::check::{Asked, COULD_NOT_LOOK};
use crate::config::Flags;
use crate::healthcheck::NOT_READY;
use crate::publish;
use crate::startup::FAULTY_SETTINGS;

/// Files in a bucket, served as a fast, typed, cached content API.
#[derive(Debug, Parser)]
#[command(name = "blobcast", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Given>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum Given {
    /// Serve the content (the default).
    Serve(Options),
    /// Tell every fault of every file: exit 0 without faults, 1 with faults, 2 when it could not look.
    Check {
        /// A folder, a file, or az://CONTAINER[/PREFIX].
        location: String,
        #[command(flatten)]
        asked: Asked,
        /// A file of settings, TOML or YAML.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Check a folder and put it where it is served from: exit 0 done, 1 faults, 2 it could not, 3 changed meanwhile.
    Publish {
        /// The folder.
        folder: String,
        #[command(flatten)]
        asked: publish::Asked,
        /// A file of settings, TOML or YAML.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Write a sample file of each collection, with a comment on every field, and its schema.
    Init {
        /// The folder, which may be there; no file in it is written over.
        folder: PathBuf,
    },
    /// Print the settings that are in effect, secrets masked.
    Config(Options),
    /// Ask the running server whether it is ready: exit 0 when it is, 1 when not.
    Healthcheck {
        /// A file of settings, TOML or YAML.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Print the OpenAPI 3.1 document.
    Openapi,
    /// Print the JSON Schema (2020-12) of a file of a collection; `$defs/item` is that of an item.
    Schema {
        /// The collection.
        collection: String,
    },
}

#[derive(Debug, Clone, Args)]
struct Options {
    /// Where the content lies: a folder, file:///…, az://CONTAINER[/PREFIX] or memory:///.
    #[arg(long, value_name = "LOCATION")]
    source: Option<String>,
    /// Read a folder anew as soon as a file in it has changed.
    #[arg(long)]
    watch: bool,
    /// The public port; 0 takes any free one.
    #[arg(long, value_name = "N")]
    port: Option<String>,
    /// A file of settings, TOML or YAML.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Serve.
    Serve,
    /// Check content.
    Check(Asked),
    /// Publish a folder.
    Publish(publish::Asked),
    /// Write sample files into a folder.
    Init(PathBuf),
    /// Print the settings.
    Config,
    /// Ask the running server.
    Healthcheck,
    /// Print the OpenAPI document.
    Openapi,
    /// Print the schema of a collection.
    Schema(String),
}

impl Cli {
    /// Reads the command line; a faulty one ends the program with status 2 and the usage.
    #[must_use]
    pub fn read() -> Self {
        Self::parse()
    }

    /// What to do.
    #[must_use]
    pub fn command(&self) -> Command {
        match &self.command {
            Some(Given::Check { asked, .. }) => Command::Check(*asked),
            Some(Given::Publish { asked, .. }) => Command::Publish(asked.clone()),
            Some(Given::Init { folder }) => Command::Init(folder.clone()),
            Some(Given::Config(_)) => Command::Config,
            Some(Given::Healthcheck { .. }) => Command::Healthcheck,
            Some(Given::Openapi) => Command::Openapi,
            Some(Given::Schema { collection }) => Command::Schema(collection.clone()),
            Some(Given::Serve(_)) | None => Command::Serve,
        }
    }

    /// The exit status for settings that cannot be used.
    #[must_use]
    pub fn refusal(&self) -> u8 {
        match self.command {
            Some(Given::Check { .. } | Given::Publish { .. }) => COULD_NOT_LOOK,
            Some(Given::Healthcheck { .. }) => NOT_READY,
            _ => FAULTY_SETTINGS,
        }
    }

    /// What it says of the settings.
    #[must_use]
    pub fn flags(&self) -> Flags {
        if let Some(Given::Check { location, config, .. } | Given::Publish { folder: location, config, .. }) =
            &self.command
        {
            return Flags { file: config.clone(), source: Some(location.clone()), ..Flags::default() };
        }
        let options = match &self.command {
            Some(Given::Serve(options) | Given::Config(options)) => options,
            Some(Given::Healthcheck { config }) => return Flags { file: config.clone(), ..Flags::default() },
            _ => &self.options,
        };
        let Options { source, port, config, watch } = options.clone();
        Flags { file: config, source, port, watch }
    }
}
