//! The query of a request as names and values.

use actix_web::HttpRequest;
use domain::query::Parameter;
use percent_encoding::percent_decode_str;

use crate::error::{ParameterError, Problem};

/// Parameters that campaigns and trackers add to any link, beside all that begin with `utm_`.
const IGNORED: [&str; 2] = ["fbclid", "gclid"];

/// The parameters of a query string in the form of HTML forms (`+` is a space), without those of trackers.
///
/// # Errors
/// Every name or value that is not percent-encoded UTF-8.
pub fn parameters(asked: &str) -> Result<Vec<Parameter>, Problem> {
    let mut errors = Vec::new();
    let mut parameters = Vec::new();
    for pair in asked.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match (decoded(name), decoded(value)) {
            (Some(name), _) if IGNORED.contains(&name.as_str()) || name.starts_with("utm_") => {}
            (Some(name), Some(value)) => parameters.push((name, value)),
            (name, _) => {
                let parameter = name.unwrap_or_else(|| name_of(pair));
                errors.push(ParameterError { parameter, detail: "it is not percent-encoded UTF-8".into() });
            }
        }
    }
    if errors.is_empty() { Ok(parameters) } else { Err(Problem::query(errors)) }
}

/// Refuses every parameter by its name.
///
/// # Errors
/// As it says.
pub fn none(request: &HttpRequest) -> Result<(), Problem> {
    if request.query_string().is_empty() {
        return Ok(());
    }
    let named = parameters(request.query_string())?.into_iter();
    let detail = "there is no such parameter here";
    let errors: Vec<_> = named.map(|(parameter, _)| ParameterError { parameter, detail: detail.into() }).collect();
    if errors.is_empty() { Ok(()) } else { Err(Problem::query(errors)) }
}

fn decoded(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    let hex = |part: &str| part.len() >= 2 && part.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit);
    let whole = text.split('%').skip(1).all(hex);
    whole.then(|| percent_decode_str(&text).decode_utf8().ok().map(std::borrow::Cow::into_owned)).flatten()
}

fn name_of(pair: &str) -> String {
    pair.split('=').next().unwrap_or_default().chars().take(64).collect()
}
