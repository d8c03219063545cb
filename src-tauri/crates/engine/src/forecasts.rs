//! When the filesystems of each server will be full: asked of the history once an hour, beside the collections, and added to
//! every observation that has read filesystems.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hostrounds_core::forecast::{self, FilesystemForecast, HISTORY, forecast};
use hostrounds_core::history::{Bucket, HistoryQuery};
use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::observation::{Attributes, Observation};
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use hostrounds_store::{Store, StoreError};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::engine::lock;

/// How often the history of a server is asked, more or less: the servers are spread by a tenth of it.
const EVERY: Duration = Duration::from_secs(3600);
/// How soon it is asked again where the store has failed.
const AGAIN: Duration = Duration::from_secs(300);
/// How long a person's collection waits for the first forecast.
const PATIENCE: Duration = Duration::from_secs(2);
/// A forecast that is older than this is not told any more.
const OUTDATED: Duration = Duration::from_secs(24 * 3600);
/// Of so many filesystems of a server, the fullest, the history is asked.
const MOST_FILESYSTEMS: usize = 32;
/// How many of them are asked for at once, so that what is held of their history stays small.
const AT_ONCE: usize = 4;
/// The buckets that a history is asked for: one for each hour.
const BUCKETS: u32 = 28 * 24;

/// Forecasts and when they were made.
pub(crate) type Made = (UnixMillis, Vec<FilesystemForecast>);

/// The forecasts of all servers.
pub(crate) struct Forecasts {
    store: Store,
    cancel: CancellationToken,
    servers: Mutex<HashMap<ServerId, Entry>>,
    /// Held by whoever asks the history: one server at a time.
    turn: tokio::sync::Mutex<()>,
}

struct Entry {
    made: Option<Made>,
    /// When the history is asked next; absent while it is being asked.
    due: Option<Instant>,
}

