//! A listener and the application behind it: every connection is watched, its answers pass through `finish`.

use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::body::BoxBody;
use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive, Protocol, Request, Response};
use actix_server::{GracefulShutdownSignal, Server};
use actix_service::{Service, ServiceFactory, fn_factory, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::middleware::from_fn;
use actix_web::{App, Error, web};
use futures_util::future::ready;
use socket2::SockRef;
use tokio::net::{TcpSocket, TcpStream};
use tokio_util::either::Either;

use crate::config::{Faults, ServerSettings};
use crate::connection::{Crowd, Watched};
use crate::door::Door;
use crate::handlers::documentation::Documentation;
use crate::http2;
use crate::lifecycle::Lifecycle;
use crate::metrics::{Metrics, Traffic};
use crate::middleware::{Manners, finish};
use crate::published::{Catalogue, Open};
use crate::request_log::RequestLog;
use crate::tls::{Tls, TlsStream, is_http2};
use crate::traces::Traces;

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
    /// Where requests are told of.
    pub log: Arc<RequestLog>,
    /// Where their spans are made, if anywhere.
    pub traces: Option<Traces>,
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
        tls: Option<&Tls>,
        routes: fn(&mut web::ServiceConfig, &Catalogue),
    ) -> Result<Server, Faults> {
        let builder = Server::build()
            .workers(workers)
            .max_concurrent_connections(crowd.most().div_ceil(workers))
            .disable_signals()
            .shutdown_timeout(self.settings.shutdown_timeout.as_secs());
        let host = Host {
            crowd: Arc::clone(crowd),
            tls: tls.cloned(),
            lifecycle: self.lifecycle.get_ref().clone(),
            stopping: builder.graceful_shutdown_signal(),
        };
        let (site, at_door) = (self.clone(), Arc::clone(at_door));
        let factory = move || {
            let (door, host) = (site.door(Arc::clone(&at_door), host.tls.is_some(), routes), host.clone());
            fn_factory(move || {
                let (door, host) = (door.new_service(()), host.clone());
                async move {
                    let (door, host) = (Rc::new(door.await?), Rc::new(host));
                    let http1 = Rc::new(host.http1(&door).await?);
                    Ok::<_, ()>(fn_service(move |stream| {
                        Rc::clone(&host).receive(stream, Rc::clone(&door), Rc::clone(&http1))
                    }))
                }
            })
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
        secure: bool,
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
            secure,
            traffic: Arc::clone(&self.traffic),
            log: Arc::clone(&self.log),
            traces: self.traces.clone(),
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

/// A connection that HTTP/1.1 is spoken on.
type Plain = Watched<Either<TcpStream, Box<TlsStream<TcpStream>>>>;

/// What receives a connection.
#[derive(Clone)]
struct Host {
    crowd: Arc<Crowd>,
    tls: Option<Tls>,
    lifecycle: Lifecycle,
    stopping: GracefulShutdownSignal,
}

impl Host {
    /// Receives a connection: its place, its TLS, its version of HTTP.
    async fn receive<D, H>(self: Rc<Self>, stream: TcpStream, door: Rc<D>, http1: Rc<H>) -> Result<(), DispatchError>
    where
        D: Service<Request, Response = Response<BoxBody>, Error = Error, Future: 'static> + 'static,
        H: Service<(Plain, Protocol, Option<SocketAddr>), Response = (), Error = DispatchError>,
    {
        let place = self.crowd.enter();
        stream.set_nodelay(true)?;
        let peer = stream.peer_addr().ok();
        let stream = match &self.tls {
            None => Either::Left(stream),
            Some(tls) => {
                // In boxes, so that a connection without TLS has no room for them.
                let stream = Box::pin(tls.accept(stream)).await?;
                if is_http2(&stream) {
                    let (drained, leaving) = (self.lifecycle.drained(), self.stopping.notified());
                    Box::pin(http2::serve(stream, place, door, drained, leaving)).await;
                    return Ok(());
                }
                Either::Right(Box::new(stream))
            }
        };
        http1.call((Watched::new(stream, place), Protocol::Http1, peer)).await
    }

    /// HTTP/1.1 before a door.
    async fn http1<D>(
        &self,
        door: &Rc<D>,
    ) -> Result<impl Service<(Plain, Protocol, Option<SocketAddr>), Response = (), Error = DispatchError> + use<D>, ()>
    where
        D: Service<Request, Response = Response<BoxBody>, Error = Error, Future: 'static> + 'static,
    {
        let (door, stopping) = (Rc::clone(door), self.stopping.clone());
        let http1 = HttpService::build()
            // The watch over the connection knows the time of a request and of the pause after it.
            .keep_alive(KeepAlive::Os)
            .client_request_timeout(Duration::ZERO)
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .finish(fn_factory(move || ready(Ok::<_, ()>(Rc::clone(&door)))));
        http1.new_service(()).await
    }
}
