//! Signing in to Azure without a stored key: workload identity, managed identity, Azure CLI, in that order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use object_store::azure::{AzureCredential, AzureCredentialProvider, MicrosoftAzureBuilder};
use object_store::{CredentialProvider, Error, Result};
use tokio::runtime::Handle;

use super::client;

/// An account and what is known of the identity to reach it with. Needs "Storage Blob Data Reader", no more.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// The account's name.
    pub account: String,
    /// The blob service's address where it is not that of the public cloud.
    pub endpoint: Option<String>,
    /// The client id of a user-assigned identity.
    pub client_id: Option<String>,
    /// The tenant of a workload identity.
    pub tenant_id: Option<String>,
    /// The token file of a workload identity.
    pub federated_token_file: Option<String>,
    /// Who issues tokens to a workload identity, where it is not the public cloud.
    pub authority_host: Option<String>,
    /// Where App Service and Container Apps issue tokens to a managed identity.
    pub identity_endpoint: Option<String>,
}

/// How long the machine's metadata service may take before the next way is tried.
const METADATA: Duration = Duration::from_secs(3);

/// Adds the credential. With a federated token, workload identity alone: its failure must not be hidden by another.
pub(super) fn sign_in(
    builder: MicrosoftAzureBuilder,
    identity: &Identity,
) -> std::result::Result<MicrosoftAzureBuilder, Vec<String>> {
    let mut builder = builder.with_account(&identity.account);
    if let Some(endpoint) = &identity.endpoint {
        let local =
            ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|host| endpoint.starts_with(host));
        if !endpoint.starts_with("https://") && !local {
            return Err(vec!["azure.endpoint: must be an https address, for a token is sent to it".into()]);
        }
        builder = builder.with_endpoint(endpoint.trim_end_matches('/').to_owned()).with_allow_http(local);
    }
    let Identity { client_id, tenant_id, federated_token_file, .. } = identity;
    if let (Some(client), Some(tenant), Some(file)) = (client_id, tenant_id, federated_token_file) {
        let builder = builder.with_client_id(client).with_tenant_id(tenant).with_federated_token_file(file);
        let builder = match &identity.authority_host {
            Some(host) => builder.with_authority_host(host.trim_end_matches('/')),
            None => builder,
        };
        return Ok(builder.with_credential_type("workload_identity"));
    }
    let failed = |_| vec!["AZURE_STORAGE_ACCOUNT_NAME: no identity can be built for it".to_owned()];
    let mut managed = client::builder().with_account(&identity.account).with_container_name("-").with_allow_http(true);
    if let Some(client) = client_id {
        managed = managed.with_client_id(client);
    }
    if let Some(endpoint) = &identity.identity_endpoint {
        managed = managed.with_msi_endpoint(endpoint);
    }
    let managed = managed.with_credential_type("managed_identity").build().map_err(failed)?;
    let cli =
        client::builder().with_account(&identity.account).with_container_name("-").with_credential_type("azure_cli");
    let cli = cli.build().map_err(failed)?;
    let chain = Chain {
        ways: [Arc::clone(managed.credentials()), Arc::clone(cli.credentials())],
        works: AtomicUsize::new(NONE),
    };
    Ok(builder.with_credentials(Arc::new(chain)))
}

/// Managed identity, then Azure CLI; the one that has worked once is the one from then on.
struct Chain {
    ways: [AzureCredentialProvider; 2],
    works: AtomicUsize,
}

const NONE: usize = usize::MAX;

/// Prints no credential.
impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Chain(managed identity, Azure CLI)")
    }
}

impl Chain {
    async fn ask(&self, way: usize) -> Result<Arc<AzureCredential>> {
        let provider = Arc::clone(&self.ways[way]);
        if way == 0 {
            let answer = tokio::time::timeout(METADATA, provider.get_credential()).await;
            return answer.unwrap_or_else(|_| Err(failed("the metadata service is silent")));
        }
        // The CLI is a child process that is waited for: not on a thread that others need.
        let runtime = Handle::current();
        let answer = tokio::task::spawn_blocking(move || runtime.block_on(provider.get_credential())).await;
        answer.unwrap_or_else(|_| Err(failed("the Azure CLI was interrupted")))
    }
}

#[async_trait]
impl CredentialProvider for Chain {
    type Credential = AzureCredential;

    async fn get_credential(&self) -> Result<Arc<AzureCredential>> {
        let known = self.works.load(Ordering::Relaxed);
        if known != NONE {
            return self.ask(known).await;
        }
        for way in 0..self.ways.len() {
            match self.ask(way).await {
                Ok(credential) => {
                    self.works.store(way, Ordering::Relaxed);
                    return Ok(credential);
                }
                Err(error) => tracing::debug!(way, %error, "no token"),
            }
        }
        Err(failed("neither a managed identity nor the Azure CLI gives a token"))
    }
}

fn failed(message: &'static str) -> Error {
    Error::Generic { store: "MicrosoftAzure", source: message.into() }
}
