//! Which pages of other origins may read the answers (the Fetch standard, "CORS protocol"). Never with credentials.

use std::fmt;

use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderMap, HeaderValue,
};

use crate::error::ALLOWED;
use crate::http_cache;

/// The origins that may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cors {
    /// All of them.
    Any,
    /// These.
    Only(Vec<HeaderValue>),
}

/// What a script may see beside the body.
const EXPOSED: HeaderValue = HeaderValue::from_static("Link, ETag, Age, X-Total-Count, X-Request-Id");

impl Cors {
    /// Reads `*`, or origins such as `https://example.org` with commas between them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let origins: Vec<&str> = text.split(',').map(str::trim).filter(|origin| !origin.is_empty()).collect();
        if origins == ["*"] {
            return Some(Self::Any);
        }
        let origin = |origin: &&str| {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"))?;
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '[' | ']');
            (!host.is_empty() && host.chars().all(plain)).then(|| HeaderValue::from_str(origin).ok()).flatten()
        };
        let origins: Option<Vec<_>> = origins.iter().map(origin).collect();
        origins.filter(|origins| !origins.is_empty()).map(Self::Only)
    }

    /// Lets a page of `origin` read a response.
    pub fn allow(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        match self {
            Self::Any => headers.append(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
            Self::Only(origins) => {
                http_cache::vary_by_origin(headers);
                let Some(origin) = origin.filter(|origin| origins.contains(origin)) else { return };
                headers.append(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            }
        }
        headers.append(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }

    /// What a preflight is told beside that.
    pub fn preflight(headers: &mut HeaderMap) {
        let requested = HeaderValue::from_static("Accept, If-Modified-Since, If-None-Match, X-Request-Id");
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(ALLOWED));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, requested);
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    }
}

/// As in the setting.
impl fmt::Display for Cors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Only(origins) => {
                let origins: Vec<_> = origins.iter().filter_map(|origin| origin.to_str().ok()).collect();
                f.write_str(&origins.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_origins() {
        assert_eq!(Cors::parse("*"), Some(Cors::Any));
        assert!(matches!(Cors::parse("https://a.example, http://localhost"), Some(Cors::Only(two)) if two.len() == 2));
        for text in ["", "a.example", "https://", "https://a.example/", "*, https://a.example", "null"] {
            assert_eq!(Cors::parse(text), None, "{text}");
        }
    }
}