impl Forecasts {
    pub(crate) fn new(store: Store, cancel: CancellationToken) -> Self {
        Self { store, cancel, servers: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }

    /// The observation with the forecasts of the filesystems that it has read, and makes new ones where that is due. Until the
    /// first ones of this process are made, those count that were `kept` from an earlier one; `waits` for them where a person
    /// does.
    pub(crate) async fn add<'a>(
        self: &Arc<Self>,
        server: ServerId,
        observation: &'a Observation,
        kept: Option<Made>,
        waits: bool,
    ) -> Cow<'a, Observation> {
        let filesystems = fullest(observation);
        if filesystems.is_empty() {
            return Cow::Borrowed(observation);
        }
        if self.begin(server) {
            let making = tokio::spawn(Arc::clone(self).make(server, filesystems, observation.at));
            if waits {
                // It goes on where it takes longer, and the next observation has it.
                let _ = timeout(PATIENCE, making).await;
            }
        }
        let made = lock(&self.servers).get(&server).and_then(|entry| entry.made.clone());
        let is_young = |(at, _): &Made| observation.at.since(*at) <= OUTDATED;
        let Some((at, forecasts)) = made.or(kept).filter(is_young) else { return Cow::Borrowed(observation) };
        let elapsed = observation.at.since(at);
        let aged = |it: FilesystemForecast| FilesystemForecast { forecast: it.forecast.after(elapsed), ..it };
        let mut observation = observation.clone();
        forecast::add(&mut observation, forecasts.into_iter().map(aged).collect());
        Cow::Owned(observation)
    }

    /// A server is gone.
    pub(crate) fn forget(&self, server: ServerId) {
        lock(&self.servers).remove(&server);
    }

    /// Whether new forecasts of a server are to be made; they count as being made from now on.
    fn begin(&self, server: ServerId) -> bool {
        let mut servers = lock(&self.servers);
        let entry = servers.entry(server).or_insert_with(|| Entry { made: None, due: Some(Instant::now()) });
        let is_due = entry.due.is_some_and(|due| due <= Instant::now());
        if is_due {
            entry.due = None;
        }
        is_due
    }

    async fn make(self: Arc<Self>, server: ServerId, filesystems: Vec<Filesystem>, now: UnixMillis) {
        let asking = async {
            let _turn = self.turn.lock().await;
            self.ask(server, filesystems, now).await
        };
        let asked = tokio::select! {
            () = self.cancel.cancelled() => return,
            asked = asking => asked,
        };
        let mut servers = lock(&self.servers);
        let Some(entry) = servers.get_mut(&server) else { return };
        let rest = match asked {
            Ok(forecasts) => {
                entry.made = Some((now, forecasts));
                EVERY.mul_f64(0.9 + 0.2 * rand::random::<f64>())
            }
            Err(error) => {
                tracing::warn!(%error, "the history was not asked when filesystems will be full");
                AGAIN
            }
        };
        entry.due = Some(Instant::now() + rest);
    }

    async fn ask(
        &self,
        server: ServerId,
        filesystems: Vec<Filesystem>,
        now: UnixMillis,
    ) -> Result<Vec<FilesystemForecast>, StoreError> {
        let query = |metric, attributes| {
            let (from, to) = (now.minus(HISTORY), now);
            HistoryQuery { server, metric, attributes, from, to, max_points: BUCKETS }
        };
        let mut forecasts = Vec::new();
        for some in filesystems.chunks(AT_ONCE) {
            let queries: Vec<HistoryQuery> = some
                .iter()
                .flat_map(|Filesystem { place, .. }| {
                    [query(Metric::FilesystemUsage, free_at(place)), query(Metric::FilesystemLimit, place.clone())]
                })
                .collect();
            let mut answers = self.store.ranges(&queries).await?.into_iter();
            for Filesystem { place, free, size } in some {
                // The newest observation, which makes this due, is on its way to the history.
                let mut with = |value: f64| {
                    let known = answers.next().and_then(|mut series| series.pop());
                    let newest = Bucket { start: now, min: value, avg: value, max: value, count: 1 };
                    known.map_or_else(Vec::new, |series| series.buckets).into_iter().chain([newest]).collect::<Vec<_>>()
                };
                let (free, size) = (with(*free), with(*size));
                let name = |attribute| place.get(attribute).unwrap_or_default().to_owned();
                forecasts.extend(forecast(&free, &size, now).map(|forecast| FilesystemForecast {
                    mountpoint: name(attribute::MOUNTPOINT),
                    device: name(attribute::DEVICE),
                    forecast,
                }));
            }
        }
        Ok(forecasts)
    }
}

/// A filesystem as it was read.
struct Filesystem {
    place: Attributes,
    /// Bytes that ordinary users may still take.
    free: f64,
    /// Bytes.
    size: f64,
}

/// The filesystems that an observation has read, the fullest first.
fn fullest(observation: &Observation) -> Vec<Filesystem> {
    let share = |it: &Filesystem| observation.value(Metric::FilesystemUtilization, &it.place).unwrap_or_default();
    let read = observation.of(Metric::FilesystemLimit).filter_map(|point| {
        let place = point.series.attributes.clone();
        let free = observation.value(Metric::FilesystemUsage, &free_at(&place))?;
        Some(Filesystem { place, free, size: point.value })
    });
    let mut filesystems: Vec<(f64, Filesystem)> = read.map(|it| (share(&it), it)).collect();
    filesystems.sort_by(|a, b| b.0.total_cmp(&a.0));
    filesystems.truncate(MOST_FILESYSTEMS);
    filesystems.into_iter().map(|(_, filesystem)| filesystem).collect()
}

/// The series of what is free.
fn free_at(place: &Attributes) -> Attributes {
    place.clone().with(attribute::FILESYSTEM_STATE, "free")
}

#[cfg(test)]
mod tests {
    use hostrounds_core::alert::RuleKind;
    use hostrounds_core::collection::{Collection, CollectionId, CollectionState, Trigger};
    use hostrounds_core::forecast::Forecast;
    use hostrounds_core::observation::Point;
    use hostrounds_core::server::Server;
    use hostrounds_store::Record;

