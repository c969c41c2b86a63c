//! Looks at the files of a collection and has them read as soon as one has changed. For whoever writes content on the
//! same machine: `serve --watch`. Off, it costs nothing.
//!
//! Files are looked at rather than subscribed to: it is the same on every file system, in containers, and through links
//! that are switched, where notifications are not.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::Collection;
use tokio::time::sleep;

use crate::cached::Cached;
use crate::decode::Format;

/// The pause between two looks. A change is read when two looks agree on it: a file that is being written is not.
const PAUSE: Duration = Duration::from_millis(200);

/// What tells one state of a file from another, for each name that a collection's file may have.
type Look = [Option<(u64, u64, i64, i64, u64)>; Format::ENDINGS.len()];

/// Reads the collection anew whenever its files in `folder` have changed, for ever.
pub async fn watch<C: Collection>(cached: Cached<C>, folder: PathBuf) {
    let (mut read, mut last) = (None, look::<C>(&folder));
    loop {
        sleep(PAUSE).await;
        let now = look::<C>(&folder);
        if now == last && read != Some(now) {
            read = Some(now);
            cached.renew().await;
        }
        last = now;
    }
}

/// A look follows links: a folder that is switched to another shows other files.
fn look<C: Collection>(folder: &Path) -> Look {
    Format::ENDINGS.map(|(ending, _)| {
        let file = fs::metadata(folder.join(format!("{}.{ending}", C::NAME))).ok()?;
        Some((file.dev(), file.ino(), file.mtime(), file.mtime_nsec(), file.size()))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use domain::{ContentError, Faq, MockContentSource};

    use super::*;
    use crate::cached::CacheSettings;

    #[tokio::test(start_paused = true)]
    async fn a_file_is_read_once_when_it_has_come_to_rest() {
        let folder = tempfile::tempdir().unwrap();
        let write = |text: &str| fs::write(folder.path().join("faq.json"), text).unwrap();
        let loads = Arc::new(AtomicUsize::new(0));
        let (count, mut source) = (Arc::clone(&loads), MockContentSource::<Faq>::new());
        source.expect_load().returning(move || {
            count.fetch_add(1, Ordering::Relaxed);
            Err(ContentError::Missing { document: "faq.json".into() })
        });
        // A failure is remembered for the TTL; a change is no reason to wait for its end.
        let cached = Cached::new(Arc::new(source), CacheSettings::default());
        tokio::spawn(watch(cached, folder.path().to_owned()));
        let after = async |pauses: u32| {
            sleep(PAUSE * pauses).await;
            loads.load(Ordering::Relaxed)
        };
        // From here on between two looks.
        sleep(PAUSE / 2).await;
        assert_eq!(after(10).await, 1, "at the start, whatever was read before the first look");
        for half in ["[", "[{", "[{}"] {
            write(half);
            assert_eq!(after(1).await, 1, "it is still being written");
        }
        assert_eq!(after(1).await, 2, "two looks agree");
        assert_eq!(after(10).await, 2, "and no more");
        fs::remove_file(folder.path().join("faq.json")).unwrap();
        assert_eq!(after(2).await, 3, "it is gone");
    }
}
