//! A listener and the application behind it: every connection is watched, its answers pass through `finish`.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_http::{HttpService, KeepAlive, Protocol};
use actix_server::Server;
use actix_service::{ServiceFactoryExt as _, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::middleware::from_fn;
use actix_web::{App, web};
use socket2::SockRef;
use tokio::net::{TcpSocket, TcpStream};

use crate::config::{Faults, ServerSettings};
use crate::connection::{Crowd, Watched};
use crate::handlers::documentation::Documentation;
use crate::lifecycle::Lifecycle;
use crate::middleware::finish;
use crate::published::Catalogue;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;
/// A client that takes nothing of what it is sent for so long has gone (`TCP_USER_TIMEOUT`, RFC 5482).
const UNREAD: Duration = Duration::from_secs(10);

/// Listens; 0 takes a free port, which is returned.
///
/// # Errors
/// Those of the system.
pub fn bind(address: SocketAddr) -> std::io::Result<(TcpListener, SocketAddr)> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    // Connections inherit it.
    SockRef::from(&socket).set_tcp_user_timeout(Some(UNREAD))?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?.into_std()?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// What both listeners share.
pub struct Site<'a> {
    /// The collections.
    pub catalogue: web::Data<Catalogue>,
    /// The documentation.
    pub documentation: web::Data<Documentation>,
    /// Whether the server is on its way out.
    pub lifecycle: web::Data<Lifecycle>,
    /// How to serve.
    pub settings: &'a ServerSettings,
}

impl Site<'_> {
    /// Serves routes to at most so many connections. No sooner than it is awaited.
    ///
    /// # Errors
    /// A listener that the system does not accept.
    pub fn serve(
        &self,
        listener: TcpListener,
        workers: usize,
        connections: usize,
        routes: fn(&mut web::ServiceConfig, &Catalogue),
    ) -> Result<Server, Faults> {
        let (catalogue, lifecycle) = (self.catalogue.clone(), self.lifecycle.clone());
        let documentation = self.documentation.clone();
        let cors = web::Data::new(self.settings.cors.clone());
        let crowd = Crowd::new(connections);
        let builder = Server::build()
            .workers(workers)
            .max_concurrent_connections(connections.div_ceil(workers))
            .disable_signals()
            .shutdown_timeout(self.settings.shutdown_timeout.as_secs());
        let stopping = builder.graceful_shutdown_signal();
        let factory = move || {
            let (ending, cors, crowd, stopping) =
                (lifecycle.get_ref().clone(), cors.clone(), crowd.clone(), stopping.clone());
            let application = App::new()
                .app_data(catalogue.clone())
                .app_data(lifecycle.clone())
                .app_data(documentation.clone())
                .wrap(from_fn(move |request, next| finish(ending.clone(), cors.clone(), request, next)))
                .configure(|config| routes(config, &catalogue));
            let http = HttpService::build()
                // The watch over the connection knows the time of a request and of the pause after it.
                .keep_alive(KeepAlive::Os)
                .client_request_timeout(Duration::ZERO)
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .finish(map_config(application, |()| AppConfig::default()));
            fn_service(move |stream: TcpStream| {
                let crowd = crowd.clone();
                async move {
                    stream.set_nodelay(true)?;
                    let peer = stream.peer_addr().ok();
                    Ok((Watched::new(stream, crowd), Protocol::Http1, peer))
                }
            })
            .and_then(http)
        };
        let server = builder
            .listen("http", listener, factory)
            .map_err(|error| vec![format!("server.port: the listener cannot be used: {}", error.kind())])?;
        Ok(server.run())
    }
}
