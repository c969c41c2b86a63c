//! What a request asks for beside its path.

use actix_web::HttpRequest;

use crate::error::{ParameterError, Problem};

/// Parameters that campaigns and trackers add to any link.
const IGNORED: [&str; 2] = ["fbclid", "gclid"];

/// Refuses every parameter, each by its name, but for what trackers add.
pub(super) fn none(request: &HttpRequest) -> Result<(), Problem> {
    let pairs = request.query_string().split('&').filter(|pair| !pair.is_empty());
    let names = pairs.map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name));
    let tracking = |name: &&str| IGNORED.contains(name) || name.starts_with("utm_");
    let errors: Vec<_> = names
        .filter(|name| !tracking(name))
        .map(|name| ParameterError { parameter: decoded(name), detail: "there is no such parameter here".into() })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Problem::query(errors)) }
}

fn decoded(name: &str) -> String {
    percent_encoding::percent_decode_str(name).decode_utf8_lossy().chars().take(64).collect()
}
