//! Azure connection strings as Azure's own SDKs read them: `name=value` pairs between `;`, split at
//! the first `=`, without quoting or escaping. Names are read in any case, unknown ones ignored.

use std::collections::HashMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::SecretString;

/// How a storage account is reached and how requests to it are signed.
#[derive(Debug, Clone)]
pub struct ConnectionString {
    /// The account's name.
    pub account: String,
    /// The blob service's address, without a slash at its end.
    pub endpoint: String,
    /// What requests are signed with.
    pub credential: Credential,
}

/// A key or a shared access signature; with both, the key is used.
#[derive(Debug, Clone)]
pub enum Credential {
    /// An account key in Base64.
    Key(SecretString),
    /// A shared access signature, without a leading `?`.
    Sas(SecretString),
}

/// The emulator's account and key, which are public.
const EMULATOR: (&str, &str) =
    ("devstoreaccount1", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==");

impl ConnectionString {
    /// Reads a connection string.
    ///
    /// # Errors
    /// Every rule that it breaks, each without any value of it.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        if text.trim_matches([';', ' ', '\n', '\r', '\t']).is_empty() {
            return Err(vec!["is empty".into()]);
        }
        let mut faults = Vec::new();
        let pairs = pairs(text, &mut faults);
        let get = |name: &str| pairs.get(name).copied();
        if faults.is_empty() && get("usedevelopmentstorage").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Self::emulator(get("developmentstorageproxyuri"));
        }
        let protocol = get("defaultendpointsprotocol").unwrap_or("https");
        if !protocol.eq_ignore_ascii_case("https") && !protocol.eq_ignore_ascii_case("http") {
            faults.push("DefaultEndpointsProtocol must be https or http".into());
        }
        let credential = match (get("accountkey"), get("sharedaccesssignature")) {
            (Some(key), _) if BASE64_STANDARD.decode(key).is_ok_and(|bytes| !bytes.is_empty()) => {
                Some(Credential::Key(key.into()))
            }
            (Some(_), _) => {
                faults.push("AccountKey is not Base64".into());
                None
            }
            (None, Some(sas)) if sas.trim_start_matches('?').contains("sig=") => {
                Some(Credential::Sas(sas.trim_start_matches('?').into()))
            }
            (None, Some(_)) => {
                faults.push("SharedAccessSignature holds no sig=".into());
                None
            }
            (None, None) => {
                faults.push("AccountKey or SharedAccessSignature is missing".into());
                None
            }
        };
        let blob = get("blobendpoint").map(|endpoint| endpoint.trim_end_matches('/'));
        let well_formed = |endpoint: &str| account_of(endpoint).is_some();
        if blob.is_some_and(|endpoint| !well_formed(endpoint)) {
            faults.push("BlobEndpoint must be an http or https address".into());
        }
        let account = get("accountname").map(str::to_owned).or_else(|| blob.and_then(account_of));
        match (&account, blob) {
            (None, _) => faults.push("AccountName is missing".into()),
            (Some(name), None) if !is_account(name) => {
                faults.push("AccountName must be 3 to 24 lower-case letters and digits".into());
            }
            _ => {}
        }
        let suffix = get("endpointsuffix").unwrap_or("core.windows.net");
        if !suffix.chars().all(is_plain) {
            faults.push("EndpointSuffix must be a host name".into());
        }
        match (account, credential) {
            (Some(account), Some(credential)) if faults.is_empty() => {
                let built = || format!("{}://{account}.blob.{suffix}", protocol.to_ascii_lowercase());
                Ok(Self { endpoint: blob.map_or_else(built, str::to_owned), account, credential })
            }
            _ => Err(faults),
        }
    }

    /// The emulator on its own port, on this machine or on the host of a proxy address.
    fn emulator(proxy: Option<&str>) -> Result<Self, Vec<String>> {
        let host = proxy.unwrap_or("http://127.0.0.1").trim_end_matches('/');
        if account_of(&format!("{host}/x")).is_none() {
            return Err(vec!["DevelopmentStorageProxyUri must be an http or https address".into()]);
        }
        let (account, key) = EMULATOR;
        Ok(Self {
            account: account.into(),
            endpoint: format!("{host}:10000/{account}"),
            credential: Credential::Key(key.into()),
        })
    }
}

