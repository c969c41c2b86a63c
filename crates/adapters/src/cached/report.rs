//! What the log is told of the fetches of a collection: a failure once, now and then that it goes on, and its end.

use std::time::Duration;

use domain::{Collection, ContentError, Snapshot};
use tokio::time::Instant;

/// A store that fails in the same words is told of no more often.
const REMINDER: Duration = Duration::from_secs(600);
/// So many wordings are remembered.
const WORDINGS: usize = 8;
/// At most so many faults of one version are logged.
const LOGGED: usize = 20;

/// What the log knows.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Each failure by its words, and when it was told last.
    told: Vec<(String, Instant)>,
    streak: Option<Streak>,
}

/// Fetches that failed one after the other.
#[derive(Debug)]
struct Streak {
    since: Instant,
    failures: u64,
    loud: bool,
}

impl Report {
    /// Takes in a version, `known` if its items are those that were held.
    pub(super) fn version<C: Collection>(&mut self, new: &Snapshot<C>, known: bool) {
        let Snapshot { items, document, version, .. } = new;
        match self.recovery() {
            Some((line, true)) => tracing::warn!("{document} {line}"),
            Some((line, false)) => tracing::debug!("{document} {line}"),
            None => {}
        }
        if known {
            return;
        }
        let (served, skipped) = (items.list().len(), items.skipped());
        tracing::info!("{document} is served: {served} items, {skipped} skipped, version {version}");
        for fault in items.faults().iter().take(LOGGED) {
            tracing::warn!(code = fault.mistake.code, "{document}:{fault}");
        }
        if let Some(more @ 1..) = items.faults().len().checked_sub(LOGGED) {
            tracing::warn!("{document}: and {more} more faults");
        }
    }

    /// Takes in a failure; `held`: there is a version to answer with meanwhile.
    pub(super) fn failure(&mut self, error: &ContentError, held: bool) {
        let code = match error {
            ContentError::Invalid { faults, .. } => faults.first().map(|fault| fault.mistake.code),
            ContentError::Missing { .. } | ContentError::Unavailable { .. } => None,
        };
        match self.complaint(error) {
            Some(line) if held => tracing::warn!(code, "{line}; the last good version stays"),
            Some(line) => tracing::warn!(code, "{line}; there is nothing to serve"),
            None => tracing::debug!("{error}; still so"),
        }
    }

    /// What is worth a warning. A document that is bad or gone is told of once; a store that fails, again now and then.
    fn complaint(&mut self, error: &ContentError) -> Option<String> {
        let now = Instant::now();
        let streak = self.streak.get_or_insert(Streak { since: now, failures: 0, loud: false });
        streak.failures += 1;
        let Streak { since, failures, .. } = *streak;
        let goes_on = matches!(error, ContentError::Unavailable { .. });
        let enough = |told: Instant| if goes_on { now - told < REMINDER } else { told >= since };
        let words = error.to_string();
        if let Some(place) = self.told.iter().position(|(told, _)| *told == words) {
            let at = self.told.remove(place).1;
            if enough(at) {
                self.told.push((words, at));
                return None;
            }
        } else if self.told.len() == WORDINGS {
            self.told.remove(0);
        }
        self.told.push((words.clone(), now));
        streak.loud = true;
        let told_on = |words| format!("{words}; so for {} s, failures: {failures}", (now - since).as_secs());
        Some(if failures == 1 { words } else { told_on(words) })
    }

    /// What to say of the end of a row of failures, if there was one; louder if the log was told of it.
    fn recovery(&mut self) -> Option<(String, bool)> {
        let Streak { since, failures, loud } = self.streak.take()?;
        let seconds = (Instant::now() - since).as_secs();
        Some((format!("can be loaded again, after {seconds} s; failures: {failures}"), loud))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use domain::{Faq, Fault, Items, Position};
    use tokio::time::advance;
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    /// A log at `warn`, kept.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Kept {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    impl Kept {
        /// The lines since the last call, without their level.
        fn lines(&self) -> Vec<String> {
            let text = String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap();
            text.lines().map(|line| line.trim_start().trim_start_matches("WARN ").to_owned()).collect()
        }
    }

