//! What Blobcast is measured against: an actix handler that sends one body, and nothing else.

use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(file)) = (arguments.next().and_then(|port| port.parse().ok()), arguments.next()) else {
        return Err(std::io::Error::other("usage: bare PORT FILE"));
    };
    let body = Bytes::from(std::fs::read(file)?);
    let answer = move || {
        let body = body.clone();
        let handler = move || {
            let body = body.clone();
            async move { HttpResponse::Ok().content_type("application/json").body(body) }
        };
        App::new().route("/api/faq", web::get().to(handler))
    };
    HttpServer::new(answer).workers(1).tcp_nodelay(true).bind(("127.0.0.1", port))?.run().await
}
