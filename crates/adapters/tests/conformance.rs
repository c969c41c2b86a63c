//! What `ContentSource` promises, held by the blob source on every store: memory, a folder, Azurite.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod azurite;

use std::sync::Arc;
use std::time::Duration;

use adapters::decode::Limits;
use adapters::store::{AzureAccess, ConnectionString};
use adapters::{BlobSource, Location, Store};
use async_trait::async_trait;
use azurite::Azurite;
use domain::{Collection, ContentError, ContentSource, Event, Faq, News};
use jiff::tz::TimeZone;
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt as _};

/// How a test writes to the store that it reads from.
#[async_trait]
trait Writer: Sync {
    async fn put(&self, name: &str, body: &str);
    async fn delete(&self, name: &str);
}

fn source<C: Collection>(store: &Arc<Store>) -> BlobSource<C> {
    BlobSource::new(Arc::clone(store), Limits { max_bytes: 4096, ..Limits::default() }, TimeZone::UTC)
}

async fn suite(store: Store, writer: &dyn Writer) {
    let store = Arc::new(store);
    absent_content_is_missing(&store).await;
    each_collection_has_its_own_document(&store, writer).await;
    an_unchanged_document_is_confirmed_and_not_read_again(&store, writer).await;
    a_changed_document_is_a_new_version(&store, writer).await;
    a_broken_document_is_invalid_until_it_is_mended(&store, writer).await;
    a_document_over_the_limit_is_refused(&store, writer).await;
    json_comes_before_yaml_and_the_other_is_a_warning(&store, writer).await;
    what_is_deleted_is_missing(&store, writer).await;
}

async fn absent_content_is_missing(store: &Arc<Store>) {
    assert!(matches!(source::<Event>(store).load().await, Err(ContentError::Missing { .. })));
}