    fn log() -> (Kept, tracing::subscriber::DefaultGuard) {
        let kept = Kept::default();
        let log = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(kept.clone());
        let log = log.without_time().with_target(false).with_ansi(false).finish();
        (kept, tracing::subscriber::set_default(log))
    }

    fn good() -> Snapshot<Faq> {
        Snapshot {
            items: Arc::new(Items::read(Vec::new(), &jiff::tz::TimeZone::UTC)),
            document: "faq.json".into(),
            version: "1".into(),
            modified: jiff::Timestamp::UNIX_EPOCH,
            validated: Instant::now().into_std(),
        }
    }

    fn down(why: &'static str) -> ContentError {
        ContentError::unavailable("faq.json", why)
    }

    #[tokio::test(start_paused = true)]
    async fn an_hour_without_the_store_is_a_line_every_ten_minutes_and_one_at_its_end() {
        let (log, _guard) = log();
        let mut report = Report::default();
        report.version(&good(), false);
        assert!(log.lines().is_empty(), "what goes well is no warning");
        for _ in 0..120 {
            report.failure(&down("down"), true);
            advance(Duration::from_secs(30)).await;
        }
        report.version(&good(), true);
        let stays = "the last good version stays";
        assert_eq!(
            log.lines(),
            [
                format!("faq.json could not be loaded: down; {stays}"),
                format!("faq.json could not be loaded: down; so for 600 s, failures: 21; {stays}"),
                format!("faq.json could not be loaded: down; so for 1200 s, failures: 41; {stays}"),
                format!("faq.json could not be loaded: down; so for 1800 s, failures: 61; {stays}"),
                format!("faq.json could not be loaded: down; so for 2400 s, failures: 81; {stays}"),
                format!("faq.json could not be loaded: down; so for 3000 s, failures: 101; {stays}"),
                "faq.json can be loaded again, after 3600 s; failures: 120".to_owned(),
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_comes_and_goes_or_fails_in_turns_is_not_told_of_each_time() {
        let (log, _guard) = log();
        let mut report = Report::default();
        for turn in 0..60 {
            report.failure(&down(["down", "slow"][turn % 2]), true);
            advance(Duration::from_secs(1)).await;
            report.version(&good(), true);
            advance(Duration::from_secs(8)).await;
        }
        assert_eq!(log.lines().len(), 4, "each wording, and its end");
    }

    #[tokio::test(start_paused = true)]
    async fn a_document_that_stays_bad_or_away_is_told_of_once_and_another_fault_of_it_at_once() {
        let (log, _guard) = log();
        let mut report = Report::default();
        let fault = |text: &'static str| {
            ContentError::invalid("faq.json", Fault::new(&domain::mistakes::SYNTAX, Position::START, text))
        };
        let missing = ContentError::Missing { document: "faq.json".into() };
        for error in [fault("a"), fault("b"), missing] {
            for _ in 0..100 {
                report.failure(&error, false);
                advance(Duration::from_secs(60)).await;
            }
            let lines = log.lines();
            assert!(lines.len() == 1 && lines[0].starts_with(&error.to_string()), "{lines:?}");
        }
        report.version(&good(), false);
        report.failure(&fault("a"), true);
        assert_eq!(
            log.lines(),
            [
                "faq.json can be loaded again, after 18000 s; failures: 300",
                "faq.json:1:1: a; the last good version stays code=\"E010\""
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_has_an_end() {
        let mut report = Report::default();
        for number in 0..100 {
            report.failure(&ContentError::unavailable("faq.json", format!("request {number}")), true);
        }
        assert_eq!(report.told.len(), WORDINGS);
    }
}
