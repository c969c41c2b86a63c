//! A. The store fails, and nobody sees it.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::load::until;
use super::proxy::{Act, Proxy};
use super::{FAQ, LISTS, Stage, faq, figure};

const SECOND: Duration = Duration::from_secs(1);
/// A fetch ends after so long, and what a busy machine adds.
const DEADLINE: Duration = Duration::from_secs(12);

impl Stage {
    /// Load while the store is as `fault` makes it; nothing may fail, and what is published then is served after it.
    async fn survives(&self, item: &str, fault: impl AsyncFnOnce(&Self), heal: impl AsyncFnOnce(&Self)) {
        let healthy = self.load();
        sleep(self.profile.fault / 5).await;
        let healthy = healthy.stop().await;
        let load = self.load();
        let began = Instant::now();
        fault(self).await;
        let stale = async || self.program.metric(r#"blobcast_content_stale{collection="faq"}"#).await == 1.0;
        let shown = until(self.profile.ttl + 11 * SECOND, "content_stale", stale).await;
        sleep(self.profile.fault.saturating_sub(began.elapsed())).await;
        let age = load.so_far().oldest;
        assert_eq!(self.program.status("/readyz").await, 200);
        let lasted = began.elapsed();
        heal(self).await;
        self.publish(faq("after")).await;
        let fresh = self.until_told("after", 35 * SECOND).await;
        let report = load.stop().await;
        figure(
            item,
            format!(
                "{report}; lasted {lasted:.0?}, shown after {shown:.1?}, fresh {fresh:.1?} after; healthy p99 {:.1?}",
                healthy.percentile(99)
            ),
        );
        assert_eq!(report.failures(), 0, "{report}");
        let (least, most) = (lasted.as_secs(), (lasted + self.profile.ttl).as_secs() + 12);
        assert!((least.saturating_sub(2)..=most).contains(&age), "Age {age} after {least} s");
    }

    /// A fault that the next refreshes meet: what is published meanwhile is not served, what was before stays, the log
    /// says why in these words, and all is well once it is over.
    async fn keeps(&self, item: &str, why: &str, fault: impl FnMut(&str) -> Act + Send + 'static) {
        let before = self.program.output().len();
        self.proxy.fault(fault);
        self.publish(faq("meanwhile")).await;
        let said = self.until_logged(why, before, self.profile.ttl + DEADLINE).await;
        assert_eq!(self.told().await, "version one", "the last good version");
        assert_eq!(self.program.status("/readyz").await, 200);
        self.proxy.heal();
        let fresh = self.until_told("meanwhile", 35 * SECOND).await;
        figure(item, format!("\"{why}\" after {said:.1?}, the last good version served, fresh {fresh:.1?} after"));
    }
}

fn only_faq(act: impl Fn() -> Act + Send + 'static) -> impl FnMut(&str) -> Act + Send + 'static {
    move |head| if head.contains("/faq.json ") { act() } else { Act::Pass }
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a1_store_killed_and_back() {
    let stage = Stage::open().await;
    let began = Instant::now();
    stage.survives("A1", async |stage| stage.proxy.refuse(), async |stage| stage.proxy.listen().await).await;
    let tries = stage.program.metric(r#"blobcast_store_requests_total{result="connect"}"#).await;
    figure("A1", format!("{tries} attempts for three files in {:.0?}", began.elapsed()));
    assert!(tries <= 3.0 * 40.0, "{tries}");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a1_connections_reset_and_the_attempts_counted() {
    let stage = Stage::open().await;
    let began = Instant::now();
    stage.survives("A1r", async |stage| stage.proxy.fault(|_| Act::Reset), async |stage| stage.proxy.heal()).await;
    for document in ["faq.json", "news.json", "events.json"] {
        let tries = stage.proxy.asked_since(document, began).len();
        figure("A1r", format!("{tries} attempts for {document} in {:.0?}", began.elapsed()));
        let pause = stage.profile.ttl.min(30 * SECOND).mul_f64(0.8);
        let most = (6 + began.elapsed().as_millis() / pause.as_millis()).min(40);
        assert!(tries as u128 <= most, "{tries} of {most}");
    }
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a2_store_silent() {
    let stage = Stage::open().await;
    let began = Instant::now();
    stage.survives("A2", async |stage| stage.proxy.fault(|_| Act::Silence), async |stage| stage.proxy.heal()).await;
    let (mut most, mut longest) = (0, Duration::ZERO);
    for document in ["faq.json", "news.json", "events.json"] {
        let asked = stage.proxy.asked_since(document, began);
        let at_once = |at: Instant| {
            asked.iter().filter(|other| other.at <= at && other.over.is_none_or(|over| over > at)).count()
        };
        most = most.max(asked.iter().map(|one| at_once(one.at)).max().unwrap_or(0));
        longest = longest.max(asked.iter().map(super::proxy::Asked::took).max().unwrap_or_default());
    }
    figure("A2", format!("at most {most} attempt open for a file, the longest {longest:.1?}"));
    assert!(most == 1 && longest <= DEADLINE, "{most} open, {longest:?}");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a3_status_line_dripped() {
    let stage = Stage::open().await;
    stage.keeps("A3", "does not answer in time", only_faq(|| Act::DripHead(5 * SECOND))).await;
    bounded(&stage, "A3");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a4_body_dripped() {
    let stage = Stage::open().await;
    stage.keeps("A4", "does not answer in time", only_faq(|| Act::DripBody(SECOND))).await;
    bounded(&stage, "A4");
}

fn bounded(stage: &Stage, item: &str) {
    let longest = stage.proxy.asked("faq.json").iter().map(super::proxy::Asked::took).max().unwrap();
    figure(item, format!("longest attempt {longest:.1?}"));
    assert!(longest <= DEADLINE, "{longest:?}");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a5_body_cut_short() {
    let stage = Stage::open().await;
    stage.keeps("A5", "ends too early", only_faq(|| Act::Cut(20))).await;
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a6_length_shorter_than_the_body() {
    let stage = Stage::open().await;
    let short = || Act::edit(|answer| answer.set("content-length", "20"));
    stage.keeps("A6", "is not what its digest says", only_faq(short)).await;
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a7_chunks_without_an_end() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\netag: \"0x1\"\r\nlast-modified: Sun, 06 Nov 1994 08:49:37 GMT\r\ntransfer-encoding: chunked\r\n\r\n";
    let stage = Stage::open().await;
    for rest in ["2\r\n[]\r\n", "zz\r\n[]\r\n0\r\n\r\n", "ffffffffffffffffff\r\n[]"] {
        let stage_of = only_faq(move || Act::Raw([HEAD, rest].concat().into_bytes()));
        stage.publish(FAQ).await;
        stage.until_told("version one", 10 * SECOND).await;
        stage.keeps("A7", "faq.json could not be loaded", stage_of).await;
    }
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a8_one_byte_flipped() {
    let stage = Stage::open().await;
    let flip = || {
        Act::edit(|answer| {
            if let Some(byte) = answer.body.iter_mut().nth_back(5) {
                *byte ^= 1;
            }
        })
    };
    stage.keeps("A8", "is not what its digest says", only_faq(flip)).await;
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a9_access_refused() {
    let stage = Stage::open().await;
    const REFUSED: &str =
        "<Error><Code>AuthenticationFailed</Code><Message>The string to sign was canary</Message></Error>";
    let began = Instant::now();
    stage.proxy.fault(only_faq(|| Act::status(403, &[], REFUSED)));
    stage.publish(faq("meanwhile")).await;
    let ttl = stage.profile.ttl;
    stage.until_logged("the store refuses access (AuthenticationFailed)", 0, ttl + DEADLINE).await;
    sleep(3 * ttl).await;
    assert_eq!((stage.told().await.as_str(), stage.program.status("/readyz").await), ("version one", 200));
    let (asked, lasted) = (stage.proxy.asked_since("faq.json", began).len(), began.elapsed());
    stage.proxy.heal();
    let fresh = stage.until_told("meanwhile", 35 * SECOND).await;
    figure("A9", format!("{asked} attempts in {lasted:.0?}, the last good version served, fresh {fresh:.1?} after"));
    assert!(asked as u128 <= 2 + lasted.as_millis() / ttl.min(30 * SECOND).as_millis(), "{asked} in {lasted:?}");
    assert!(!stage.program.output().contains("canary"));
    let refused = stage.program.metric(r#"blobcast_store_requests_total{result="auth"}"#).await;
    assert!(refused >= 1.0, "{refused}");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a9_key_rotated_in_a_mounted_file() {
    let (azurite, proxy) = super::store().await;
    let (good, mounted) = (super::string(&azurite, &proxy), tempfile::tempdir().unwrap());
    // As a mounted secret changes: in one step.
    let mount = |string: &str| {
        std::fs::write(mounted.path().join("new"), string).unwrap();
        std::fs::rename(mounted.path().join("new"), mounted.path().join("string")).unwrap();
    };
    mount(&good);
    let (file, ttl) = (mounted.path().join("string").display().to_string(), super::Profile::get().ttl);
    let ttl_text = format!("{}s", ttl.as_secs());
    let variables = [("AZURE_STORAGE_CONNECTION_STRING_FILE", file.as_str()), ("BLOBCAST__CACHE__TTL", &ttl_text)];
    let program = crate::program::Program::start(&variables).await;
    program.until_status("/api/faq/1", 200).await;
    let load = super::Load::start(&program.address, &["/api/faq"], super::Profile::get().rate);
    mount(&good.replace("AccountKey=E", "AccountKey=F"));
    program.logged("the store refuses access").await;
    azurite.put("content", "faq.json", faq("rotated").replace("\"id\":1", "\"id\":2"), super::JSON).await;
    mount(&good);
    let picked_up = until(ttl + 2 * SECOND, "fresh", async || program.status("/api/faq/2").await == 200).await;
    let report = load.stop().await;
    figure("A9", format!("the right key taken up {picked_up:.1?} after it was mounted; {report}"));
    assert_eq!(report.failures(), 0, "{report}");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a10_document_deleted_and_restored() {
    let stage = Stage::open().await;
    let limit = stage.profile.ttl + 4 * SECOND;
    stage.azurite.delete("content", "faq.json").await;
    let gone = until(limit, "404", async || stage.program.status("/api/faq").await == 404).await;
    let answer = reqwest::get(format!("{}/api/faq", stage.program.address)).await.unwrap().text().await.unwrap();
    assert!(answer.contains("content-missing"), "{answer}");
    let load = super::Load::start(&stage.program.address, &LISTS[1..], stage.profile.rate);
    sleep(stage.profile.ttl).await;
    stage.publish(FAQ).await;
    let back = until(limit, "200", async || stage.program.status("/api/faq").await == 200).await;
    let others = load.stop().await;
    figure("A10", format!("gone after {gone:.1?}, back after {back:.1?}; the others: {others}"));
    assert_eq!(others.failures(), 0, "{others}");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a12_asked_to_wait() {
    for (status, code) in [(503, "ServerBusy"), (429, "TooManyRequests"), (500, "OperationTimedOut")] {
        let stage = Stage::open().await;
        let body = format!("<Error><Code>{code}</Code></Error>");
        stage.proxy.fault(move |_| Act::status(status, &[("retry-after", "10")], &body));
        stage.until_logged("the store asks to wait", 0, stage.profile.ttl + DEADLINE).await;
        let asked = || {
            stage.proxy.asked("faq.json").into_iter().chain(stage.proxy.asked("news.json")).map(|asked| asked.at).max()
        };
        let quiet = asked().unwrap();
        stage.proxy.heal();
        until(30 * SECOND, "asked again", async || asked().unwrap() > quiet).await;
        let silence = asked().unwrap() - quiet;
        figure("A12", format!("{status} {code}: 0 attempts in {silence:.1?} of the 10 s asked for, then again"));
        assert!(silence >= 9 * SECOND, "{silence:?}");
        assert_eq!(stage.program.status("/api/faq").await, 200);
    }
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a13_half_of_the_answers_fail() {
    let stage = Stage::open().await;
    let mut odd = false;
    let since = Instant::now();
    // Every other answer, so that the figure does not hang on luck.
    stage.proxy.fault(move |_| {
        odd = !odd;
        if odd { Act::status(503, &[], "") } else { Act::Pass }
    });
    let load = stage.load();
    sleep(stage.profile.fault).await;
    let report = load.stop().await;
    let refreshes =
        stage.program.metric(r#"blobcast_content_refreshes_total{collection="faq",result="unchanged"}"#).await;
    let tries = stage.proxy.asked_since("faq.json", since).len();
    figure("A13", format!("{report}; {tries} attempts for {refreshes} refreshes that brought an answer"));
    assert_eq!(report.failures(), 0, "{report}");
    assert!(Duration::from_secs(report.oldest) <= 2 * stage.profile.ttl + SECOND, "{report}");
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a14_redirect_elsewhere() {
    let stage = Stage::open().await;
    let elsewhere = Proxy::before(stage.azurite.port(), "127.0.0.1", 0).await;
    let there = format!("http://127.0.0.1:{}/devstoreaccount1/content/faq.json", elsewhere.port);
    let redirect = move || {
        let there = there.clone();
        Act::edit(move |answer| {
            (answer.status, answer.body) = (302, Vec::new());
            answer.set("location", &there);
        })
    };
    stage.keeps("A14", "faq.json could not be loaded", only_faq(redirect)).await;
    let hits = elsewhere.asked("faq.json").len();
    figure("A14", format!("{hits} requests at the other address"));
    assert_eq!(hits, 0);
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a15_not_modified_without_being_asked() {
    let (azurite, proxy) = super::store().await;
    proxy.fault(only_faq(|| Act::edit(|answer| (answer.status, answer.body) = (304, Vec::new()))));
    let ttl = super::Profile::get().ttl;
    let program = super::serve(&azurite, &proxy, ttl, &[]).await;
    program.logged("not modified, though nothing was known").await;
    assert_eq!(program.status("/api/faq").await, 503);
    proxy.heal();
    let good = until(35 * SECOND, "200", async || program.status("/api/faq").await == 200).await;
    assert!(!proxy.asked("faq.json").last().unwrap().head.contains("if-none-match"), "a full GET");
    figure("A15", format!("503, and served {good:.1?} after it ended"));
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a16_answers_that_are_no_content() {
    let stage = Stage::open().await;
    let page = || {
        Act::status(
            200,
            &[("content-type", "text/html"), ("etag", "\"0x9\""), ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")],
            "<html>Sign in</html>",
        )
    };
    stage.keeps("A16", "faq.json:1:1: ", only_faq(page)).await;
    for status in [204, 206] {
        stage.publish(FAQ).await;
        stage.until_told("version one", 10 * SECOND).await;
        let odd = move || {
            Act::edit(move |answer| {
                answer.status = status;
                if status == 204 {
                    answer.body.clear();
                }
            })
        };
        stage.keeps("A16", "faq.json could not be loaded", only_faq(odd)).await;
    }
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a19_connections_closed_while_idle() {
    let stage = Stage::open().await;
    // Of the same length as the pause between two refreshes: the worst moment.
    stage.proxy.close_idle_after(stage.profile.ttl.mul_f64(0.97));
    let before = failures(&stage).await;
    sleep(5 * stage.profile.ttl + SECOND).await;
    let refreshes =
        stage.program.metric(r#"blobcast_content_refreshes_total{collection="faq",result="unchanged"}"#).await;
    let failed = failures(&stage).await - before;
    figure("A19", format!("{failed} of {refreshes} refreshes of a file failed"));
    assert!(failed == 0.0 && refreshes >= 5.0, "{failed} {refreshes}");
}

async fn failures(stage: &Stage) -> f64 {
    let mut failures = 0.0;
    for collection in ["faq", "news", "events"] {
        let series = format!(r#"blobcast_content_refreshes_total{{collection="{collection}",result="unavailable"}}"#);
        failures += stage.program.metric(&series).await;
    }
    failures
}

#[tokio::test]
#[ignore = "needs Azurite: node and npm"]
async fn a20_store_slow() {
    let stage = Stage::open().await;
    let healthy = stage.load();
    sleep(stage.profile.fault / 4).await;
    let healthy = healthy.stop().await;
    let mut turn = 0;
    stage.proxy.fault(move |_| {
        turn += 1;
        Act::Late(Duration::from_secs([0, 3, 6][turn % 3]))
    });
    let load = stage.load();
    sleep(stage.profile.fault).await;
    let report = load.stop().await;
    figure("A20", format!("{report}; healthy p99 {:.1?}", healthy.percentile(99)));
    assert_eq!(report.failures(), 0, "{report}");
    assert!(Duration::from_secs(report.oldest) <= stage.profile.ttl + 8 * SECOND, "{report}");
    assert!(report.percentile(99) < SECOND, "nobody waits for the store: {report}");
}
