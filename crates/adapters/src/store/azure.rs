//! Opens a container of Azure Blob Storage, and writes to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use domain::ContentError;
use object_store::azure::{
    AzureAuthorizer, AzureConfigKey, AzureCredentialProvider, MicrosoftAzure, MicrosoftAzureBuilder,
};
use object_store::client::{HttpClient, HttpConnector as _, HttpRequest, HttpRequestBody, HttpResponse};
use object_store::{ClientOptions, Error, HeaderValue, ObjectStore, path};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::client;
use super::connection_string::{ConnectionString, Credential};
use super::failure::{self, FailureKind, failed};
use super::identity::{self, Identity};
use super::transport::Connector;

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
    Ok(Arc::new(build(access, container)?))
}

fn build(access: &AzureAccess, container: &str) -> Result<MicrosoftAzure, Vec<String>> {
    let builder = client::builder().with_container_name(container);
    let builder = match access {
        AzureAccess::ConnectionString(string) => by_string(builder, string),
        AzureAccess::ConnectionStringFile(file) => by_string(builder, &read_file(file)?.1),
        AzureAccess::Identity(identity) => identity::sign_in(builder, identity)?,
    };
    builder.build().map_err(|_| vec!["AZURE_STORAGE_CONNECTION_STRING: cannot be used".to_owned()])
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

/// A container that is written to. Its requests are made here, and signed by the library: it knows no conditional delete,
/// and sends no `Content-MD5`.
pub(super) struct Container {
    client: HttpClient,
    credentials: AzureCredentialProvider,
    account: String,
    address: Url,
}

/// Why a request was refused, and whether the same one may fare better soon.
pub(super) struct Refusal {
    pub(super) error: ContentError,
    pub(super) again: bool,
}

/// The longest that an upload may take: 5 MiB at 0.7 Mbit/s.
const UPLOAD: Duration = Duration::from_secs(60);

impl Container {
    /// Opens it for writing. Nothing is sent yet.
    pub(super) fn open(access: &AzureAccess, container: &str) -> Result<Self, Vec<String>> {
        let credentials = Arc::clone(build(access, container)?.credentials());
        let by_string = |string: &ConnectionString| (string.account.clone(), string.endpoint.clone());
        let (account, endpoint) = match access {
            AzureAccess::ConnectionString(string) => by_string(string),
            AzureAccess::ConnectionStringFile(file) => by_string(&read_file(file)?.1),
            AzureAccess::Identity(Identity { account, endpoint, .. }) => {
                let public = || format!("https://{account}.blob.core.windows.net");
                (account.clone(), endpoint.clone().unwrap_or_else(public))
            }
        };
        let unusable = |_| vec!["the address of the blob service cannot be used".to_owned()];
        let mut address: Url = endpoint.parse().map_err(|_| unusable(()))?;
        address.path_segments_mut().map_err(unusable)?.pop_if_empty().push(container);
        let client = Connector { patience: UPLOAD }.connect(&ClientOptions::default()).map_err(|_| unusable(()))?;
        Ok(Self { client, credentials, account, address })
    }

    /// Sends one request about a blob.
    pub(super) async fn send(
        &self,
        method: &str,
        path: &path::Path,
        headers: &[(&'static str, &str)],
        body: Vec<u8>,
    ) -> Result<(), Refusal> {
        let document = path.filename().unwrap_or_default();
        let asked = async {
            let request = self.request(method, path, headers, body).await?;
            self.client.execute(request).await.map_err(|error| Error::Generic { store: "Azure", source: error.into() })
        };
        match asked.await {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(refusal(document, &response)),
            Err(error) => {
                let error = failure::content_error(document, &error, false);
                // A connection that broke; no answer within the deadline is enough.
                let again = matches!(failure::kind(&error), Some(FailureKind::Connect | FailureKind::Answer));
                Err(Refusal { error, again })
            }
        }
    }

    async fn request(
        &self,
        method: &str,
        path: &path::Path,
        headers: &[(&'static str, &str)],
        body: Vec<u8>,
    ) -> Result<HttpRequest, Error> {
        let invalid = |source: Box<dyn std::error::Error + Send + Sync>| Error::Generic { store: "Azure", source };
        let mut address = self.address.clone();
        if let Ok(mut segments) = address.path_segments_mut() {
            segments.extend(path.parts().map(|part| part.as_ref().to_owned()));
        }
        let length = body.len();
        let mut request = HttpRequest::new(HttpRequestBody::from(body));
        *request.method_mut() = method.parse().map_err(|_| invalid("a method".into()))?;
        *request.uri_mut() = address.as_str().parse().map_err(|_| invalid("an address".into()))?;
        request.headers_mut().insert("content-length", HeaderValue::from(length));
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|error| invalid(error.into()))?;
            request.headers_mut().insert(*name, value);
        }
        let credential = self.credentials.get_credential().await?;
        AzureAuthorizer::new(&credential, &self.account).try_authorize(&mut request)?;
        Ok(request)
    }
}

/// What a status that is no success means, with the store's code: a plain word.
fn refusal(document: &str, response: &HttpResponse) -> Refusal {
    let status = response.status().as_u16();
    let code = response.headers().get("x-ms-error-code").and_then(|code| code.to_str().ok());
    let code = code.filter(|code| code.len() < 80 && code.bytes().all(|c| c.is_ascii_alphanumeric()));
    let kind = match (status, code) {
        (_, Some("ContainerNotFound" | "ContainerBeingDeleted")) => FailureKind::Container,
        (401 | 403, _) => FailureKind::Auth,
        (429 | 503, _) => FailureKind::Throttled,
        _ => FailureKind::Answer,
    };
    let said = code.map_or_else(|| format!("status {status}"), str::to_owned);
    Refusal { error: failed(document, kind, Some(&said)), again: status >= 500 }
}
