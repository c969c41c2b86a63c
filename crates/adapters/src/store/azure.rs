//! Opens a container of Azure Blob Storage.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use secrecy::{ExposeSecret, SecretString};

use super::client;
use super::connection_string::{ConnectionString, Credential};
use super::identity::{self, Identity};

/// How an account is reached.
#[derive(Debug, Clone)]
pub enum AzureAccess {
    /// By a connection string.
    ConnectionString(ConnectionString),
    /// By a connection string in a mounted file, which is read again before every request.
    ConnectionStringFile(PathBuf),
    /// By an identity, without any stored key.
    Identity(Identity),
}

/// The variable that names a mounted connection string.
const FILE: &str = "AZURE_STORAGE_CONNECTION_STRING_FILE";

/// Reads a mounted connection string.
pub(super) fn read_file(file: &Path) -> Result<(SecretString, ConnectionString), Vec<String>> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| vec![format!("{FILE}: the file cannot be read: {}", error.kind())])?;
    let access = ConnectionString::parse(text.trim())
        .map_err(|faults| faults.into_iter().map(|fault| format!("{FILE}: {fault}")).collect::<Vec<_>>())?;
    Ok((text.trim().into(), access))
}

/// Opens a container. Nothing is sent yet.
pub(super) fn open(access: &AzureAccess, container: &str) -> Result<Arc<dyn ObjectStore>, Vec<String>> {
    let builder = client::builder().with_container_name(container);
    let builder = match access {
        AzureAccess::ConnectionString(string) => by_string(builder, string),
        AzureAccess::ConnectionStringFile(file) => by_string(builder, &read_file(file)?.1),
        AzureAccess::Identity(identity) => identity::sign_in(builder, identity)?,
    };
    let store = builder.build().map_err(|_| vec!["AZURE_STORAGE_CONNECTION_STRING: cannot be used".to_owned()])?;
    Ok(Arc::new(store))
}

fn by_string(builder: MicrosoftAzureBuilder, string: &ConnectionString) -> MicrosoftAzureBuilder {
    let builder = builder
        .with_account(&string.account)
        .with_endpoint(string.endpoint.clone())
        .with_allow_http(string.endpoint.starts_with("http://"));
    match &string.credential {
        Credential::Key(key) => builder.with_access_key(key.expose_secret()).with_credential_type("access_key"),
        Credential::Sas(sas) => {
            builder.with_config(AzureConfigKey::SasKey, sas.expose_secret()).with_credential_type("sas_token")
        }
    }
}
