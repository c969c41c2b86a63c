//! Where traces go: OpenTelemetry's own variables, as its specification names them. What is not read here, its SDK reads.

use std::fmt;
use std::time::Duration;

use reqwest::Url;

use super::reader::Reader;

/// Where traces go. Printed without its path, which some collectors put a key into.
#[derive(Clone)]
pub struct TraceSettings {
    /// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, or `OTEL_EXPORTER_OTLP_ENDPOINT` and `/v1/traces`.
    pub endpoint: Url,
    /// `OTEL_EXPORTER_OTLP_TRACES_TIMEOUT`, `OTEL_EXPORTER_OTLP_TIMEOUT`: how long a delivery may take.
    pub timeout: Duration,
}

const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const ENDPOINTS: [&str; 2] = [TRACES_ENDPOINT, "OTEL_EXPORTER_OTLP_ENDPOINT"];
const TIMEOUTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
const PROTOCOLS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
const SAMPLERS: [&str; 6] = [
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
];

impl TraceSettings {
    /// None without an endpoint, and where the variables of OpenTelemetry turn traces off.
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let is =
            |found: Option<(&str, String)>, value| found.is_some_and(|(_, found)| found.eq_ignore_ascii_case(value));
        if is(reader.variable(&["OTEL_SDK_DISABLED"]), "true") || is(reader.variable(&["OTEL_TRACES_EXPORTER"]), "none")
        {
            return None;
        }
        let (name, value) = reader.variable(&ENDPOINTS)?;
        let endpoint = address(value.trim(), name != TRACES_ENDPOINT);
        if endpoint.is_none() {
            let rule = "must be an address such as http://collector:4318, without a user, a query or a fragment";
            reader.fault(format!("{name}: {rule}"));
        }
        let mut timeout = Duration::from_secs(10);
        if let Some((name, value)) = reader.variable(&TIMEOUTS) {
            match value.trim().parse() {
                Ok(milliseconds @ 1..) => timeout = Duration::from_millis(milliseconds),
                _ => reader.fault(format!("{name}: must be a number of milliseconds above 0")),
            }
        }
        // The SDK would take another value for its default without a word.
        if let Some((name, value)) = reader.variable(&PROTOCOLS)
            && value.trim() != "http/protobuf"
        {
            reader.fault(format!("{name}: must be http/protobuf"));
        }
        if let Some((name, value)) = reader.variable(&["OTEL_TRACES_SAMPLER"]) {
            let ratio = |text: &str| text.parse::<f64>().is_ok_and(|ratio| (0.0..=1.0).contains(&ratio));
            if !SAMPLERS.contains(&value.as_str()) {
                reader.fault(format!("{name}: must be one of {}", SAMPLERS.join(", ")));
            } else if value.ends_with("ratio")
                && let Some((name, _)) = reader.variable(&["OTEL_TRACES_SAMPLER_ARG"]).filter(|(_, text)| !ratio(text))
            {
                reader.fault(format!("{name}: must be a share from 0 to 1, such as 0.1"));
            }
        }
        endpoint.map(|endpoint| Self { endpoint, timeout })
    }
}

/// Where to send traces to; `common`: the address is that of all signals.
fn address(text: &str, common: bool) -> Option<Url> {
    let mut url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return None;
    }
    if common {
        url.set_path(&format!("{}/v1/traces", url.path().trim_end_matches('/')));
    }
    Some(url)
}

impl fmt::Display for TraceSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.endpoint.origin().ascii_serialization())
    }
}

impl fmt::Debug for TraceSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceSettings({self}, {:?})", self.timeout)
    }
}
