//! A store in memory, for tests of what commands do with it.

use std::sync::Arc;
use std::time::Duration;

use base::rng::SplitMix64;
use base::{Event, HandClock, Namespace, StoreId, StoreTime, Tenant};
use kv::{Attempt, Ground, Handle, Layer, Object, Place, Start, Store, Txn, Worker};
use log::{FileLog, Log, SimulatedMedium};
use tables::{ModelTables, Tables};

use crate::error::Error;

/// A store in memory, with workers that are stepped by hand.
pub(crate) struct World {
    pub(crate) store: Store,
    handle: Handle,
    workers: Vec<Box<dyn Worker>>,
}

impl World {
    pub(crate) fn new(settings: kv::Settings) -> Self {
        let observer: Arc<dyn base::Observer> = Arc::new(|_: &Event| {});
        let tables: Arc<dyn Tables> = Arc::new(ModelTables::new());
        let (log, found) = FileLog::open(
            Arc::new(SimulatedMedium::new(1)),
            log::Settings {
                segment_bytes: 8 << 20,
                history_bytes: 0,
                history_age_ms: 0,
                disk_free_bytes_min: 0,
            },
            StoreId(*b"a store for test"),
            tables.applied(),
            StoreTime(HandClock::BEGIN_MS),
            Arc::clone(&observer),
        )
        .unwrap();
        let log: Arc<dyn Log> = Arc::new(log);
        let ground =
            Ground { settings, log, tables, observer, machine: Arc::new(HandClock::default()) };
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
        Self { store, handle, workers }
    }

    pub(crate) fn step(&mut self) {
        let marks = self.store.watermarks();
        marks.demand(kv::Level::Durable, marks.queued());
        marks.demand(kv::Level::Applied, marks.queued());
        for worker in &mut self.workers {
            worker.step(Duration::ZERO);
        }
    }

    /// Runs a transaction over the string `s`; the number of rounds it took, too.
    pub(crate) fn transact<R>(
        &mut self,
        mut closure: impl FnMut(&mut Txn<'_>, Object) -> Result<R, Error>,
    ) -> (Result<R, Error>, u32) {
        self.run(b"s", 0, |txn| {
            let object = txn.open(Place::FIRST, Layer::Redis, b"s")?;
            closure(txn, object)
        })
    }

    /// Runs a transaction that names one object, with a seed for its random numbers.
    pub(crate) fn run<R>(
        &mut self,
        id: &[u8],
        seed: u64,
        mut closure: impl FnMut(&mut Txn<'_>) -> Result<R, Error>,
    ) -> (Result<R, Error>, u32) {
        let mut plan = self.store.plan(Duration::from_secs(1));
        let place = plan.namespace(&self.handle);
        plan.set_seed(seed);
        plan.name(place, Layer::Redis, |out| out.extend_from_slice(id));
        plan.expect_bytes(1 << 20);
        for _ in 0..100 {
            // A second round may read as much as it likes, wherever it runs.
            plan.is_long();
            let attempt = self.store.attempt(&mut plan, |txn| match closure(txn) {
                Ok(result) => Ok(Ok(result)),
                Err(Error::Stop(stop)) => Err(stop),
                Err(reply) => Ok(Err(reply)),
            });
            match attempt {
                Attempt::Done(result, _) => {
                    let rounds = plan.rounds();
                    self.step();
                    return (result, rounds);
                }
                Attempt::Again(wants) => drop(self.store.load(&mut plan, wants).unwrap()),
                Attempt::Busy => self.step(),
                Attempt::Refused(refusal, _) => return (Err(refusal.into()), plan.rounds()),
            }
        }
        panic!("the transaction does not come to an end");
    }

    /// Steps the workers until nothing is in memory.
    pub(crate) fn forget(&mut self) {
        for _ in 0..1_000_000 {
            if self.store.resident_bytes() == 0 {
                return;
            }
            self.step();
        }
        panic!("the object does not leave memory");
    }
}

pub(crate) fn noise(rng: &mut SplitMix64, len: usize) -> Vec<u8> {
    (0..len).map(|_| rng.draw().to_le_bytes()[0]).collect()
}
