//! Before the application: a list that stands ready is handed out at the door, without routing and without a wait.
//! Everything else goes in. Why: `docs/decisions/0005-a-door-before-the-application.md`.

use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_http::body::BoxBody;
use actix_http::{HttpMessage as _, Request, Response};
use actix_service::Service;
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::{Error, HttpResponse};
use futures_util::future::{Either, MapOk, Ready, TryFutureExt as _, ready};
use tokio::time::Instant;

use crate::middleware::{Manners, request_id, too_large};
use crate::published::Open;

/// The application, and what is handed out before it.
pub struct Door<S> {
    /// The application.
    pub application: S,
    /// The collections.
    pub open: Arc<[Open]>,
    /// What every answer depends on.
    pub manners: Rc<Manners>,
}

impl<S> Door<S> {
    /// The answer to GET and HEAD of a list, if nobody has to be asked for it and nothing is odd about the request.
    fn ready(&self, request: &Request) -> Option<HttpResponse> {
        let name = request.path().strip_prefix("/api/")?;
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return None;
        }
        let open = self.open.iter().find(|open| open.name == name)?;
        if too_large(request.uri(), request.headers()).is_some() {
            return None;
        }
        (open.ready)(request)
    }
}

impl<S> Service<Request> for Door<S>
where
    S: Service<Request, Response = ServiceResponse, Error = Error>,
{
    type Response = Response<BoxBody>;
    type Error = Error;
    type Future = Either<Ready<Result<Self::Response, Error>>, MapOk<S::Future, fn(ServiceResponse) -> Self::Response>>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.application.poll_ready(cx)
    }

    fn call(&self, request: Request) -> Self::Future {
        let begun = Instant::now();
        let Some(mut answer) = self.ready(&request) else {
            return Either::Right(self.application.call(request).map_ok(Response::from));
        };
        self.manners.dress(request.head(), begun, request_id(request.headers()), &mut answer);
        Either::Left(ready(Ok(answer.into())))
    }
}
