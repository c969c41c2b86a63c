//! What the settings come to, and every fault that they can have.

use std::io::Write as _;

use super::*;

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn load(pairs: &[(&str, &str)]) -> Settings {
    Settings::load(&Flags::default(), &variables(pairs)).unwrap()
}

fn faults(pairs: &[(&str, &str)]) -> Faults {
    Settings::load(&Flags::default(), &variables(pairs)).unwrap_err()
}

fn file(ending: &str, text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(ending).tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn the_defaults_are_those_of_the_documentation() {
    let Settings { source, server, management, cache, representations, traces } = load(&[]);
    assert!(traces.is_none());
    assert_eq!(representations.max_bytes, 32 << 20);
    assert_eq!(source.location.to_string(), "./content");
    assert_eq!(source.limits, Limits::default());
    assert_eq!(source.zone.iana_name(), Some("Europe/Paris"));
    assert!(source.azure.is_none());
    assert_eq!((server.host.to_string().as_str(), server.port, management.port), ("0.0.0.0", 5000, 9090));
    assert_eq!(server.workers, std::thread::available_parallelism().unwrap().get());
    assert_eq!(cache, CacheSettings::default());
}

#[test]
fn a_later_layer_wins() {
    let toml = file(".toml", "[server]\nport = 1\n[cache]\nttl = \"2s\"\n");
    let yaml = file(".yaml", "server:\n  port: 1\ncache:\n  ttl: 2s\n");
    for file in [toml, yaml] {
        let flags = Flags { file: Some(file.path().into()), ..Flags::default() };
        let port =
            |flags: &Flags, pairs: &[(&str, &str)]| Settings::load(flags, &variables(pairs)).unwrap().server.port;
        assert_eq!(Settings::load(&flags, &variables(&[])).unwrap().cache.ttl, Duration::from_secs(2));
        assert_eq!(port(&flags, &[]), 1);
        assert_eq!(port(&flags, &[("PORT", "2")]), 2);
        assert_eq!(port(&flags, &[("PORT", "2"), ("BLOBCAST__SERVER__PORT", "3")]), 3);
        let flags = Flags { port: Some("4".into()), ..flags };
        assert_eq!(port(&flags, &[("PORT", "2"), ("BLOBCAST__SERVER__PORT", "3")]), 4);
    }
}

#[test]
fn an_azure_account_moves_the_source_to_azure() {
    let string = ("AZURE_STORAGE_CONNECTION_STRING", "AccountName=acc;AccountKey=YQ==");
    assert_eq!(load(&[string]).source.location.to_string(), "az://content");
    assert_eq!(load(&[("AZURE_STORAGE_CONNECTION_STRING", "")]).source.location.to_string(), "./content");
    let own = load(&[string, ("BLOBCAST__SOURCE__LOCATION", "az://autre/fr")]);
    assert_eq!(own.source.location.to_string(), "az://autre/fr");
    let identity = load(&[("AZURE_STORAGE_ACCOUNT_NAME", "acc"), ("AZURE_CLIENT_ID", "id")]);
    assert!(matches!(
        identity.source.azure,
        Some(AzureAccess::Identity(Identity { client_id: Some(_), tenant_id: None, .. }))
    ));
}

#[test]
fn every_fault_is_told_at_once_with_its_variable_and_its_rule() {
    assert_eq!(
        faults(&[
            ("BLOBCAST__CACHE__TTL", "0"),
            ("BLOBCAST__SERVER__WORKERS", "many"),
            ("BLOBCAST__SOURCE__LOCATION", "ftp://x"),
            ("BLOBCAST__SOURCE__MAX_BYTES", "-1"),
            ("BLOBCAST__SOURCE__TIMEZONE", "Mars"),
            ("PORT", "99999"),
            ("AZURE_STORAGE_CONNECTION_STRING", "AccountKey=canary!"),
        ]),
        [
            "AZURE_STORAGE_CONNECTION_STRING: AccountKey is not Base64",
            "AZURE_STORAGE_CONNECTION_STRING: AccountName is missing",
            "BLOBCAST__SOURCE__LOCATION: has an unknown scheme: write a folder, file:///…, az://CONTAINER[/PREFIX] or memory:///",
            "BLOBCAST__SOURCE__MAX_BYTES: must be a size such as 512KiB or 5MiB",
            "BLOBCAST__SOURCE__TIMEZONE: must be an IANA name such as Europe/Paris",
            "PORT: must be a port from 0 to 65535",
            "BLOBCAST__SERVER__WORKERS: must be a whole number from 0 to 1024",
            "BLOBCAST__CACHE__TTL: must be a duration such as 500ms, 60s or 24h, 100ms or more",
        ]
    );
}

#[test]
fn a_name_that_is_no_setting_is_told_with_the_near_one() {
    assert_eq!(
        faults(&[
            ("BLOBCAST__CACHE__TLL", "2s"),
            ("BLOBCAST__X", "canary"),
            ("BLOBCAST_PORT", "tcp://10.0.0.1:80"),
            ("BLOBCAST__CACHE", "1")
        ]),
        [
            "BLOBCAST__CACHE: is no setting",
            "BLOBCAST__CACHE__TLL: is no setting; did you mean BLOBCAST__CACHE__TTL?",
            "BLOBCAST__X: is no setting",
        ]
    );
    let file = file(".toml", "[cache]\nttll = 1\n");
    let flags = Flags { file: Some(file.path().into()), ..Flags::default() };
    let faults = Settings::load(&flags, &variables(&[])).unwrap_err();
    assert_eq!(faults, [format!("{}: `cache.ttll` is no setting; did you mean cache.ttl?", file.path().display())]);
}

#[test]
fn a_file_that_cannot_be_read_is_told_on_one_line() {
    let broken = file(".toml", "[cache\nttl = 1\n");
    let other = file(".ini", "");
    for path in [broken.path(), other.path(), std::path::Path::new("/nowhere/x.toml")] {
        let flags = Flags { file: Some(path.into()), ..Flags::default() };
        let faults = Settings::load(&flags, &variables(&[])).unwrap_err();
        assert!(
            faults.len() == 1 && !faults[0].contains('\n') && faults[0].starts_with(&path.display().to_string()),
            "{faults:?}"
        );
    }
}

#[test]
fn the_description_masks_secrets() {
    let settings = load(&[("AZURE_STORAGE_CONNECTION_STRING", "AccountName=acc;AccountKey=Y2FuYXJ5")]);
    let text = settings.describe();
    assert!(!text.contains("Y2FuYXJ5") && text.contains("# Azure: account acc, key ****"), "{text}");
    assert!(!format!("{settings:?}").contains("Y2FuYXJ5"));
}

#[test]
fn the_description_shows_each_setting_under_its_name() {
    let values = [
        "az://autre/fr",
        "1024",
        "7",
        "8",
        "Asia/Tokyo",
        "https://acc.example",
        "127.0.0.1",
        "1",
        "2",
        "10",
        "https://a.example",
        "/tls/chain.pem",
        "/tls/key.pem",
        "3s",
        "4s",
        "::1",
        "5",
        "6s",
        "7s",
        "8s",
        "9",
    ];
    let mut own: Vec<_> = KEYS.iter().zip(values).map(|((key, ..), value)| (layers::variable(key), value)).collect();
    own.push(("AZURE_STORAGE_ACCOUNT_NAME".to_owned(), "acc"));
    let own: Vec<_> = own.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let text = load(&own).describe();
    for ((key, ..), value) in KEYS.iter().zip(values) {
        assert!(text.contains(&format!("{key} = {value:?}  # ")), "{key} = {value}: {text}");
    }
}

#[test]
fn a_certificate_without_its_key_is_a_fault_and_so_is_a_key_alone() {
    let (certificate, key) = ("BLOBCAST__SERVER__TLS__CERTIFICATE", "BLOBCAST__SERVER__TLS__KEY");
    assert!(load(&[]).server.tls.is_none());
    assert_eq!(faults(&[(certificate, "a.pem")]), [format!("{key}: must be set with server.tls.certificate")]);
    assert_eq!(faults(&[(key, "a.pem")]), [format!("{certificate}: must be set with server.tls.key")]);
}

#[test]
fn an_endpoint_turns_traces_on_and_is_shown_without_its_path() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/canary/");
    let settings = load(&[endpoint, ("OTEL_EXPORTER_OTLP_TIMEOUT", "1500")]);
    let traces = settings.traces.clone().unwrap();
    assert_eq!(traces.endpoint.as_str(), "http://collector:4318/canary/v1/traces");
    assert_eq!(traces.timeout, Duration::from_millis(1500));
    assert!(settings.describe().ends_with("# Traces: to http://collector:4318\n"), "{}", settings.describe());
    assert!(!format!("{settings:?}").contains("canary"));
    let own = load(&[endpoint, ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://other/own")]).traces.unwrap();
    assert_eq!((own.endpoint.as_str(), own.timeout), ("https://other/own", Duration::from_secs(10)));
    for off in [("OTEL_SDK_DISABLED", "TRUE"), ("OTEL_TRACES_EXPORTER", "none")] {
        let settings = load(&[endpoint, off]);
        assert!(settings.traces.is_none() && settings.describe().ends_with("# Traces: off\n"));
    }
}

#[test]
fn traces_that_could_not_be_sent_as_asked_are_a_fault() {
    let address = "must be an address such as http://collector:4318, without a user, a query or a fragment";
    for endpoint in ["canary", "ftp://canary", "http://", "http://u:canary@a", "http://a?key=canary", "collector:4318"]
    {
        assert_eq!(
            faults(&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)]),
            [format!("OTEL_EXPORTER_OTLP_ENDPOINT: {address}")]
        );
    }
    let mut variables = vec![
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://a"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_TRACES_SAMPLER", "traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "2"),
    ];
    assert_eq!(
        faults(&variables),
        [
            "OTEL_EXPORTER_OTLP_TIMEOUT: must be a number of milliseconds above 0",
            "OTEL_EXPORTER_OTLP_PROTOCOL: must be http/protobuf",
            "OTEL_TRACES_SAMPLER_ARG: must be a share from 0 to 1, such as 0.1",
        ]
    );
    variables[0].1 = "";
    assert!(load(&variables).traces.is_none(), "what is off has no faults");
    let sampler = faults(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a"), ("OTEL_TRACES_SAMPLER", "some")]);
    assert!(
        sampler.len() == 1 && sampler[0].starts_with("OTEL_TRACES_SAMPLER: must be one of always_on, "),
        "{sampler:?}"
    );
}
