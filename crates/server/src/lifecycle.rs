//! From ready to gone: readiness, the signals, the drain.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, mpsc};

/// How the program is asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// SIGTERM: an orchestrator, which needs time to send its clients elsewhere.
    Drain,
    /// SIGINT: a person at a terminal, who does not.
    Soon,
}

/// The requests to stop; a second one means at once.
#[must_use]
pub fn signals() -> mpsc::UnboundedReceiver<Stop> {
    let (sender, receiver) = mpsc::unbounded_channel();
    for (kind, stop) in [(SignalKind::terminate(), Stop::Drain), (SignalKind::interrupt(), Stop::Soon)] {
        let sender = sender.clone();
        match signal(kind) {
            Ok(mut signals) => {
                tokio::spawn(async move { while signals.recv().await.is_some() && sender.send(stop).is_ok() {} });
            }
            Err(error) => tracing::error!("signals cannot be heard: {error}"),
        }
    }
    // A terminal that closes is no reason to stop: whoever is served has not left.
    if let Ok(mut hangups) = signal(SignalKind::hangup()) {
        tokio::spawn(async move { while hangups.recv().await.is_some() {} });
    }
    receiver
}

/// Whether the server is on its way out. Cheap to clone and to ask.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle(Arc<State>);

#[derive(Debug, Default)]
struct State {
    draining: AtomicBool,
    drain: Notify,
    was_good: AtomicBool,
}

impl Lifecycle {
    /// Turns readiness off, for good.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
        self.0.drain.notify_waiters();
    }

    /// Comes back once the drain has begun.
    pub async fn drained(&self) {
        let begun = self.0.drain.notified();
        if !self.is_draining() {
            begun.await;
        }
    }

    /// Whether every response should end its connection.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Relaxed)
    }

    /// Ready from the first good collection on, whatever the store does later, until the drain.
    #[must_use]
    pub fn is_ready(&self, good: bool) -> bool {
        let was_good = self.0.was_good.fetch_or(good, Ordering::Relaxed);
        (was_good || good) && !self.is_draining()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_comes_with_the_first_good_collection_and_goes_with_the_drain_alone() {
        let lifecycle = Lifecycle::default();
        assert!(!lifecycle.is_ready(false));
        assert!(lifecycle.is_ready(true));
        assert!(lifecycle.is_ready(false), "an outage of the store is no reason to take the instance out");
        lifecycle.drain();
        assert!(!lifecycle.is_ready(true));
    }
}
