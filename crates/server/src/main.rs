//! The program `blobcast`: it only sequences.

use std::process::ExitCode;

use server::cli::{Cli, Command};
use server::config::{self, Settings};
use server::handlers::documentation;
use server::startup::{Application, FAULTY_SETTINGS};
use server::{check, lifecycle, routes, telemetry};

fn main() -> ExitCode {
    let cli = Cli::read();
    if let Some(text) = documentation::printed(&cli.command(), &routes::published()) {
        return telemetry::print_or_refuse(text);
    }
    let environment = config::environment();
    let settings = match Settings::load(&cli.flags(), &environment) {
        Ok(settings) => settings,
        Err(faults) => return telemetry::refuse(&faults, cli.refusal()),
    };
    match cli.command() {
        Command::Check(asked) => check::run(asked, &settings, &environment, &routes::published()),
        Command::Config => telemetry::print(&settings.describe()),
        _ => serve(&settings),
    }
}

#[tokio::main(worker_threads = 2)]
async fn serve(settings: &Settings) -> ExitCode {
    let _log = telemetry::start();
    match Application::build(settings, &routes::published()) {
        Ok(application) => application.run(lifecycle::signals()).await,
        Err(faults) => telemetry::refuse(&faults, FAULTY_SETTINGS),
    }
}