fn pairs<'a>(text: &'a str, faults: &mut Vec<String>) -> HashMap<String, &'a str> {
    let mut pairs = HashMap::new();
    for (index, part) in text.split(';').map(str::trim).enumerate().filter(|(_, part)| !part.is_empty()) {
        match part.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => {
                let name = name.trim().to_ascii_lowercase();
                if pairs.insert(name.clone(), value.trim()).is_some() {
                    faults.push(if KNOWN.contains(&name.as_str()) {
                        format!("{name} stands twice")
                    } else {
                        "a name stands twice".into()
                    });
                }
            }
            _ => faults.push(format!("part {} is not name=value", index + 1)),
        }
    }
    pairs
}

/// The names that mean something here; any other may be part of a secret and is not repeated.
const KNOWN: [&str; 8] = [
    "accountname",
    "accountkey",
    "sharedaccesssignature",
    "blobendpoint",
    "endpointsuffix",
    "defaultendpointsprotocol",
    "usedevelopmentstorage",
    "developmentstorageproxyuri",
];

fn is_account(name: &str) -> bool {
    (3..=24).contains(&name.len()) && name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

/// What a host name is made of.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.')
}

/// The account in an address: the first path segment for an IP address or localhost, else the host's first label.
/// An address with a user or a query is none: it may hold a password or a signature, and addresses are shown.
fn account_of(endpoint: &str) -> Option<String> {
    if endpoint.contains(['@', '?', '#']) {
        return None;
    }
    let rest = endpoint.strip_prefix("https://").or_else(|| endpoint.strip_prefix("http://"))?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split_once(']')?.0,
        None => authority.split(':').next()?,
    };
    let local = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok();
    let account = if local { path.split('/').next()? } else { host.split('.').next()? };
    (!host.is_empty() && (local || host.chars().all(is_plain)) && !account.is_empty()).then(|| account.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;

    const KEY: &str = "c2VjcmV0LWNhbmFyeQ==";

    fn read(text: &str) -> (String, String, String) {
        let ConnectionString { account, endpoint, credential } = ConnectionString::parse(text).expect(text);
        let secret = match &credential {
            Credential::Key(key) => format!("key {}", key.expose_secret()),
            Credential::Sas(sas) => format!("sas {}", sas.expose_secret()),
        };
        (account, endpoint, secret)
    }

    #[test]
    fn what_azures_sdks_read() {
        let key = format!("key {KEY}");
        let emulator = format!("key {}", EMULATOR.1);
        for (text, account, endpoint, secret) in [
            (
                format!(
                    "DefaultEndpointsProtocol=https;AccountName=acc;AccountKey={KEY};EndpointSuffix=core.windows.net"
                ),
                "acc",
                "https://acc.blob.core.windows.net",
                &key,
            ),
            (format!("AccountName=acc;AccountKey={KEY}"), "acc", "https://acc.blob.core.windows.net", &key),
            (
                format!(";accountname = acc ; ACCOUNTKEY={KEY};;QueueEndpoint=x;"),
                "acc",
                "https://acc.blob.core.windows.net",
                &key,
            ),
            (
                format!(
                    "AccountName=acc;AccountKey={KEY};EndpointSuffix=core.chinacloudapi.cn;DefaultEndpointsProtocol=http"
                ),
                "acc",
                "http://acc.blob.core.chinacloudapi.cn",
                &key,
            ),
            (
                format!(
                    "AccountName=devstoreaccount1;AccountKey={KEY};BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1/;"
                ),
                "devstoreaccount1",
                "http://127.0.0.1:10000/devstoreaccount1",
                &key,
            ),
            (
                "BlobEndpoint=https://acc.blob.core.windows.net/;SharedAccessSignature=?sv=1&sig=a%3D=".into(),
                "acc",
                "https://acc.blob.core.windows.net",
                &"sas sv=1&sig=a%3D=".into(),
            ),
            (
                "BlobEndpoint=http://[::1]:10000/acc;SharedAccessSignature=sig=a".into(),
                "acc",
                "http://[::1]:10000/acc",
                &"sas sig=a".into(),
            ),
            (
                format!("AccountName=acc;AccountKey={KEY};SharedAccessSignature=sig=a"),
                "acc",
                "https://acc.blob.core.windows.net",
                &key,
            ),
            (
                "UseDevelopmentStorage=true".into(),
                "devstoreaccount1",
                "http://127.0.0.1:10000/devstoreaccount1",
                &emulator,
            ),
            (
                "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://azurite".into(),
                "devstoreaccount1",
                "http://azurite:10000/devstoreaccount1",
                &emulator,
            ),
        ] {
            assert_eq!(read(&text), (account.to_owned(), endpoint.to_owned(), secret.clone()), "{text}");
        }
    }

    #[test]
    fn every_fault_is_named_and_no_value_is_repeated() {
        for (text, expected) in [
            ("", vec!["is empty"]),
            (" ; ", vec!["is empty"]),
            (
                "c2VjcmV0LWNhbmFyeQ",
                vec![
                    "part 1 is not name=value",
                    "AccountKey or SharedAccessSignature is missing",
                    "AccountName is missing",
                ],
            ),
            ("AccountName=acc", vec!["AccountKey or SharedAccessSignature is missing"]),
            ("AccountName=acc;AccountKey=canary!", vec!["AccountKey is not Base64"]),
            ("AccountName=acc;AccountKey=", vec!["AccountKey is not Base64"]),
            ("AccountKey=c2VjcmV0LWNhbmFyeQ==", vec!["AccountName is missing"]),
            (
                "AccountName=Canary!;AccountKey=c2VjcmV0LWNhbmFyeQ==",
                vec!["AccountName must be 3 to 24 lower-case letters and digits"],
            ),
            ("AccountName=acc;AccountKey=YQ==;AccountKey=YQ==", vec!["accountkey stands twice"]),
            ("AccountName=acc;AccountKey=YQ==;canary=1;canary=2", vec!["a name stands twice"]),
            ("AccountName=acc;SharedAccessSignature=canary", vec!["SharedAccessSignature holds no sig="]),
            (
                "AccountName=acc;AccountKey=YQ==;BlobEndpoint=canary",
                vec!["BlobEndpoint must be an http or https address"],
            ),
            (
                "AccountName=acc;AccountKey=YQ==;DefaultEndpointsProtocol=ftp",
                vec!["DefaultEndpointsProtocol must be https or http"],
            ),
            (
                "AccountName=acc;AccountKey=YQ==;BlobEndpoint=https://acc.blob.core.windows.net/?sv=1&sig=canary",
                vec!["BlobEndpoint must be an http or https address"],
            ),
            (
                "AccountName=acc;AccountKey=YQ==;BlobEndpoint=https://acc:canary@acc.blob.core.windows.net",
                vec!["BlobEndpoint must be an http or https address"],
            ),
            (
                "AccountName=acc;AccountKey=YQ==;EndpointSuffix=core.windows.net/?sig=canary",
                vec!["EndpointSuffix must be a host name"],
            ),
            (
                "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=canary",
                vec!["DevelopmentStorageProxyUri must be an http or https address"],
            ),
        ] {
            let faults = ConnectionString::parse(text).expect_err(text);
            assert_eq!(faults, expected, "{text}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        for text in
            [format!("AccountName=acc;AccountKey={KEY}"), "AccountName=acc;SharedAccessSignature=sig=canary".into()]
        {
            let shown = format!("{:?}", ConnectionString::parse(&text).unwrap());
            assert!(!shown.contains(KEY) && !shown.contains("canary"), "{shown}");
        }
    }

    /// Where `KEY` stands, a key does.
    const VALUES: [&str; 12] = [
        "KEY",
        "KEY",
        "acc",
        "true",
        "http",
        "sig=KEY",
        "KEY.example",
        "core.windows.net/KEY",
        "https://KEY@acc.example",
        "https://acc.example",
        "https://acc.example/?sig=KEY",
        "https://acc:KEY@acc.example",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn wherever_a_key_stands_nothing_shows_it(
            parts in prop::collection::vec((prop::sample::select(KNOWN.to_vec()), prop::sample::select(VALUES.to_vec())), 1..6),
        ) {
            let text: String = parts.iter().map(|(name, value)| format!("{name}={value};")).collect();
            let shown = match ConnectionString::parse(&text.replace("KEY", KEY)) {
                Ok(read) => format!("{} {:?}", read.endpoint, read.credential),
                Err(faults) => faults.concat(),
            };
            prop_assert!(!shown.contains(KEY), "{}: {}", text, shown);
        }
    }
}
