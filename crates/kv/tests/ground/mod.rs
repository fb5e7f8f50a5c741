//! A store in memory, whose workers are stepped by hand and whose rows can be looked at.

#![allow(dead_code, reason = "each test file takes what it needs")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::ops::Bound::{self, Unbounded};
use std::sync::Arc;
use std::time::Duration;

use base::codec::Reader;
use base::{Clock, Event, Generation, HandClock, Namespace, Sequence, StoreId, StoreTime, Tenant};
use groundsill_kv::{
    Attempt, AuditBounds, Ground, Handle, Layer, Level, Next, Object, Place, Plan, Refusal,
    Scanned, Settings, Start, Stop, Store, Txn, Worker, audit,
};
use log::{Change, FileLog, Log, Record, SimulatedMedium};
use tables::{ModelTables, Tables};

const STORE: StoreId = StoreId(*b"a store for test");

/// What a transaction is given up after.
pub(crate) const PATIENCE: Duration = Duration::from_hours(1);

/// An open store and all that it stands on.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) handle: Handle,
    pub(crate) hands: Arc<HandClock>,
    medium: SimulatedMedium,
    tables: Arc<ModelTables>,
    pub(crate) log: Arc<dyn Log>,
    settings: Settings,
    workers: Vec<Box<dyn Worker>>,
}

impl World {
    pub(crate) fn new(settings: Settings) -> Self {
        Self::over(settings, |tables| tables)
    }

    /// A new store that sees its tables through what `wrap` puts around them.
    pub(crate) fn over(
        settings: Settings,
        wrap: impl FnOnce(Arc<dyn Tables>) -> Arc<dyn Tables>,
    ) -> Self {
        let tables = Arc::new(ModelTables::new());
        let seen = wrap(Arc::<ModelTables>::clone(&tables));
        Self::open(SimulatedMedium::new(1), (tables, seen), settings, Arc::default()).settled()
    }

    fn open(
        medium: SimulatedMedium,
        (tables, seen): (Arc<ModelTables>, Arc<dyn Tables>),
        settings: Settings,
        hands: Arc<HandClock>,
    ) -> Self {
        let observer: Arc<dyn base::Observer> = Arc::new(|_: &Event| {});
        let bounds = log::Settings {
            segment_bytes: 4 << 20,
            history_bytes: 1 << 30,
            history_age_ms: u64::MAX,
            disk_free_bytes_min: 0,
        };
        let (log, found) = FileLog::open(
            Arc::new(medium.clone()),
            bounds,
            STORE,
            tables.applied(),
            StoreTime(hands.wall_ms()),
            Arc::clone(&observer),
        )
        .unwrap();
        let log: Arc<dyn Log> = Arc::new(log);
        let ground = Ground {
            settings,
            log: Arc::clone(&log),
            tables: seen,
            observer,
            machine: Arc::clone(&hands) as Arc<dyn Clock>,
        };
        let start = Start {
            last: found.last,
            next: found.next,
            generations: found.generations,
            time: found.time,
            files_bytes: found.files_bytes,
        };
        let (store, workers) = Store::open(ground, start).unwrap();
        let workers = workers.into_iter().collect();
        let handle = store.namespace(Tenant(0), Namespace(0)).unwrap();
        Self { store, handle, hands, medium, tables, log, settings, workers }
    }

    fn settled(mut self) -> Self {
        self.settle();
        self
    }

    /// The same store after its process was killed.
    pub(crate) fn reopened(mut self) -> Self {
        self.settle();
        self.reopened_over(|tables| tables).settled()
    }

    /// The same at once, whose workers have done nothing yet, seeing its tables through what `wrap` puts around them.
    pub(crate) fn reopened_over(
        self,
        wrap: impl FnOnce(Arc<dyn Tables>) -> Arc<dyn Tables>,
    ) -> Self {
        let (medium, tables) = (self.medium.kill(), Arc::new(self.tables.crash()));
        let seen = wrap(Arc::<ModelTables>::clone(&tables));
        Self::open(medium, (tables, seen), self.settings, self.hands)
    }

