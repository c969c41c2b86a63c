//! A listener and the application behind it: every connection is watched, its answers pass through `finish`.

use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::body::BoxBody;
use actix_http::{HttpService, KeepAlive, Protocol, Request, Response};
use actix_server::Server;
use actix_service::{ServiceFactory, ServiceFactoryExt as _, fn_factory, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::middleware::from_fn;
use actix_web::{App, Error, web};
use socket2::SockRef;
use tokio::net::{TcpSocket, TcpStream};

use crate::config::{Faults, ServerSettings};
use crate::connection::{Crowd, Watched};
use crate::door::Door;
use crate::handlers::documentation::Documentation;
use crate::lifecycle::Lifecycle;
use crate::metrics::{Metrics, Traffic};
use crate::middleware::{Manners, finish};
use crate::published::{Catalogue, Open};

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
#[derive(Clone)]
pub struct Site {
    /// The collections.
    pub catalogue: web::Data<Catalogue>,
    /// The documentation.
    pub documentation: web::Data<Documentation>,
    /// What is measured.
    pub metrics: web::Data<Metrics>,
    /// Where requests are counted.
    pub traffic: Arc<Traffic>,
    /// Whether the server is on its way out.
    pub lifecycle: web::Data<Lifecycle>,
    /// How to serve.
    pub settings: ServerSettings,
}

impl Site {
    /// Serves routes to a crowd, and the lists of some collections before that. No sooner than it is awaited.
    ///
    /// # Errors
    /// A listener that the system does not accept.
    pub fn serve(
        &self,
        listener: TcpListener,
        workers: usize,
        crowd: &Arc<Crowd>,
        at_door: &Arc<[Open]>,
        routes: fn(&mut web::ServiceConfig, &Catalogue),
    ) -> Result<Server, Faults> {
        let builder = Server::build()
            .workers(workers)
            .max_concurrent_connections(crowd.most().div_ceil(workers))
            .disable_signals()
            .shutdown_timeout(self.settings.shutdown_timeout.as_secs());
        let stopping = builder.graceful_shutdown_signal();
        let (site, crowd, at_door) = (self.clone(), Arc::clone(crowd), Arc::clone(at_door));
        let factory = move || {
            let (crowd, stopping) = (Arc::clone(&crowd), stopping.clone());
            let http = HttpService::build()
                // The watch over the connection knows the time of a request and of the pause after it.
                .keep_alive(KeepAlive::Os)
                .client_request_timeout(Duration::ZERO)
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .finish(site.door(Arc::clone(&at_door), routes));
            fn_service(move |stream: TcpStream| {
                let crowd = Arc::clone(&crowd);
                async move {
                    stream.set_nodelay(true)?;
                    let peer = stream.peer_addr().ok();
                    Ok((Watched::new(stream, crowd.enter()), Protocol::Http1, peer))
                }
            })
            .and_then(http)
        };
        let server = builder
            .listen("http", listener, factory)
            .map_err(|error| vec![format!("server.port: the listener cannot be used: {}", error.kind())])?;
        Ok(server.run())
    }

    /// The application behind its door.
    fn door(
        &self,
        open: Arc<[Open]>,
        routes: fn(&mut web::ServiceConfig, &Catalogue),
    ) -> impl ServiceFactory<
        Request,
        Config = (),
        Response = Response<BoxBody>,
        Error = Error,
        InitError = (),
        Service: 'static,
        Future: 'static,
    > + use<> {
        let manners = Rc::new(Manners {
            lifecycle: self.lifecycle.get_ref().clone(),
            cors: self.settings.cors.clone(),
            traffic: Arc::clone(&self.traffic),
        });
        let manners_at_door = Rc::clone(&manners);
        let application = App::new()
            .app_data(self.catalogue.clone())
            .app_data(self.lifecycle.clone())
            .app_data(self.documentation.clone())
            .app_data(self.metrics.clone())
            .wrap(from_fn(move |request, next| finish(Rc::clone(&manners), request, next)))
            .configure(|config| routes(config, &self.catalogue));
        let application = map_config(application, |()| AppConfig::default());
        fn_factory(move || {
            let (application, open, manners) =
                (application.new_service(()), Arc::clone(&open), Rc::clone(&manners_at_door));
            async move { Ok(Door { application: application.await?, open, manners }) }
        })
    }
}
