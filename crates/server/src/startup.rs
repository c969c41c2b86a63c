//! The composition root: `build` returns a server that listens, `run` serves until it is asked to stop.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::web;
use adapters::Store;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::config::{Faults, Settings};
use crate::connection::Crowd;
use crate::handlers::documentation::Documentation;
use crate::lifecycle::{self, Lifecycle, Stop};
use crate::listener::{Site, bind};
use crate::metrics::{Metrics, Traffic};
use crate::published::{Catalogue, Published};
use crate::representation::Representations;
use crate::routes;
use crate::telemetry;
use crate::tls::Tls;
use crate::traces::Traces;

/// The exit status of settings that cannot be used (`EX_CONFIG` of sysexits).
pub const FAULTY_SETTINGS: u8 = 78;

/// The most connections of the management listener.
const PROBES: usize = 64;

/// A server that listens and does not answer yet.
pub struct Application {
    public: Server,
    management: Server,
    scheme: &'static str,
    address: SocketAddr,
    management_address: SocketAddr,
    lifecycle: Lifecycle,
    traces: Option<Traces>,
    drain: Duration,
}

impl Application {
    /// Opens the store, starts keeping every collection, and binds both ports. Waits for nothing and nobody.
    ///
    /// # Errors
    /// Every fault, with the setting that it comes from.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn build(settings: &Settings, published: &[Published]) -> Result<Self, Faults> {
        let Settings { source, server, management, .. } = settings;
        let mut faults = Vec::new();
        let store =
            Store::open(source.location.clone(), source.azure.as_ref()).map_err(|lines| faults.extend(lines)).ok();
        let tls = server.tls.as_ref().map(Tls::open).transpose().map_err(|lines| faults.extend(lines));
        let mut listen = |setting: &str, address: SocketAddr| {
            bind(address)
                .map_err(|error| faults.push(format!("{setting}: {address} cannot be listened on: {}", error.kind())))
                .ok()
        };
        let public = listen("server.port (PORT or BLOBCAST__SERVER__PORT)", (server.host, server.port).into());
        let probes = listen("management.port (BLOBCAST__MANAGEMENT__PORT)", (management.host, management.port).into());
        let traces = settings.traces.as_ref().map(Traces::start).transpose();
        let traces = traces.unwrap_or_else(|fault| {
            faults.push(fault);
            None
        });
        let (Some(store), Ok(tls), Some((public, address)), Some((probes, management_address))) =
            (store, tls, public, probes)
        else {
            return Err(faults);
        };
        let scheme = if tls.is_some() { "https" } else { "http" };

        let store = Arc::new(store);
        let shared = Representations::new(settings.representations.max_bytes);
        let open = published.iter().map(|published| published.open(&store, &shared, settings, traces.as_ref()));
        let open: Vec<_> = open.collect();
        for open in &open {
            tracing::info!("{} comes through {}", open.name, open.stack);
            (open.keep)(&Handle::current());
        }
        let open: Arc<[_]> = open.into();
        let traffic = Arc::new(Traffic::new(open.iter().map(|open| open.name), &routes::FIXED));
        let crowds = (Crowd::new(server.max_connections), Crowd::new(PROBES));
        let counted = vec![("public", Arc::clone(&crowds.0)), ("management", Arc::clone(&crowds.1))];
        let metrics = Metrics::new(Arc::clone(&traffic), Arc::clone(&open), store, shared, counted);
        let lifecycle = Lifecycle::default();
        let described: Vec<_> = published.iter().map(|published| published.described).collect();
        let site = Site {
            catalogue: web::Data::new(Catalogue(Arc::clone(&open))),
            documentation: web::Data::new(Documentation::new(described)),
            metrics: web::Data::new(metrics),
            traffic,
            log: Arc::default(),
            traces: traces.clone(),
            lifecycle: web::Data::new(lifecycle.clone()),
            settings: server.clone(),
        };
        Ok(Self {
            public: site.serve(public, server.workers, &crowds.0, &open, tls.as_ref(), routes::public)?,
            // Probes and scrapes would be most of the traces.
            management: Site { traces: None, ..site.clone() }.serve(
                probes,
                1,
                &crowds.1,
                &Arc::from([]),
                None,
                routes::management,
            )?,
            scheme,
            address,
            management_address,
            lifecycle,
            traces,
            drain: server.drain,
        })
    }

    /// The public address, with the port that was given for 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The management address, with the port that was given for 0.
    #[must_use]
    pub fn management_address(&self) -> SocketAddr {
        self.management_address
    }

    /// Serves until the first request to stop, then drains; a second one ends at once.
    pub async fn run(self, mut stops: mpsc::UnboundedReceiver<Stop>) -> ExitCode {
        let Self { public, management, scheme, address, management_address, lifecycle, traces, drain } = self;
        tracing::info!("listening on {scheme}://{address}, probes on http://{management_address}");
        let handles = [public.handle(), management.handle()];
        let mut servers = tokio::spawn(async move { tokio::join!(public, management) });
        let stop = tokio::select! {
            stop = stops.recv() => stop.unwrap_or(Stop::Soon),
            ended = &mut servers => {
                tracing::error!("a listener has ended: {ended:?}");
                return ExitCode::FAILURE;
            }
        };
        tracing::info!("stopping: not ready any more, {} s for clients to leave", drain.as_secs());
        lifecycle.drain();
        let end = async {
            if stop == Stop::Drain {
                tokio::time::sleep(drain).await;
            }
            stop_all(&handles, true).await;
            if let Some(traces) = traces {
                traces.stop().await;
            }
        };
        tokio::select! {
            () = end => tracing::info!("stopped"),
            _ = stops.recv() => {
                tracing::warn!("asked again to stop: at once");
                return ExitCode::SUCCESS;
            }
        }
        ExitCode::SUCCESS
    }
}

/// Serves until it is asked to stop, and logs.
#[tokio::main(worker_threads = 2)]
pub async fn serve(settings: &Settings, published: &[Published]) -> ExitCode {
    let _log = telemetry::start();
    match Application::build(settings, published) {
        Ok(application) => application.run(lifecycle::signals()).await,
        Err(faults) => telemetry::refuse(&faults, FAULTY_SETTINGS),
    }
}

async fn stop_all([public, management]: &[ServerHandle; 2], graceful: bool) {
    public.stop(graceful).await;
    management.stop(graceful).await;
}
