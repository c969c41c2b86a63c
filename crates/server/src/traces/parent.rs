//! The trace that a request belongs to by its `traceparent` (W3C Trace Context).

use actix_web::http::header::{HeaderMap, HeaderName};
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{TraceContextExt as _, TraceId};
use opentelemetry_sdk::propagation::TraceContextPropagator;

/// The context that the client gives; none if it gives none that is well formed.
pub(super) fn of(headers: &HeaderMap) -> Context {
    TraceContextPropagator::new().extract_with_context(&Context::new(), &Headers(headers))
}

/// The trace that the client names.
#[must_use]
pub fn trace_id(headers: &HeaderMap) -> Option<TraceId> {
    let context = of(headers);
    context.has_active_span().then(|| context.span().span_context().trace_id())
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?.to_str().ok()?;
        (name != "traceparent" || is_well_formed(value)).then_some(value)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

/// `00-<32 digits>-<16 digits>-<2 digits>`, and more only in a later version. The propagator would take fewer digits.
fn is_well_formed(value: &str) -> bool {
    let bytes = value.as_bytes();
    let digit = |c: &u8| matches!(c, b'0'..=b'9' | b'a'..=b'f');
    let right = |(place, c): (usize, &u8)| if matches!(place, 2 | 35 | 52) { *c == b'-' } else { digit(c) };
    bytes.len() >= 55
        && bytes[..55].iter().enumerate().all(right)
        && (bytes.len() == 55 || (!value.starts_with("00") && bytes[55] == b'-'))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn a_traceparent_counts_when_it_is_well_formed() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let good = format!("00-{trace}-00f067aa0ba902b7-01");
        let later = format!("{}-more", good.replacen("00", "cc", 1));
        for (value, counts) in [
            (good.as_str(), true),
            (later.as_str(), true),
            ("", false),
            ("00-1-2-01", false),
            (&good.replacen("00", "ff", 1), false),
            (&good.replace('4', "+"), false),
            (&good.to_uppercase(), false),
            (&format!("{good}-more"), false),
            (&good.replace(trace, &"0".repeat(32)), false),
            (&good.replace("00f067aa0ba902b7", &"0".repeat(16)), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static("traceparent"), HeaderValue::from_str(value).unwrap());
            assert_eq!(trace_id(&headers).map(|id| id.to_string()), counts.then(|| trace.to_owned()), "{value}");
        }
        assert_eq!(trace_id(&HeaderMap::new()), None);
    }
}
