//! What a person at a terminal sees of an upload that takes its time.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use tokio::time::{Instant, interval_at};

/// An upload that is shorter is not told of; later ones every so often.
const TICK: Duration = Duration::from_secs(1);

pub(super) struct Progress<'a> {
    document: &'a str,
    size: usize,
}

impl<'a> Progress<'a> {
    pub(super) fn of(document: &'a str, size: usize) -> Self {
        Self { document, size }
    }

    /// Waits for an upload, and says on standard error, if that is a terminal, that it goes on.
    pub(super) async fn during<T>(self, upload: impl Future<Output = T>) -> T {
        if !std::io::stderr().is_terminal() {
            return upload.await;
        }
        let began = Instant::now();
        let mut ticks = interval_at(began + TICK, TICK);
        let mut upload = std::pin::pin!(upload);
        let mut err = std::io::stderr();
        loop {
            tokio::select! {
                done = &mut upload => {
                    let _ = write!(err, "\r\x1b[K");
                    return done;
                }
                _ = ticks.tick() => {
                    let (size, seconds) = (self.size.div_ceil(1024), began.elapsed().as_secs());
                    let _ = write!(err, "\r\x1b[Kuploading {}, {size} KiB: {seconds} s", self.document);
                    let _ = err.flush();
                }
            }
        }
    }
}
