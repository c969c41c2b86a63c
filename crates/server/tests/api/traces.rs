//! Traces as a collector receives them, and that a collector which does not is no concern of the requests.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::Message as _;
use reqwest::{Client, Method};
use tokio::time::Instant;

use crate::app::folder;
use crate::program::Program;

/// A span, and what it came with.
#[derive(Debug, Clone)]
struct Received {
    name: String,
    kind: i32,
    trace: String,
    parent: String,
    failed: bool,
    seconds: f64,
    attributes: BTreeMap<String, String>,
    resource: BTreeMap<String, String>,
    path: String,
    authorization: String,
}

/// A collector that keeps what it is sent, and answers with a status of the test's choice.
#[derive(Clone)]
struct Collector {
    address: String,
    received: Arc<Mutex<Vec<Received>>>,
    status: Arc<Mutex<u16>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let collector = Self { address, received: Arc::default(), status: Arc::new(Mutex::new(200)) };
        let kept = collector.clone();
        let app = move || App::new().app_data(web::Data::new(kept.clone())).default_service(web::to(Self::receive));
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap();
        tokio::spawn(server.run());
        collector
    }

    async fn receive(request: HttpRequest, body: web::Bytes, collector: web::Data<Self>) -> HttpResponse {
        let status = *collector.status.lock().unwrap();
        let header = |name| request.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        assert_eq!(header("content-type"), "application/x-protobuf");
        for spans in ExportTraceServiceRequest::decode(body).unwrap().resource_spans {
            let resource = pairs(spans.resource.unwrap().attributes);
            let mut received = collector.received.lock().unwrap();
            for span in spans.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                received.push(Received {
                    name: span.name,
                    kind: span.kind,
                    trace: hex(&span.trace_id),
                    parent: hex(&span.parent_span_id),
                    failed: span.status.is_some_and(|status| status.code == StatusCode::Error as i32),
                    seconds: Duration::from_nanos(span.end_time_unix_nano - span.start_time_unix_nano).as_secs_f64(),
                    attributes: pairs(span.attributes),
                    resource: resource.clone(),
                    path: request.path().to_owned(),
                    authorization: header("authorization"),
                });
            }
        }
        HttpResponse::build(status.try_into().unwrap()).finish()
    }

    fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// The first span like this, once there is one.
    async fn span(&self, wanted: impl Fn(&Received) -> bool) -> Received {
        for _ in 0..1000 {
            if let Some(span) = self.received().into_iter().find(&wanted) {
                return span;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no such span in 20 s: {:#?}", self.received());
    }

    async fn of_request(&self, id: &str) -> Received {
        self.span(|span| span.attributes.get("blobcast.request_id").is_some_and(|found| found == id)).await
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn pairs(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    let shown = |value: Option<AnyValue>| match value.and_then(|value| value.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    attributes.into_iter().map(|KeyValue { key, value, .. }| (key, shown(value))).collect()
}

/// A program that serves one question, and what else these variables say.
async fn start(content: &str, variables: &[(&str, &str)]) -> Program {
    let here = [("BLOBCAST__SOURCE__LOCATION", content), ("BLOBCAST__SERVER__DRAIN", "0")];
    Program::start(&[&here, variables].concat()).await
}

const SOON: (&str, &str) = ("OTEL_BSP_SCHEDULE_DELAY", "50");
const FAQ: (&str, &str) = ("faq.json", r#"[{"id":1,"q":"a","a":"b"}]"#);
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// Asks with an id, and a `traceparent` unless it is empty.
async fn ask(program: &Program, method: &str, path: &str, id: &str, traceparent: &str) -> u16 {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let request = Client::new().request(method, format!("{}{path}", program.address));
    let request = request.header("x-request-id", id).header("user-agent", "a reader");
    let request = if traceparent.is_empty() { request } else { request.header("traceparent", traceparent) };
    request.send().await.unwrap().status().as_u16()
}

#[actix_web::test]
async fn a_request_is_a_span_of_its_callers_trace() {
    let (collector, content) = (Collector::start(), folder(&[FAQ]));
    let content = content.path().display().to_string();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20canary"),
        ("RUST_LOG", "trace"),
        SOON,
    ];
    let program = start(&content, &variables).await;
    program.until_status("/api/faq", 200).await;
    let sampled = format!("00-{TRACE}-{PARENT}-01");

    assert_eq!(ask(&program, "GET", "/api/faq?limit=1", "list", &sampled).await, 200);
    let span = collector.of_request("list").await;
    assert_eq!((span.name.as_str(), span.kind), ("GET /api/faq", 2), "a server's span");
    assert_eq!((span.trace.as_str(), span.parent.as_str()), (TRACE, PARENT));
    assert_eq!((span.path.as_str(), span.authorization.as_str()), ("/v1/traces", "Bearer canary"));
    assert!((0.0..5.0).contains(&span.seconds) && !span.failed, "{span:?}");
    assert_eq!(span.resource["service.name"], "blobcast");
    let attributes: Vec<_> = span.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        attributes,
        [
            ("blobcast.request_id", "list"),
            ("http.request.method", "GET"),
            ("http.response.status_code", "200"),
            ("http.route", "/api/faq"),
            ("url.path", "/api/faq"),
            ("url.scheme", "http"),
            ("user_agent.original", "a reader"),
        ]
    );

    assert_eq!(ask(&program, "GET", "/api/faq/none", "item", &sampled).await, 404);
    let span = collector.of_request("item").await;
    assert_eq!((span.name.as_str(), span.failed), ("GET /api/faq/{id}", false), "a 404 is no failure of ours");
    assert_eq!(ask(&program, "BREW", "/wp-admin", "odd", "").await, 404);
    let span = collector.of_request("odd").await;
    assert_eq!((span.name.as_str(), span.attributes["http.request.method"].as_str()), ("HTTP", "_OTHER"));
    assert!(!span.attributes.contains_key("http.route"));

    // Not sampled, then a request that comes later and is.
    assert_eq!(ask(&program, "GET", "/api/faq", "unsampled", &format!("00-{TRACE}-{PARENT}-00")).await, 200);
    reqwest::get(format!("{}/healthz", program.management)).await.unwrap();
    assert_eq!(ask(&program, "GET", "/api/faq", "malformed", "00-12-34-01").await, 200);
    let span = collector.of_request("malformed").await;
    assert!(span.trace != TRACE && span.parent.is_empty(), "{span:?}");
    let received = collector.received();
    assert!(
        !received.iter().any(|span| span.attributes.get("blobcast.request_id").is_some_and(|id| id == "unsampled"))
    );
    assert!(!received.iter().any(|span| span.name.contains("/healthz")), "probes of the management port");
    let line = program.logged(r#""request_id":"unsampled""#).await;
    assert!(line.contains(&format!(r#""trace_id":"{TRACE}""#)), "the log names the trace: {line}");
    assert!(!program.output().contains("canary"), "whatever the log says, it is not the key");
}

#[actix_web::test]
async fn a_refresh_is_a_span_with_its_outcome() {
    let (collector, content) = (Collector::start(), folder(&[FAQ, ("news.json", "{")]));
    let location = content.path().display().to_string();
    let endpoint = format!("{}/own", collector.address);
    let variables = [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint.as_str()),
        ("OTEL_SERVICE_NAME", "named"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"),
        ("BLOBCAST__CACHE__TTL", "100ms"),
        SOON,
    ];
    let program = start(&location, &variables).await;
    program.logged("Cached(100ms, Traced(Prepared(Blob(").await;
    let refresh = async |collection: &str, outcome: &str| {
        let name = format!("refresh {collection}");
        collector.span(|span| span.name == name && span.attributes["blobcast.outcome"] == outcome).await
    };
    let updated = refresh("faq", "updated").await;
    assert_eq!((updated.kind, updated.failed, updated.attributes["blobcast.collection"].as_str()), (1, false, "faq"));
    assert_eq!((updated.path.as_str(), updated.parent.as_str()), ("/own", ""));
    assert_eq!(updated.resource["service.name"], "named");
    assert_eq!(updated.resource["deployment.environment.name"], "test");
    assert!(!refresh("faq", "unchanged").await.failed);
    assert!(!refresh("events", "missing").await.failed, "a document that is not there is an answer");
    let invalid = refresh("news", "invalid").await;
    assert!(invalid.failed && invalid.attributes["error.type"] == "invalid");
    assert_eq!(ask(&program, "GET", "/api/news", "broken", "").await, 502);
    let span = collector.of_request("broken").await;
    assert!(span.failed && span.attributes["error.type"] == "502", "{span:?}");
    drop(content);
    assert!(refresh("faq", "unavailable").await.failed);
}

#[actix_web::test]
async fn what_waits_is_delivered_at_the_end() {
    let (collector, content) = (Collector::start(), folder(&[FAQ]));
    let content = content.path().display().to_string();
    let variables =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "600000")];
    let mut program = start(&content, &variables).await;
    program.until_status("/api/faq", 200).await;
    assert_eq!(ask(&program, "GET", "/api/faq", "last", "").await, 200);
    assert!(collector.received().is_empty());
    program.signal("TERM");
    assert_eq!(program.ended().await, Some(0));
    collector.of_request("last").await;
}

#[actix_web::test]
async fn a_collector_that_is_down_or_silent_costs_one_line_and_two_seconds_at_the_end() {
    let content = folder(&[FAQ]);
    let content = content.path().display().to_string();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (address, timeout, why) in
        [(closed, "60000", "no connection"), (silent.local_addr().unwrap(), "300", "no answer in time")]
    {
        let endpoint = format!("http://{address}");
        let variables = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", timeout),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "8"),
            ("RUST_LOG", "debug"),
            SOON,
        ];
        let mut program = start(&content, &variables).await;
        program.until_status("/api/faq", 200).await;
        let told = "traces do not reach the collector: ";
        program.logged(told).await;
        for number in 0..50 {
            assert_eq!(ask(&program, "GET", "/api/faq", &number.to_string(), "").await, 200);
        }
        program.until(|| program.output().matches(told).count() > 1).await;
        let output = program.output();
        let warnings: Vec<_> = output.lines().filter(|line| line.contains("WARN")).collect();
        assert!(warnings.iter().filter(|line| line.contains(&format!("{told}{why}"))).count() == 1, "{warnings:#?}");
        program.signal("TERM");
        let asked = Instant::now();
        assert_eq!(program.ended().await, Some(0));
        assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    }
}

#[actix_web::test]
async fn the_end_does_not_wait_for_a_collector_that_is_silent() {
    let content = folder(&[FAQ]);
    let content = content.path().display().to_string();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let timeout = ("OTEL_EXPORTER_OTLP_TIMEOUT", "3600000");
    let mut program = start(&content, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint), timeout, SOON]).await;
    program.until_status("/api/faq", 200).await;
    program.signal("TERM");
    let asked = Instant::now();
    assert_eq!(program.ended().await, Some(0));
    assert!(asked.elapsed() < Duration::from_secs(12), "{:?}", asked.elapsed());
}

#[actix_web::test]
async fn a_collector_that_is_back_is_told_of_too() {
    let (collector, content) = (Collector::start(), folder(&[FAQ]));
    let content = content.path().display().to_string();
    *collector.status.lock().unwrap() = 401;
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address.as_str());
    let program =
        start(&content, &[endpoint, SOON, ("RUST_LOG", "warn,server=info"), ("BLOBCAST__CACHE__TTL", "100ms")]).await;
    let told = program.logged("traces do not reach the collector: it answers 401").await;
    *collector.status.lock().unwrap() = 200;
    let back = program.logged("traces reach the collector again").await;
    assert!(told.contains("WARN") && back.contains("WARN"), "{told} {back}");
}

#[actix_web::test]
async fn without_an_endpoint_or_where_they_are_turned_off_there_is_nothing_of_it() {
    let (collector, content) = (Collector::start(), folder(&[FAQ]));
    let content = content.path().display().to_string();
    let on = ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address.as_str());
    let exporter = |program: &Program| program.threads().iter().any(|name| name.starts_with("OpenTelemetry"));
    for off in
        [vec![SOON], vec![on, SOON, ("OTEL_SDK_DISABLED", "true")], vec![on, SOON, ("OTEL_TRACES_EXPORTER", "none")]]
    {
        let mut program = start(&content, &off).await;
        program.until_status("/api/faq", 200).await;
        assert!(!exporter(&program) && !program.output().contains("Traced("));
        program.signal("TERM");
        assert_eq!(program.ended().await, Some(0));
    }
    assert!(collector.received().is_empty());
    let never = start(&content, &[on, SOON, ("OTEL_TRACES_SAMPLER", "always_off")]).await;
    never.until_status("/api/faq", 200).await;
    assert!(exporter(&never), "this is how the thread is called");
    drop(never);
    assert!(collector.received().is_empty());
}