    use super::*;
    use crate::clock;
    use crate::credentials::Keyring;
    use crate::engine::Engine;
    use crate::options::Options;
    use crate::schedule::Ledger as _;
    use crate::visit::News;

    const GB: f64 = 1e9;
    const DAY: Duration = Duration::from_secs(86_400);

    fn place(mount: &str) -> Attributes {
        Attributes::none().with(attribute::MOUNTPOINT, mount).with(attribute::DEVICE, "/dev/sda1")
    }

    /// `/var` of 1000 GB with so many free.
    fn observation(at: UnixMillis, free: f64) -> Observation {
        let state = |state| place("/var").with(attribute::FILESYSTEM_STATE, state);
        let points = [
            Point::new(Metric::FilesystemUsage, state("free"), free * GB),
            Point::new(Metric::FilesystemUsage, state("used"), (1000.0 - free) * GB),
            Point::new(Metric::FilesystemLimit, place("/var"), 1000.0 * GB),
            Point::new(Metric::FilesystemUtilization, place("/var"), 1.0 - free / 1000.0),
        ];
        Observation { points: points.into_iter().flatten().collect(), ..Observation::empty(at) }
    }

    fn collection(state: CollectionState, trigger: Trigger) -> Collection {
        Collection {
            id: CollectionId(1),
            server: ServerId::LOCAL,
            trigger,
            state,
            queued_at: UnixMillis(1),
            started_at: Some(UnixMillis(1)),
            ended_at: (state != CollectionState::Active).then_some(UnixMillis(2)),
            retry_at: None,
            attempts: 1,
            max_attempts: 1,
            stages: Vec::new(),
            failure: None,
            points: 4,
        }
    }

    /// Four weeks of a reading every two hours, in which 20 GB were taken a day and 40 are left.
    async fn fill(store: &Store, now: UnixMillis) {
        let run = collection(CollectionState::Active, Trigger::Schedule);
        let hours = (1..336_u32).map(|it| it * 2);
        let read: Vec<Observation> = hours
            .map(|hours| {
                observation(now.minus(Duration::from_secs(3600) * hours), 40.0 + 20.0 * f64::from(hours) / 24.0)
            })
            .collect();
        let records: Vec<Record<'_>> =
            read.iter().map(|it| Record { collection: &run, observation: Some(it), spent: None }).collect();
        store.record(&records).await.unwrap();
    }

    async fn engine(folder: &std::path::Path) -> (Arc<Engine>, Server) {
        let options = Options { data_dir: folder.to_owned(), notify: false };
        let store = Store::open(&options.database()).await.unwrap();
        let engine = Engine::assemble(options, store, Arc::new(Keyring::new("test".into())), None).await.unwrap();
        let server = engine.board.server(ServerId::LOCAL).unwrap();
        (engine, server)
    }

    /// A person collects; the messages of the alerts on forecasts that fire then.
    async fn collect(engine: &Engine, server: &Server, observation: &Observation) -> Vec<String> {
        let run = collection(CollectionState::Completed, Trigger::Person);
        engine.pipeline.ended(server, &run, Some(observation), News::default()).await;
        let firing = engine.store.firing().await.unwrap();
        firing.into_iter().filter(|it| it.rule == RuleKind::DiskFullIn).map(|it| it.message).collect()
    }

