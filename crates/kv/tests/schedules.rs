//! Who waits for a sync is woken, whatever the order in which threads run.
//!
//! The modules that decide it are compiled here a second time, as they are, with the locks and atomics of a checker
//! that runs them by one schedule after the other. It takes all of them for sequentially consistent; what the
//! processor may reorder beyond that, it does not see. The simulation steps one thread, and sees none of it.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "of what is compiled again, a part is used"
)]
#![allow(unfulfilled_lint_expectations, reason = "and lints expect another crate around it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

#[path = "checked/primitives.rs"]
mod primitives;
#[path = "checked/shard.rs"]
mod shard;
#[path = "../src/signal.rs"]
mod signal;
#[path = "../src/workers/syncer.rs"]
mod syncer;
#[path = "../src/unsynced.rs"]
mod unsynced;
#[path = "../src/watermark.rs"]
mod watermark;
#[path = "../src/worker.rs"]
mod worker;

/// All that the modules ask of the store's errors.
mod error {
    #[derive(Debug)]
    pub enum Error {
        Unknown,
    }
}

use std::panic::catch_unwind;
use std::sync::Arc;
use std::time::Duration;

use base::Monotonic;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, Runner, future, thread};

use shard::Shard;
use signal::Signal;
use syncer::Syncer;
use watermark::Level;
use worker::{Next, Worker};

/// Steps a worker as the binary does, until so many commits are durable.
fn work(mut worker: impl Worker, shard: &Shard, commits: u64) {
    let signal = worker.signal().unwrap();
    while shard.watermarks.at(Level::Durable).0 < commits {
        if worker.step(Duration::ZERO) != Next::Again {
            signal.wait(Duration::from_secs(1));
        }
    }
}

/// Clients that each make a commit and wait until it is durable, `each` times, beside a syncer.
fn sync_for(clients: u64, each: u64, syncer: impl FnOnce(Arc<Shard>) -> Box<dyn Worker>) {
    let shard = Arc::new(Shard::new());
    let threads: Vec<_> = (0..clients)
        .map(|_| {
            let shard = Arc::clone(&shard);
            thread::spawn(move || {
                for _ in 0..each {
                    let sequence = shard.commit();
                    future::block_on(shard.watermarks.reached(Level::Durable, sequence)).unwrap();
                }
            })
        })
        .collect();
    work(Boxed(syncer(Arc::clone(&shard))), &shard, clients * each);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

struct Boxed(Box<dyn Worker>);

impl Worker for Boxed {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn step(&mut self, now: Monotonic) -> Next {
        self.0.step(now)
    }

    fn signal(&self) -> Option<Arc<Signal>> {
        self.0.signal()
    }
}

/// Runs it by every schedule that the scheduler gives; how many there were.
fn check(scheduler: impl Scheduler + 'static, body: impl Fn() + Send + Sync + 'static) -> usize {
    let mut config = Config::new();
    config.silence_warnings = true;
    Runner::new(scheduler, config).run(body)
}

/// A syncer that goes to rest without a second look: it misses who asked while it still seemed to sync.
struct Hasty(Syncer, Arc<Shard>);

impl Worker for Hasty {
    fn name(&self) -> &'static str {
        "hasty"
    }

    fn step(&mut self, now: Monotonic) -> Next {
        if self.1.watermarks.is_demanded(Level::Durable) {
            return self.0.step(now);
        }
        self.1.watermarks.set_syncing(false);
        Next::At(now)
    }

    fn signal(&self) -> Option<Arc<Signal>> {
        self.0.signal()
    }
}

/// Of each kind of schedule; the seed is fixed, so that the outcome is.
const SCHEDULES: usize = 5_000;
const SEED: u64 = 7;

#[test]
fn nobody_who_demands_a_sync_is_missed() {
    for clients in [1, 3] {
        let body = move || sync_for(clients, 2, |shard| Box::new(Syncer::new(shard)));
        assert_eq!(check(RandomScheduler::new_from_seed(SEED, SCHEDULES), body), SCHEDULES);
        for changes in 1..=4 {
            let scheduler = PctScheduler::new_from_seed(SEED, changes, SCHEDULES);
            assert_eq!(check(scheduler, body), SCHEDULES);
        }
    }
}

#[test]
fn a_syncer_that_does_not_look_again_is_found_out() {
    let found = catch_unwind(|| {
        check(PctScheduler::new_from_seed(SEED, 3, SCHEDULES), || {
            sync_for(1, 2, |shard| Box::new(Hasty(Syncer::new(Arc::clone(&shard)), shard)));
        })
    });
    let why = found.unwrap_err();
    let why = why.downcast_ref::<String>().cloned().unwrap_or_default();
    assert!(why.contains("deadlock"), "{why}");
}