async fn each_collection_has_its_own_document(store: &Arc<Store>, writer: &dyn Writer) {
    writer.put("events.json", r#"[{"id":1,"title":"Bal","start":"2026-02-15"}]"#).await;
    writer.put("news.yaml", "news:\n- {id: 1, title: Un, content: Deux}\n").await;
    writer.put("faq.yml", "- {id: 1, q: Où, a: Ici}\n").await;
    let (events, news, faq) = (source::<Event>(store), source::<News>(store), source::<Faq>(store));
    for _ in 0..2 {
        assert_eq!(faq.load().await.unwrap().items.get("1").unwrap().model.question, "Où");
        assert_eq!(events.load().await.unwrap().items.get("1").unwrap().model.title, "Bal");
        assert_eq!(news.load().await.unwrap().items.get("1").unwrap().model.title, "Un");
    }
    assert_eq!(faq.load().await.unwrap().document.as_ref(), "faq.yml");
}

async fn an_unchanged_document_is_confirmed_and_not_read_again(store: &Arc<Store>, writer: &dyn Writer) {
    let events = source::<Event>(store);
    let first = events.load().await.unwrap();
    tokio::time::sleep(Duration::from_millis(2)).await;
    let second = events.load().await.unwrap();
    assert!(Arc::ptr_eq(&first.items, &second.items), "the items are shared: nothing was parsed");
    assert!(second.validated > first.validated);
    assert_eq!((&first.version, first.modified), (&second.version, second.modified));
    writer.put("events.json", r#"[{"id":1,"title":"Bal","start":"2026-02-15"}]"#).await;
    let third = events.load().await.unwrap();
    assert!(Arc::ptr_eq(&first.items, &third.items), "the same bytes are the same version, whatever the store says");
}

async fn a_changed_document_is_a_new_version(store: &Arc<Store>, writer: &dyn Writer) {
    let events = source::<Event>(store);
    let first = events.load().await.unwrap();
    writer.put("events.json", r#"[{"id":2,"title":"Bal","start":"2026-02-15"}]"#).await;
    let second = events.load().await.unwrap();
    assert_ne!(first.version, second.version);
    assert!(second.items.get("2").is_some());
}

async fn a_broken_document_is_invalid_until_it_is_mended(store: &Arc<Store>, writer: &dyn Writer) {
    let events = source::<Event>(store);
    writer.put("events.json", "[\n  {\"id\": 1,}\n]").await;
    for _ in 0..2 {
        let error = events.load().await.unwrap_err().to_string();
        assert_eq!(error, "events.json:2:12: a comma stands before this closing bracket (remove the comma)");
    }
    writer.put("events.json", r#"[{"id":3,"title":"Bal","start":"2026-02-15"}]"#).await;
    assert!(events.load().await.unwrap().items.get("3").is_some());
}

async fn a_document_over_the_limit_is_refused(store: &Arc<Store>, writer: &dyn Writer) {
    let events = source::<Event>(store);
    writer.put("events.json", &" ".repeat(4097)).await;
    let error = events.load().await.unwrap_err().to_string();
    assert!(error.starts_with("events.json:1:1: the file is larger than 4096 bytes"), "{error}");
    writer.put("events.json", "[]").await;
    assert_eq!(events.load().await.unwrap().items.list().len(), 0);
}

async fn json_comes_before_yaml_and_the_other_is_a_warning(store: &Arc<Store>, writer: &dyn Writer) {
    writer.put("news.json", r#"[{"id":9,"title":"JSON","date":"2026-02-05"}]"#).await;
    let snapshot = source::<News>(store).load().await.unwrap();
    assert_eq!(snapshot.document.as_ref(), "news.json");
    assert_eq!(snapshot.items.faults()[0].message, "news.yaml is there too and is not read");
    assert_eq!(snapshot.items.skipped(), 0);
}

async fn what_is_deleted_is_missing(store: &Arc<Store>, writer: &dyn Writer) {
    let events = source::<Event>(store);
    events.load().await.unwrap();
    writer.delete("events.json").await;
    assert!(matches!(events.load().await, Err(ContentError::Missing { .. })));
    writer.put("events.json", "[]").await;
    events.load().await.unwrap();
}

#[tokio::test]
async fn memory() {
    struct Memory(Arc<InMemory>);
    #[async_trait]
    impl Writer for Memory {
        async fn put(&self, name: &str, body: &str) {
            self.0.put(&name.into(), body.to_owned().into()).await.unwrap();
        }
        async fn delete(&self, name: &str) {
            self.0.delete(&name.into()).await.unwrap();
        }
    }
    let store = Arc::new(InMemory::new());
    let opened = Store::new(Location::Memory, Arc::clone(&store) as Arc<dyn ObjectStore>);
    suite(opened, &Memory(store)).await;
}

#[tokio::test]
async fn a_folder() {
    struct Folder(tempfile::TempDir);
    #[async_trait]
    impl Writer for Folder {
        async fn put(&self, name: &str, body: &str) {
            let written = self.0.path().join("written");
            std::fs::write(&written, body).unwrap();
            std::fs::rename(written, self.0.path().join(name)).unwrap();
        }
        async fn delete(&self, name: &str) {
            std::fs::remove_file(self.0.path().join(name)).unwrap();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Location::Folder(folder.path().into()), None).unwrap();
    suite(store, &Folder(folder)).await;
}

#[tokio::test]
async fn a_folder_that_is_gone_is_a_store_that_fails() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(Location::Folder(folder.path().into()), None).unwrap());
    drop(folder);
    let error = source::<Event>(&store).load().await.unwrap_err();
    assert!(matches!(error, ContentError::Unavailable { .. }), "{error}");
}

struct Container(Azurite);

#[async_trait]
impl Writer for Container {
    async fn put(&self, name: &str, body: &str) {
        self.0.put("content", &format!("site/fr/{name}"), body, "application/octet-stream").await;
    }
    async fn delete(&self, name: &str) {
        self.0.delete("content", &format!("site/fr/{name}")).await;
    }
}

fn open(azurite: &Azurite, location: &str) -> Store {
    let string = ConnectionString::parse(&azurite.connection_string()).unwrap();
    Store::open(location.parse().unwrap(), Some(&AzureAccess::ConnectionString(string))).unwrap()
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn azurite() {
    let azurite = Azurite::start().await;
    azurite.create_container("content").await;
    suite(open(&azurite, "az://content/site/fr"), &Container(azurite)).await;
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a_container_that_is_not_there_is_a_store_that_fails() {
    let azurite = Azurite::start().await;
    let store = Arc::new(open(&azurite, "az://content"));
    let error = source::<Event>(&store).load().await.unwrap_err();
    assert_eq!(error.to_string(), "events.json could not be loaded: the container is not there (ContainerNotFound)");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a_wrong_key_is_a_refusal_in_words_that_are_safe_to_log() {
    let azurite = Azurite::start().await;
    let string = azurite.connection_string().replace("AccountKey=E", "AccountKey=F");
    let string = ConnectionString::parse(&string).unwrap();
    let store = Store::open("az://content".parse().unwrap(), Some(&AzureAccess::ConnectionString(string))).unwrap();
    let error = source::<Event>(&Arc::new(store)).load().await.unwrap_err();
    assert_eq!(error.to_string(), "events.json could not be loaded: the store refuses access (AuthorizationFailure)");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a_mounted_connection_string_is_read_again_when_it_changes() {
    let azurite = Azurite::start().await;
    azurite.create_container("content").await;
    azurite.put("content", "faq.json", "[]", "application/json").await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let wrong = azurite.connection_string().replace("AccountKey=E", "AccountKey=F");
    std::fs::write(file.path(), wrong).unwrap();
    let access = AzureAccess::ConnectionStringFile(file.path().into());
    let faq = source::<Faq>(&Arc::new(Store::open("az://content".parse().unwrap(), Some(&access)).unwrap()));
    assert!(matches!(faq.load().await, Err(ContentError::Unavailable { .. })));
    std::fs::write(file.path(), azurite.connection_string() + "\n").unwrap();
    faq.load().await.unwrap();
    std::fs::write(file.path(), "half a").unwrap();
    faq.load().await.expect("a string that cannot be used leaves the store as it was");
}