    #[tokio::test]
    async fn weeks_of_history_become_a_forecast_a_metric_and_an_alert_that_ends() {
        let folder = tempfile::tempdir().unwrap();
        let now = clock::now();
        let (first, server) = engine(folder.path()).await;
        fill(&first.store, now).await;
        let fired = collect(&first, &server, &observation(now, 40.0)).await;
        assert_eq!(fired, ["local: disk /var will be full in about 2 days, threshold 3 days"]);
        let latest = first.board.latest(ServerId::LOCAL).unwrap();
        let [told] = &latest.tables.forecasts.unwrap()[..] else { panic!("one forecast") };
        assert_eq!((told.mountpoint.as_str(), told.device.as_str()), ("/var", "/dev/sda1"));
        assert!((told.forecast.full_in / 86_400.0 - 2.0).abs() < 0.2, "{told:?}");
        let query = HistoryQuery {
            server: server.id,
            metric: Metric::FilesystemFullIn,
            attributes: Attributes::none(),
            from: now,
            to: now.plus(DAY),
            max_points: 9,
        };
        let kept = first.store.range(&query).await.unwrap().pop().unwrap();
        assert_eq!(kept.attributes, place("/var"));
        assert_eq!(kept.buckets.iter().map(|it| it.avg).collect::<Vec<_>>(), [told.forecast.full_in]);
        first.shutdown().await;

        // Somebody cleans up.
        let (second, server) = engine(folder.path()).await;
        let later = now.plus(Duration::from_secs(60));
        assert_eq!(collect(&second, &server, &observation(later, 900.0)).await, [""; 0]);
        let ended = second.store.alerts(None, 1).await.unwrap().pop().unwrap();
        let how = ended.resolution.unwrap();
        assert!(how.starts_with("local: disk /var has more time again: full in about 4"), "{how}");
        second.shutdown().await;
    }

    #[tokio::test]
    async fn without_a_trend_there_is_no_value() {
        let folder = tempfile::tempdir().unwrap();
        let (engine, server) = engine(folder.path()).await;
        let observation = observation(clock::now(), 40.0);
        assert_eq!(collect(&engine, &server, &observation).await, [""; 0]);
        let latest = engine.board.latest(ServerId::LOCAL).unwrap();
        assert_eq!(latest.tables.forecasts, Some(vec![]), "somebody has looked");
        assert!(latest.points.iter().all(|it| it.series.metric != Metric::FilesystemFullIn));
        engine.shutdown().await;
    }

    #[tokio::test]
    async fn what_an_earlier_process_has_foreseen_counts_until_there_is_something_new() {
        let folder = tempfile::tempdir().unwrap();
        let (engine, server) = engine(folder.path()).await;
        let now = clock::now();
        let days = |days: f64| days * 86_400.0;
        let forecast = Forecast { full_in: days(5.0), earliest: days(4.0), latest: days(6.0) };
        let kept = FilesystemForecast { mountpoint: "/var".into(), device: "/dev/sda1".into(), forecast };
        let read = observation(now, 40.0);
        let told = |age: Duration| {
            let forecasts = Forecasts::new(engine.store.clone(), engine.cancel.clone());
            let kept = Some((now.minus(age), vec![kept.clone()]));
            let read = &read;
            async move {
                let told = Arc::new(forecasts).add(server.id, read, kept, false).await.into_owned();
                told.value(Metric::FilesystemFullIn, &place("/var")).map(|seconds| seconds / 86_400.0)
            }
        };
        assert_eq!(told(DAY / 2).await, Some(4.5));
        assert_eq!(told(DAY * 2).await, None, "too old");
        engine.shutdown().await;
    }

    #[test]
    fn of_very_many_filesystems_the_fullest_are_looked_at() {
        let mut observation = Observation::empty(UnixMillis(0));
        for number in 0..100_u32 {
            let place = place(&format!("/{number}"));
            let values = [
                (Metric::FilesystemUsage, free_at(&place), 1.0),
                (Metric::FilesystemLimit, place.clone(), 2.0),
                (Metric::FilesystemUtilization, place, f64::from(number) / 100.0),
            ];
            let points = values.into_iter().filter_map(|(metric, place, value)| Point::new(metric, place, value));
            observation.points.extend(points);
        }
        let fullest = fullest(&observation);
        assert_eq!((fullest.len(), fullest.first().map(|it| &it.place)), (MOST_FILESYSTEMS, Some(&place("/99"))));
    }
}
