//! Writes files into a folder: a reader, and whoever looks after a crash, finds the old one or the new one, whole.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;

/// Other publishers wait until it is dropped; editors do not know of it.
pub(super) struct Lock(#[expect(dead_code, reason = "the lock ends with the file")] Option<File>);

/// How often another publisher is waited for, and how long each time.
const WAITS: (u32, Duration) = (100, Duration::from_millis(100));

/// Locks a folder. Where the file system knows no locks, what was seen is all that is compared.
pub(super) async fn lock(folder: &Path) -> io::Result<Lock> {
    let file = File::open(folder)?;
    for _ in 0..WAITS.0 {
        match file.try_lock() {
            Ok(()) => return Ok(Lock(Some(file))),
            Err(TryLockError::WouldBlock) => sleep(WAITS.1).await,
            Err(TryLockError::Error(_)) => return Ok(Lock(None)),
        }
    }
    Err(ErrorKind::ResourceBusy.into())
}

/// Writes a file beside its place, then puts it there in one step. What a crash leaves beside it is written over.
pub(super) fn write(folder: &Path, document: &str, bytes: &[u8]) -> io::Result<()> {
    let (fresh, place) = (folder.join(format!(".{document}.new")), folder.join(document));
    let mut file = File::create(&fresh)?;
    file.write_all(bytes)?;
    if let Ok(old) = fs::metadata(&place) {
        file.set_permissions(old.permissions())?;
    }
    file.sync_all()?;
    fs::rename(&fresh, &place)?;
    File::open(folder)?.sync_all()
}

/// Deletes a file.
pub(super) fn remove(folder: &Path, document: &str) -> io::Result<()> {
    fs::remove_file(folder.join(document))?;
    File::open(folder)?.sync_all()
}
