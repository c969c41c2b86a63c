//! What a store's failure means: gone, or not to be had now. The store's own words stay behind, for
//! they may hold addresses, signatures and what was signed.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use domain::ContentError;
use object_store::Error;
use object_store::client::{HttpError, HttpErrorKind};

use super::transport::{AskedToWait, CutShort};

/// The kinds of failure that an operator acts on differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The store refuses the credential, or no credential can be had.
    Auth,
    /// The container or the folder is not there.
    Container,
    /// The store asks for silence.
    Throttled,
    /// No connection.
    Connect,
    /// The connection cannot be trusted: a certificate, a host name, a version of the protocol.
    Tls,
    /// No answer in time.
    Timeout,
    /// The answer ends too early.
    Truncated,
    /// The bytes are not those that the store has.
    Digest,
    /// The store answers, but not with content.
    Answer,
}

/// A failure of the store in words that are safe to log.
#[derive(Debug, Clone)]
pub struct StoreFailure {
    /// Its kind.
    pub kind: FailureKind,
    detail: Option<String>,
}

impl FailureKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Auth,
        Self::Container,
        Self::Throttled,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::Truncated,
        Self::Digest,
        Self::Answer,
    ];

    /// Its name in a metric.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Container => "container",
            Self::Throttled => "throttled",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Truncated => "truncated",
            Self::Digest => "digest",
            Self::Answer => "answer",
        }
    }
}

impl fmt::Display for StoreFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            FailureKind::Auth => "the store refuses access",
            FailureKind::Container => "the container is not there",
            FailureKind::Throttled => "the store asks to wait",
            FailureKind::Connect => "the store cannot be reached",
            FailureKind::Tls => "the connection to the store cannot be trusted",
            FailureKind::Timeout => "the store does not answer in time",
            FailureKind::Truncated => "the store's answer ends too early",
            FailureKind::Digest => "the document is not what its digest says",
            FailureKind::Answer => "the store answers without content",
        })?;
        self.detail.as_ref().map_or(Ok(()), |detail| write!(f, " ({detail})"))
    }
}

impl StdError for StoreFailure {}

/// Turns an error of the store into one of the port. `root_gone`: the folder itself is not there.
pub(super) fn content_error(document: &str, error: &Error, root_gone: bool) -> ContentError {
    let code = azure_code(error);
    let container = root_gone || matches!(code.as_deref(), Some("ContainerNotFound" | "ContainerBeingDeleted"));
    if matches!(error, Error::NotFound { .. }) && !container {
        return ContentError::Missing { document: document.into() };
    }
    let http = chain(error).filter_map(|source| source.downcast_ref::<HttpError>()).last();
    let wait = chain(error).find_map(|source| source.downcast_ref::<AskedToWait>()).map(|asked| asked.0);
    let distrust = chain(error).find_map(distrust);
    let kind = match (error, http.map(HttpError::kind)) {
        _ if container => FailureKind::Container,
        _ if wait.is_some() => FailureKind::Throttled,
        (Error::PermissionDenied { .. } | Error::Unauthenticated { .. }, _) => FailureKind::Auth,
        _ if chain(error).any(<dyn StdError>::is::<CutShort>) => FailureKind::Truncated,
        _ if distrust.is_some() => FailureKind::Tls,
        (_, Some(HttpErrorKind::Connect)) => FailureKind::Connect,
        (_, Some(HttpErrorKind::Timeout)) => FailureKind::Timeout,
        _ => FailureKind::Answer,
    };
    // Without the moment, which would make another failure of each.
    let distrust = distrust.and_then(|error| error.to_string().split(": verification").next().map(str::to_owned));
    // Not of a wait: the seconds that are left of it would do the same.
    let innermost = || http.filter(|_| wait.is_none()).and_then(|error| chain(error).last().map(ToString::to_string));
    let failure = StoreFailure { kind, detail: code.or(distrust).or_else(innermost).or_else(|| status(error)) };
    ContentError::Unavailable { document: document.into(), retry_after: wait, source: std::sync::Arc::new(failure) }
}

/// What rustls has against the connection. It speaks through I/O errors, one in another.
fn distrust<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut inner = error.downcast_ref::<io::Error>()?.get_ref()?;
    while let Some(deeper) = inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        inner = deeper;
    }
    inner.downcast_ref()
}

/// A failure of this kind, with our own words if more is to be said.
pub(crate) fn failed(document: &str, kind: FailureKind, detail: Option<&str>) -> ContentError {
    let failure = StoreFailure { kind, detail: detail.map(str::to_owned) };
    ContentError::Unavailable {
        document: document.into(),
        retry_after: None::<Duration>,
        source: std::sync::Arc::new(failure),
    }
}

/// The kind of a failure of the store.
pub(super) fn kind(error: &ContentError) -> Option<FailureKind> {
    let ContentError::Unavailable { source, .. } = error else { return None };
    source.downcast_ref::<StoreFailure>().map(|failure| failure.kind)
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

/// The `<Code>` of Azure's error document: a plain word.
fn azure_code(error: &Error) -> Option<String> {
    let text = error.to_string();
    let code = text.split_once("<Code>")?.1.split_once("</Code>")?.0;
    (code.len() < 80 && code.bytes().all(|c| c.is_ascii_alphanumeric())).then(|| code.to_owned())
}

/// The status in an error that has one.
fn status(error: &Error) -> Option<String> {
    let text = error.to_string();
    let rest = text.split_once("status code: ")?.1;
    rest.get(..3).filter(|digits| digits.bytes().all(|c| c.is_ascii_digit())).map(|digits| format!("status {digits}"))
}
