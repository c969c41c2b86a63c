//! How patient every request to Azure is, for content and for tokens alike.

use std::time::Duration;

use object_store::azure::MicrosoftAzureBuilder;
use object_store::{BackoffConfig, RetryConfig};

use super::transport::Connector;

/// The longest that a request for a document may take, and the longest that it is tried again.
const PATIENCE: Duration = Duration::from_secs(8);

/// At most 3 tries with jitter, well within the deadline that the cache gives a fetch. `Retry-After` ends them at once.
pub(super) fn builder() -> MicrosoftAzureBuilder {
    let backoff =
        BackoffConfig { init_backoff: Duration::from_millis(200), max_backoff: Duration::from_secs(2), base: 2. };
    MicrosoftAzureBuilder::new()
        .with_retry(RetryConfig { backoff, max_retries: 2, retry_timeout: PATIENCE })
        .with_http_connector(Connector { patience: PATIENCE })
}
