//! A17 and A18. Names that move, and hosts that are not who they should be.

use std::time::Duration;

use tokio::time::Instant;

use super::load::until;
use super::proxy::Proxy;
use super::{JSON, Profile, faq, figure, store};
use crate::program::Program;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
#[ignore = "needs Azurite and root: node, npm, a namespace of mounts"]
async fn a18_the_name_of_the_store_moves() {
    const HOSTS: &str = r#"mount --bind "$HOSTS" /etc/hosts; exec "$0""#;
    let (azurite, here) = store().await;
    let there = Proxy::before(azurite.port(), "127.0.0.2", here.port).await;
    let hosts = tempfile::NamedTempFile::new().unwrap();
    // In place: the mount is of this file, and not of its name.
    let point = |to: &str| std::fs::write(hosts.path(), to).unwrap();
    point("127.0.0.1 store.test\n");
    let string = azurite
        .connection_string()
        .replace(&format!("127.0.0.1:{}", azurite.port()), &format!("store.test:{}", here.port));
    let (file, ttl) = (hosts.path().display().to_string(), Profile::get().ttl);
    let (ttl_text, variable) = (format!("{}s", ttl.as_secs()), "AZURE_STORAGE_CONNECTION_STRING");
    let variables =
        [(variable, string.as_str()), ("BLOBCAST__CACHE__TTL", ttl_text.as_str()), ("HOSTS", file.as_str())];
    let program = Program::start_by(&["unshare", "--mount", "sh", "-c", HOSTS], &variables).await;
    program.until_status("/api/faq/1", 200).await;
    assert!(there.asked("faq.json").is_empty() && !here.asked("faq.json").is_empty());

    point("127.0.0.2 store.test\n");
    let moved = Instant::now();
    until(2 * ttl + SECOND, "asked there", async || !there.asked("faq.json").is_empty()).await;
    figure("A18", format!("the new address is asked after {:.1?}, though the old one answers", moved.elapsed()));

    point("127.0.0.1 another.test\n");
    program.logged("the store cannot be reached").await;
    assert_eq!(program.status("/api/faq/1").await, 200);
    azurite.put("content", "faq.json", faq("moved").replace("\"id\":1", "\"id\":2"), JSON).await;
    point("127.0.0.1 store.test\n");
    let back = until(35 * SECOND, "fresh", async || program.status("/api/faq/2").await == 200).await;
    figure("A18", format!("no address: the last good version; fresh {back:.1?} after there is one"));
}
