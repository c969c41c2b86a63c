//! Why content cannot be had.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::fault::Fault;

/// Why content cannot be had. Cheap to clone: everyone who waits for one fetch is given its one error.
#[derive(Debug, Clone, Error)]
pub enum ContentError {
    /// The store answers that there is no such document.
    #[error("{document} is not in the store")]
    Missing {
        /// What was asked for.
        document: Arc<str>,
    },
    /// The document was read and cannot be served.
    #[error("{document}:{}", first(.faults))]
    Invalid {
        /// The document.
        document: Arc<str>,
        /// What is wrong with it; at least one.
        faults: Arc<[Fault]>,
    },
    /// The store did not answer, or not with content.
    #[error("{document} could not be loaded: {source}")]
    Unavailable {
        /// What was asked for.
        document: Arc<str>,
        /// How long to wait before asking again, where that is known.
        retry_after: Option<Duration>,
        /// What happened.
        source: Arc<dyn Error + Send + Sync>,
    },
}

impl ContentError {
    /// A document with one fault.
    pub fn invalid(document: impl Into<Arc<str>>, fault: Fault) -> Self {
        Self::Invalid { document: document.into(), faults: Arc::new([fault]) }
    }

    /// A store that failed.
    pub fn unavailable(document: impl Into<Arc<str>>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable { document: document.into(), retry_after: None, source: source.into().into() }
    }
}

fn first(faults: &[Fault]) -> String {
    match faults {
        [] => String::from("1:1: unreadable"),
        [only] => only.to_string(),
        [first, rest @ ..] => format!("{first}, and {} more", rest.len()),
    }
}
