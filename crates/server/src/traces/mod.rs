//! Traces, where a collector is named: a span for each request, a span for each refresh. Without one there is nothing
//! of this: no thread, no span, and a request passes by one branch.

mod collector;
mod parent;
mod refresh;

use std::fmt::Display;
use std::time::Duration;

use actix_web::http::header::USER_AGENT;
use jiff::Timestamp;
use opentelemetry::trace::{Span as _, SpanKind, Status, TraceId, Tracer as _, TracerProvider as _};
use opentelemetry::{KeyValue, StringValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::{ResourceDetector as _, SdkProvidedResourceDetector};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tokio::task::spawn_blocking;

use self::collector::Collector;
pub use self::parent::trace_id;
pub use self::refresh::Traced;
use crate::config::TraceSettings;
use crate::request_log::{Answered, printable};

/// Spans that wait are delivered at the end within this time, or not at all.
const LAST_DELIVERY: Duration = Duration::from_secs(2);

/// Makes spans, which a thread of its own delivers. At most 2,048 wait (`OTEL_BSP_MAX_QUEUE_SIZE`), more are dropped.
#[derive(Clone)]
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Traces {
    /// Starts the thread. Nothing is sent before there is a span.
    ///
    /// # Errors
    /// A client that cannot be made, and what the exporter refuses of its variables, without a value.
    ///
    /// # Panics
    /// Outside a tokio runtime, which the deliveries run on.
    pub fn start(settings: &TraceSettings) -> Result<Self, String> {
        let refused = |what: &dyn Display| format!("OTEL_EXPORTER_OTLP_ENDPOINT: traces cannot be sent: {what}");
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector::new(settings.timeout).map_err(|_| refused(&"no client can be made"))?)
            .with_endpoint(settings.endpoint.as_str())
            .with_timeout(settings.timeout)
            .build()
            .map_err(|_| refused(&"the exporter refuses its variables"))?;
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource()).build();
        let tracer = provider.tracer("blobcast");
        Ok(Self { provider, tracer })
    }

    /// Makes the span of a request that has been answered, within the trace of its `traceparent`.
    pub fn request(&self, answered: &Answered<'_>) -> TraceId {
        let Answered { head, route, status, took, id, secure } = answered;
        let now = Timestamp::now();
        let method = answered.method();
        let name = match (route, method) {
            (None, "_OTHER") => "HTTP".to_owned(),
            (None, method) => method.to_owned(),
            (Some(route), "_OTHER") => format!("HTTP {route}"),
            (Some(route), method) => format!("{method} {route}"),
        };
        let span = self.tracer.span_builder(name).with_kind(SpanKind::Server);
        let span = span.with_start_time(now.checked_sub(*took).unwrap_or(now));
        let mut span = span.start_with_context(&self.tracer, &parent::of(head.headers()));
        if span.is_recording() {
            let text = |text: &str| StringValue::from(printable(text).to_string());
            span.set_attributes([
                KeyValue::new("http.request.method", method),
                KeyValue::new("url.scheme", if *secure { "https" } else { "http" }),
                KeyValue::new("url.path", text(head.uri.path())),
                KeyValue::new("http.response.status_code", i64::from(*status)),
                KeyValue::new("blobcast.request_id", (*id).to_owned()),
            ]);
            if let Some(route) = route {
                span.set_attribute(KeyValue::new("http.route", (*route).to_owned()));
            }
            if let Some(agent) = head.headers().get(USER_AGENT) {
                let agent = text(&String::from_utf8_lossy(agent.as_bytes()));
                span.set_attribute(KeyValue::new("user_agent.original", agent));
            }
            if *status >= 500 {
                span.set_attribute(KeyValue::new("error.type", status.to_string()));
                span.set_status(Status::error(""));
            }
        }
        let trace_id = span.span_context().trace_id();
        span.end_with_timestamp(now.into());
        trace_id
    }

    /// Delivers what still waits, for at most 2 s.
    pub async fn stop(self) {
        let _ = spawn_blocking(move || self.provider.shutdown_with_timeout(LAST_DELIVERY)).await;
    }
}

/// `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, and our own name where they give none.
fn resource() -> Resource {
    let named = SdkProvidedResourceDetector.detect();
    let resource = Resource::builder();
    let unnamed = named.iter().any(|(_, name)| name.as_str().starts_with("unknown_service"));
    if unnamed { resource.with_service_name("blobcast").build() } else { resource.build() }
}
