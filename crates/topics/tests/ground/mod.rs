//! A store in memory, whose workers are stepped by hand, with one namespace for topics.

#![allow(dead_code, reason = "each test file takes what it needs")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::sync::Arc;
use std::time::Duration;

use base::{Clock, Event, HandClock, Namespace, StoreId, StoreTime, Tenant};
use groundsill_topics::partition::{self, Appended, Head};
use kv::{
    Attempt, Ground, Handle, Layer, Level, Place, Refusal, Settings, Start, Stop, Store, Txn,
    Worker,
};
use log::{FileLog, Log, SimulatedMedium};
use tables::{ModelTables, Tables};
use wire::kafka::batch::{Batch, NewRecord, write_batch};

/// An open store and all that it stands on.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) handle: Handle,
    medium: SimulatedMedium,
    tables: Arc<ModelTables>,
    workers: Vec<Box<dyn Worker>>,
    hands: Arc<HandClock>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::open(SimulatedMedium::new(1), Arc::new(ModelTables::new()), Arc::default())
    }

    fn open(medium: SimulatedMedium, tables: Arc<ModelTables>, hands: Arc<HandClock>) -> Self {
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
            StoreId(*b"a store for test"),
            tables.applied(),
            StoreTime(hands.wall_ms()),
            Arc::clone(&observer),
        )
        .unwrap();
        let ground = Ground {
            settings: Settings::default(),
            log: Arc::new(log) as Arc<dyn Log>,
            tables: Arc::clone(&tables) as Arc<dyn Tables>,
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
        let handle = store.namespace(Tenant(0), Namespace(0)).unwrap();
        let workers = workers.into_iter().collect();
        let mut world = Self { store, handle, medium, tables, workers, hands };
        world.settle();
        world
    }

    /// The same store after its process was killed.
    pub(crate) fn reopened(mut self) -> Self {
        self.settle();
        let (medium, tables) = (self.medium.kill(), Arc::new(self.tables.crash()));
        Self::open(medium, tables, self.hands)
    }

    /// Steps the workers until all that was queued is in the tables.
    pub(crate) fn settle(&mut self) {
        let queued = self.store.watermarks().queued();
        self.step_until(|store| {
            store.watermarks().demand(Level::Durable, queued);
            let reached = |level| store.has_reached(level, queued);
            reached(Level::Applied) && reached(Level::Durable)
        });
    }

    /// Steps the workers until something holds.
    pub(crate) fn step_until(&mut self, holds: impl Fn(&Store) -> bool) {
        for _ in 0..10_000 {
            if holds(&self.store) {
                return;
            }
            self.hands.turn(1);
            for worker in &mut self.workers {
                worker.step(self.hands.monotonic());
            }
        }
        panic!("the workers do not get there");
    }

    /// Runs a transaction to its end.
    pub(crate) fn transact<R>(
        &mut self,
        mut closure: impl FnMut(&mut Txn<'_>, Place) -> Result<R, Stop>,
    ) -> Result<R, Refusal> {
        let mut plan = self.store.plan(Duration::from_hours(1));
        let place = plan.namespace(&self.handle);
        for _ in 0..100 {
            match self.store.attempt(&mut plan, |txn| closure(txn, place)) {
                Attempt::Done(result, _) => return Ok(result),
                Attempt::Refused(refusal, _) => return Err(refusal),
                Attempt::Again(wants) => drop(self.store.load(&mut plan, wants).unwrap()),
                Attempt::Busy => self.settle(),
            }
        }
        panic!("the transaction does not come to an end");
    }

    /// Produces a batch in a transaction of its own; where it is, or the code of the refusal.
    pub(crate) fn produce(
        &mut self,
        topic: &[u8],
        number: u32,
        bytes: &[u8],
    ) -> Result<u64, &'static str> {
        let batch = Batch::parse(bytes).unwrap();
        batch.check_produced().unwrap();
        let produced =
            self.transact(|txn, place| partition::produce(txn, place, topic, number, &batch));
        produced.map(|Appended { base, .. }| base).map_err(|refusal| refusal.code)
    }

    pub(crate) fn head(&mut self, topic: &[u8], number: u32) -> Result<Head, &'static str> {
        let head = self.transact(|txn, place| partition::head(txn, place, topic, number));
        head.map_err(|refusal| refusal.code)
    }

    /// First and last offset of each batch of a partition, as its bytes say and as it is found under.
    pub(crate) fn batches(&mut self, topic: &[u8], number: u32) -> Vec<(u64, u64)> {
        let head = self.head(topic, number).unwrap();
        self.settle();
        let all = (usize::MAX, usize::MAX);
        let found = self.store.read_records(&self.handle, Layer::Topics, head.records, &[], all);
        let range = |record: kv::StoredRecord| {
            let (_, at) = partition::split_record(&record.value).unwrap();
            let header = *Batch::parse(&record.value[at..]).unwrap().header();
            let last = u64::from_be_bytes((*record.suffix).try_into().unwrap());
            assert_eq!(header.last_offset().cast_unsigned(), last);
            (header.base_offset.cast_unsigned(), last)
        };
        found.unwrap().into_iter().map(range).collect()
    }
}

/// A batch of so many records, with times from `time_ms` on.
pub(crate) fn batch(count: i64, time_ms: i64) -> Vec<u8> {
    let record = |delta: i64| NewRecord {
        timestamp_ms: time_ms + delta,
        key: None,
        value: Some(b"value"),
        headers: &[],
    };
    let records: Vec<_> = (0..count).map(record).collect();
    let mut bytes = Vec::new();
    write_batch(&records, &mut bytes).unwrap();
    bytes
}

/// The same from an idempotent producer.
pub(crate) fn numbered(count: i64, id: i64, epoch: i16, sequence: i32) -> Vec<u8> {
    let mut bytes = batch(count, 0);
    bytes[43..51].copy_from_slice(&id.to_be_bytes());
    bytes[51..53].copy_from_slice(&epoch.to_be_bytes());
    bytes[53..57].copy_from_slice(&sequence.to_be_bytes());
    let checksum = crc32c::crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&checksum.to_be_bytes());
    bytes
}
