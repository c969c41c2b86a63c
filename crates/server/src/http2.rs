//! HTTP/2, spoken only where TLS has agreed on it: hyper keeps the connection, the door answers.
//! Why not actix-http: `docs/decisions/0006-http2-by-hyper.md`.

use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_http::body::{BodySize, BoxBody, MessageBody as _};
use actix_http::{Request, Response};
use actix_service::Service;
use actix_web::Error;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, Version};
use actix_web::web::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::header::CONTENT_LENGTH;
use hyper::http::request::Parts;
use hyper::http::uri::PathAndQuery;
use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::connection::{HEAD, LOOK, Place};

/// The most requests under way on a connection.
const STREAMS: u32 = 100;
/// The most of a head, by RFC 9113 §6.5.2, which adds 32 bytes a field. What lies between this and the limits of
/// HTTP/1.1 has its problem document; what is beyond has a plain 431.
const FIELDS: u32 = 32 << 10;
/// What a client may send unasked: no body is ever read. The least that a connection may have (RFC 9113 §6.9.2).
const WINDOW: u32 = 65_535;
/// From the word that no more requests are taken to the end of the last answer.
const LAST: Duration = Duration::from_secs(30);
/// The same where nothing has been asked.
const NOTHING: Duration = Duration::from_secs(1);

/// Serves a connection until the client leaves, has nothing more to ask, or `leaving` comes back; what is under way then
/// is finished (GOAWAY, RFC 9113 §6.8). `drained` is the milder word: whoever has just come may ask once.
pub async fn serve<S>(
    io: impl AsyncRead + AsyncWrite + Unpin,
    place: Place,
    door: Rc<S>,
    drained: impl Future<Output = ()>,
    leaving: impl Future<Output = ()>,
) where
    S: Service<Request, Response = Response<BoxBody>, Error = Error> + 'static,
    S::Future: 'static,
{
    let (asked, requests) = watch::channel(None);
    let service = service_fn(move |request| {
        asked.send_replace(Some(Instant::now()));
        answer(Rc::clone(&door), request)
    });
    let mut connection = pin!(
        http2::Builder::new(Here)
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(FIELDS)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .serve_connection(TokioIo::new(io), service)
    );
    let mut first = requests.clone();
    tokio::select! {
        _ = connection.as_mut() => return,
        () = leaving => {}
        () = async {
            drained.await;
            let _ = first.wait_for(Option::is_some).await;
        } => {}
        () = impatience(&requests, &place) => {}
    }
    connection.as_mut().graceful_shutdown();
    let last = if requests.borrow().is_some() { LAST } else { NOTHING };
    let _ = timeout(last, connection).await;
}

/// Comes back when nothing has been asked for too long.
async fn impatience(requests: &watch::Receiver<Option<Instant>>, place: &Place) {
    let begun = Instant::now();
    loop {
        let last = *requests.borrow();
        let left = match last {
            None => HEAD.saturating_sub(begun.elapsed()),
            Some(last) => place.idle().saturating_sub(last.elapsed()),
        };
        if left.is_zero() {
            return;
        }
        sleep(left.min(LOOK)).await;
    }
}

/// The answer of the door. The request's body is not read.
async fn answer<S>(door: Rc<S>, request: hyper::Request<Incoming>) -> io::Result<hyper::Response<Body>>
where
    S: Service<Request, Response = Response<BoxBody>, Error = Error>,
{
    let (asked, _) = request.into_parts();
    let (answer, body) = door.call(translated(&asked)?).await.unwrap_or_else(Response::from).into_parts();
    let mut written = hyper::Response::builder().status(answer.status().as_u16());
    for (name, value) in answer.headers() {
        written = written.header(name.as_str(), value.as_bytes());
    }
    let body = match body.size() {
        BodySize::Sized(bytes) if asked.method == hyper::Method::HEAD => {
            written = written.header(CONTENT_LENGTH, bytes);
            BoxBody::new(())
        }
        _ => body,
    };
    written.body(Body(body)).map_err(io::Error::other)
}

/// A request in the words of actix, whose names and values are of another version of the same crate.
fn translated(asked: &Parts) -> io::Result<Request> {
    let mut request = Request::new();
    let head = request.head_mut();
    head.version = Version::HTTP_2;
    head.method = Method::from_bytes(asked.method.as_str().as_bytes()).map_err(io::Error::other)?;
    let target = asked.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    head.uri = target.parse().map_err(io::Error::other)?;
    for (name, value) in &asked.headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).map_err(io::Error::other)?;
        head.headers.append(name, HeaderValue::from_bytes(value.as_bytes()).map_err(io::Error::other)?);
    }
    Ok(request)
}

/// Runs what belongs to a connection on the thread that has it.
#[derive(Clone, Copy)]
struct Here;

impl<F: Future<Output: 'static> + 'static> Executor<F> for Here {
    fn execute(&self, stream: F) {
        actix_web::rt::spawn(stream);
    }
}

/// A body of actix as hyper asks for it.
struct Body(BoxBody);

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let next = Pin::new(&mut self.0).poll_next(cx);
        next.map(|next| next.map(|part| part.map(Frame::data).map_err(|_| io::ErrorKind::Other.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.0.size().is_eof()
    }

    fn size_hint(&self) -> SizeHint {
        match self.0.size() {
            BodySize::None => SizeHint::with_exact(0),
            BodySize::Sized(bytes) => SizeHint::with_exact(bytes),
            BodySize::Stream => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests;
