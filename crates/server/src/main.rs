//! The program `blobcast`: it only sequences.

use std::process::ExitCode;

use server::cli::{Cli, Command};
use server::config::{self, Settings};
use server::handlers::documentation;
use server::{check, healthcheck, init, publish, routes, startup, telemetry};

fn main() -> ExitCode {
    let (cli, published) = (Cli::read(), routes::published());
    if let Some(text) = documentation::printed(&cli.command(), &published) {
        return telemetry::print_or_refuse(text);
    }
    let environment = config::environment();
    let settings = match Settings::load(&cli.flags(), &environment) {
        Ok(settings) => settings,
        Err(faults) => return telemetry::refuse(&faults, cli.refusal()),
    };
    match cli.command() {
        Command::Check(asked) => check::run(asked, &settings, &environment, &published),
        Command::Init(folder) => init::run(&folder, &published),
        Command::Publish(asked) => publish::run(&asked, &settings, &environment, &published),
        Command::Config => telemetry::print(&settings.describe()),
        Command::Healthcheck => healthcheck::run(&settings.management),
        _ => startup::serve(&settings, &published),
    }
}