    /// Has the next open go by other settings.
    pub(crate) fn settings(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Sets how many bytes of the log's disk are free.
    pub(crate) fn leave_free(&self, bytes: u64) {
        self.medium.set_free(log::Free { bytes, inodes: 1 << 20 });
    }

    /// Steps every worker once.
    pub(crate) fn step(&mut self) {
        let now = self.hands.monotonic();
        for worker in &mut self.workers {
            worker.step(now);
        }
    }

    /// Steps one worker once.
    pub(crate) fn step_one(&mut self, name: &str) -> Next {
        let now = self.hands.monotonic();
        let worker = self.workers.iter_mut().find(|worker| worker.name() == name).unwrap();
        worker.step(now)
    }

    /// Steps the workers until all that was queued is in the tables.
    pub(crate) fn settle(&mut self) {
        for _ in 0..10_000 {
            let marks = self.store.watermarks();
            let queued = marks.queued();
            marks.demand(Level::Durable, queued);
            marks.demand(Level::Applied, queued);
            self.step();
            if queued == self.store.watermarks().queued()
                && self.store.has_reached(Level::Applied, queued)
                && self.store.has_reached(Level::Durable, queued)
            {
                self.audit();
                return;
            }
            self.hands.turn(1);
        }
        panic!("the workers do not come to rest");
    }

    pub(crate) fn plan(&self, names: &[&str]) -> Plan {
        let mut plan = self.store.plan(PATIENCE);
        let place = plan.namespace(&self.handle);
        for name in names {
            plan.name(place, Layer::Redis, |id| id.extend_from_slice(name.as_bytes()));
        }
        plan
    }

    /// Runs a transaction to its end; its commit, if it made one.
    pub(crate) fn transact<R>(
        &mut self,
        mut closure: impl FnMut(&mut Txn<'_>) -> Result<R, Stop>,
    ) -> Result<(R, Option<Sequence>), Refusal> {
        let mut plan = self.plan(&[]);
        for _ in 0..100 {
            match self.store.attempt(&mut plan, &mut closure) {
                Attempt::Done(result, receipt) => return Ok((result, receipt.commit)),
                Attempt::Refused(refusal, _) => return Err(refusal),
                Attempt::Again(wants) => drop(self.store.load(&mut plan, wants).unwrap()),
                Attempt::Busy => self.step(),
            }
        }
        panic!("the transaction does not come to an end");
    }

    /// As [`World::transact`], where nothing is refused and something changes: the changes, as they
    /// are in the log.
    pub(crate) fn changes(
        &mut self,
        closure: impl FnMut(&mut Txn<'_>) -> Result<(), Stop>,
    ) -> Vec<Row> {
        let ((), commit) = self.transact(closure).unwrap();
        self.settle();
        let sequence = commit.expect("nothing was changed");
        for frame in self.log.read(sequence).unwrap() {
            for record in frame.unwrap().records() {
                if let Record::Commit { sequence: at, changes, .. } = record.unwrap()
                    && at == sequence
                {
                    return changes.map(|change| Row::of(&change.unwrap())).collect();
                }
            }
        }
        panic!("commit {sequence} is not in the log");
    }

    /// Memtables that were written to disk.
    pub(crate) fn flushes(&self) -> u64 {
        self.tables.stats().flushes
    }

    /// Rows of the tables.
    pub(crate) fn rows(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let view = self.tables.view();
        let rows = view.range(Unbounded, Unbounded).map(Result::unwrap);
        rows.map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
    }

    /// The rows of the tables fit one another, half-reclaimed as they may be.
    fn audit(&self) {
        audit_rows(&self.tables);
    }

    /// So do those that are on disk.
    pub(crate) fn audit_disk(&self) {
        audit_rows(&self.tables.crash());
    }

    /// Steps the workers until the tables hold nothing that is owed.
    pub(crate) fn reclaim(&mut self) {
        for _ in 0..10_000 {
            self.settle();
            if self.rows().iter().all(|(key, _)| key[0] != 3) {
                return;
            }
            self.hands.turn(10);
        }
        panic!("something stays owed");
    }

    /// For each generation that is in the tables: how many rows of it a header row tells of, and how
    /// many there are.
    pub(crate) fn generations(&self) -> BTreeMap<u64, (u64, u64)> {
        let mut generations: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        for (key, value) in self.rows() {
            match key[0] {
                1 => {
                    if let Some((generation, count)) = split_header(&value) {
                        generations.entry(generation).or_default().0 += count;
                    }
                }
                2 => {
                    let generation = u64::from_be_bytes(key[9..17].try_into().unwrap());
                    generations.entry(generation).or_default().1 += 1;
                }
                _ => {}
            }
        }
        generations
    }
}

/// Generation and number of rows, of the header row of a split object in the tables.
fn split_header(row: &[u8]) -> Option<(u64, u64)> {
    let mut reader = Reader::new(row);
    reader.u64("commit").unwrap();
    reader.u8("type").unwrap();
    let flags = reader.u8("flags").unwrap();
    if flags & 1 != 0 {
        reader.varint("deadline").unwrap();
    }
    (flags & 2 != 0).then(|| (reader.varint("generation").unwrap(), reader.varint("rows").unwrap()))
}

/// A change, without the numbers that differ from run to run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Row {
    /// The header row of an object is written.
    Header(String),
    /// The header row of an object is removed.
    NoHeader(String),
    /// A row of a generation is written or removed.
    Content(String),
    /// A generation is owed.
    Owed,
    /// The number of objects grows.
    Keys(i64),
    /// A row of the expiry index is written.
    Expiry(String),
    /// Something else.
    Other(Vec<u8>),
}

impl Row {
    fn of(change: &Change<'_>) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match *change {
            Change::Put { key: [1, rest @ ..], .. } => Self::Header(text(&rest[8..])),
            Change::Remove { key: [1, rest @ ..] } => Self::NoHeader(text(&rest[8..])),
            Change::Put { key: [2, rest @ ..], .. } | Change::Remove { key: [2, rest @ ..] } => {
                Self::Content(text(&rest[16..]))
            }
            Change::Put { key: [3, 1, ..], .. } => Self::Owed,
            Change::Put { key: [4, rest @ ..], .. } => Self::Expiry(text(&rest[16..])),
            Change::Add { delta, .. } => Self::Keys(delta),
            Change::Put { key, .. } | Change::Remove { key } => Self::Other(key.to_vec()),
        }
    }
}

/// The rows of tables fit one another.
fn audit_rows(tables: &ModelTables) {
    let view = tables.view();
    let scan = |from: Bound<&[u8]>, to: Bound<&[u8]>| -> Scanned<'_> { view.range(from, to) };
    let bounds = AuditBounds {
        applied: view.applied(),
        ceiling: Generation(u64::MAX),
        records_of: |_| None,
    };
    let found = audit(&scan, &bounds).unwrap();
    assert_eq!(found.faults, []);
}

/// Opens an object of the only namespace.
pub(crate) fn open(txn: &mut Txn<'_>, name: &str) -> Result<Object, Stop> {
    txn.open(Place::FIRST, Layer::Redis, name.as_bytes())
}
