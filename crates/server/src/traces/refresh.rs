//! ContentSource over a ContentSource: every load is a span.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::{Collection, ContentError, ContentSource, Snapshot};
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, SpanKind, Status, Tracer as _};
use opentelemetry_sdk::trace::Span;

use super::Traces;

/// Stands behind the cache, so that a load is a refresh.
pub struct Traced<C: Collection> {
    inner: Arc<dyn ContentSource<C>>,
    traces: Traces,
    /// The version of the last load.
    version: Mutex<Option<Arc<str>>>,
}

impl<C: Collection> Traced<C> {
    /// Wraps `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn ContentSource<C>>, traces: Traces) -> Self {
        Self { inner, traces, version: Mutex::default() }
    }

    /// Whether this is the version that the last load brought, too.
    fn known(&self, version: &Arc<str>) -> bool {
        let mut last = self.version.lock().unwrap_or_else(PoisonError::into_inner);
        last.replace(Arc::clone(version)).is_some_and(|last| last == *version)
    }
}

#[async_trait]
impl<C: Collection> ContentSource<C> for Traced<C> {
    async fn load(&self) -> Result<Arc<Snapshot<C>>, ContentError> {
        let tracer = &self.traces.tracer;
        let span = tracer.span_builder(format!("refresh {}", C::NAME)).with_kind(SpanKind::Internal);
        let span = span.with_attributes([KeyValue::new("blobcast.collection", C::NAME)]).start(tracer);
        let mut refresh = Refresh { span, outcome: "abandoned", error: Some("no answer in time".to_owned()) };
        let loaded = self.inner.load().await;
        (refresh.outcome, refresh.error) = match &loaded {
            Ok(snapshot) if self.known(&snapshot.version) => ("unchanged", None),
            Ok(_) => ("updated", None),
            Err(ContentError::Missing { .. }) => ("missing", None),
            Err(error @ ContentError::Invalid { .. }) => ("invalid", Some(error.to_string())),
            Err(error @ ContentError::Unavailable { .. }) => ("unavailable", Some(error.to_string())),
        };
        loaded
    }
}

impl<C: Collection> fmt::Display for Traced<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Traced({})", self.inner)
    }
}

/// A span that ends with its outcome, even when nobody waits for it any more.
struct Refresh {
    span: Span,
    outcome: &'static str,
    error: Option<String>,
}

impl Drop for Refresh {
    fn drop(&mut self) {
        self.span.set_attribute(KeyValue::new("blobcast.outcome", self.outcome));
        if let Some(error) = self.error.take() {
            self.span.set_attribute(KeyValue::new("error.type", self.outcome));
            self.span.set_status(Status::error(error));
        }
        self.span.end();
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Future, pending, ready};
    use std::time::Duration;

    use domain::Faq;
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_sdk::error::OTelSdkResult;
    use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
    use tokio::time::timeout;

    use super::*;

    struct Silent;

    #[async_trait]
    impl ContentSource<Faq> for Silent {
        async fn load(&self) -> Result<Arc<Snapshot<Faq>>, ContentError> {
            pending().await
        }
    }

    impl fmt::Display for Silent {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Silent")
        }
    }

    #[derive(Debug, Clone, Default)]
    struct Kept(Arc<Mutex<Vec<SpanData>>>);

    impl SpanExporter for Kept {
        fn export(&self, batch: Vec<SpanData>) -> impl Future<Output = OTelSdkResult> + Send {
            self.0.lock().unwrap().extend(batch);
            ready(Ok(()))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refresh_that_is_given_up_is_a_span_that_says_so() {
        let kept = Kept::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(kept.clone()).build();
        let traced = Traced::new(Arc::new(Silent), Traces { tracer: provider.tracer("test"), provider });
        assert_eq!(traced.to_string(), "Traced(Silent)");
        assert!(timeout(Duration::from_secs(10), traced.load()).await.is_err());
        let spans = kept.0.lock().unwrap();
        assert!(spans[0].attributes.contains(&KeyValue::new("blobcast.outcome", "abandoned")), "{spans:?}");
        assert!(matches!(spans[0].status, Status::Error { .. }) && spans.len() == 1, "{spans:?}");
    }
}
