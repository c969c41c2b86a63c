//! Signing in without a key: workload identity, managed identity, the Azure CLI.

use std::os::unix::fs::PermissionsExt as _;

use crate::app::folder;
use crate::fake_store::{FakeStore, blob, response};
use crate::program::{Program, command};

const TOKEN: &str = "token-of-the-test";

/// Issues tokens and holds one blob; both at one address.
async fn azure() -> FakeStore {
    let expiry = jiff::Timestamp::now().as_second() + 3600;
    let token =
        format!(r#"{{"access_token":"{TOKEN}","token_type":"Bearer","expires_in":3600,"expires_on":"{expiry}"}}"#);
    let answer = move |request: &str| match request.lines().next().unwrap_or("") {
        line if line.contains("token") => response("200 OK", "content-type: application/json\r\n", &token),
        line if line.contains("/content/faq.json ") => blob("[]"),
        _ => response("404 Not Found", "", "<Error><Code>BlobNotFound</Code></Error>"),
    };
    FakeStore::start(answer).await
}

async fn serve(azure: &FakeStore, variables: &[(&str, &str)]) -> Program {
    let endpoint = azure.url("");
    let own = [
        ("AZURE_STORAGE_ACCOUNT_NAME", "acc"),
        ("BLOBCAST__AZURE__ENDPOINT", endpoint.as_str()),
        ("RUST_LOG", "trace"),
    ];
    let variables: Vec<_> = own.iter().chain(variables).copied().collect();
    let program = Program::start(&variables).await;
    program.until_status("/api/faq", 200).await;
    program
}

fn assert_signed_by_token(azure: &FakeStore, program: &Program) {
    let asked = azure.requests("/content/faq.json ");
    assert!(asked.iter().all(|request| request.contains(&format!("authorization: Bearer {TOKEN}"))), "{asked:?}");
    assert!(!program.output().contains(TOKEN), "the token is in the log");
}

#[actix_web::test]
async fn workload_identity_exchanges_the_mounted_token() {
    let azure = azure().await;
    let mounted = folder(&[("token", "mounted-assertion")]);
    let (file, authority) = (mounted.path().join("token").display().to_string(), azure.url("/"));
    let program = serve(
        &azure,
        &[
            ("AZURE_CLIENT_ID", "client"),
            ("AZURE_TENANT_ID", "tenant"),
            ("AZURE_FEDERATED_TOKEN_FILE", &file),
            ("AZURE_AUTHORITY_HOST", &authority),
        ],
    )
    .await;
    let exchanged = azure.requests("POST /tenant/oauth2/v2.0/token");
    assert!(exchanged[0].contains("client_assertion=mounted-assertion") && exchanged[0].contains("client_id=client"));
    assert_signed_by_token(&azure, &program);
}

#[actix_web::test]
async fn managed_identity_asks_the_endpoint_of_its_host() {
    let azure = azure().await;
    let endpoint = azure.url("/msi/token");
    let variables =
        [("IDENTITY_ENDPOINT", endpoint.as_str()), ("IDENTITY_HEADER", "header"), ("AZURE_CLIENT_ID", "client")];
    let program = serve(&azure, &variables).await;
    let asked = azure.requests("GET /msi/token?");
    assert!(asked[0].contains("client_id=client") && asked[0].contains("x-identity-header: header"), "{}", asked[0]);
    assert_signed_by_token(&azure, &program);
}

#[actix_web::test]
async fn the_azure_cli_comes_last() {
    let azure = azure().await;
    let nobody = FakeStore::start(|_| response("404 Not Found", "", "")).await;
    let script = format!(
        "#!/bin/sh\necho '{{\"accessToken\":\"{TOKEN}\",\"expiresOn\":\"2999-01-01 00:00:00.000000\",\"subscription\":\"s\",\"tenant\":\"t\",\"tokenType\":\"Bearer\"}}'\n"
    );
    let tools = folder(&[("az", &script)]);
    std::fs::set_permissions(tools.path().join("az"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let (path, endpoint) = (tools.path().display().to_string(), nobody.url("/msi/token"));
    let path = format!("{path}:/usr/bin:/bin");
    let program = serve(&azure, &[("IDENTITY_ENDPOINT", &endpoint), ("PATH", &path)]).await;
    assert!(!nobody.requests("GET /msi/token?").is_empty(), "managed identity was asked first");
    assert_signed_by_token(&azure, &program);
}

#[actix_web::test]
async fn a_publisher_signs_in_as_the_server_does() {
    let azure = azure().await;
    let site = folder(&[("token", "mounted-assertion"), ("faq.json", r#"[{"q": "a", "a": "b"}]"#)]);
    let (file, address) = (site.path().join("token").display().to_string(), azure.url(""));
    let variables = [
        ("AZURE_STORAGE_ACCOUNT_NAME", "acc"),
        ("BLOBCAST__AZURE__ENDPOINT", &address),
        ("AZURE_CLIENT_ID", "client"),
        ("AZURE_TENANT_ID", "tenant"),
        ("AZURE_FEDERATED_TOKEN_FILE", &file),
        ("AZURE_AUTHORITY_HOST", &address),
    ];
    let mut command = command(&variables);
    command.args(["publish", site.path().to_str().unwrap(), "--to", "az://content"]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let puts = azure.requests("PUT /content/faq.json ");
    assert!(puts.len() == 1 && puts[0].contains(&format!("authorization: Bearer {TOKEN}")), "{puts:?}");
    assert!(puts[0].contains("if-match: \"0x1\""), "{puts:?}");
    assert!(!format!("{output:?}").contains(TOKEN));
}
