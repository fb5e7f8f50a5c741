//! Threads for the store's workers.
//!
//! A crew is some threads that share some workers: whoever is free takes a worker that has something to
//! do. The log's crew has two threads for writer and syncer, so that one may write while the other syncs,
//! and on an idle store one thread does both without handing over.
//!
//! Invariants:
//! 1. A worker is stepped by one thread at a time, and between two steps not before the time that it named,
//!    unless its signal was raised.
//! 2. After a signal was raised, each worker of its crew is stepped once more from its beginning.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use base::{Clock, Monotonic};
use kv::{Next, Signal, Worker};
use parking_lot::Mutex;

use crate::machine::MachineClock;

/// A worker on which nothing rests is stepped again so long after it panicked.
const BACK_OFF: Duration = Duration::from_secs(5);

/// While another thread of the crew steps a worker, which may take long, one looks after the others' times
/// at least this often.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How much nicer than others threads are whose workers give way: a tenth of the share of the processor.
const NICENESS: i32 = 10;

/// In the place of a time: the worker is being stepped.
const BUSY: u64 = u64::MAX;

/// What is to be done when a worker has panicked on which the store rests: stop the store.
type Fail = Arc<dyn Fn(&str) + Send + Sync>;

/// Threads that step workers until told to stop.
pub(crate) struct Crew {
    fail: Fail,
    stop: Arc<AtomicBool>,
    threads: Vec<Thread>,
}

impl std::fmt::Debug for Crew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crew").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}

struct Thread {
    handle: JoinHandle<()>,
    /// Wakes it, or another of its crew.
    signal: Arc<Signal>,
}

/// One worker, and when it is to be stepped.
struct Post {
    worker: Mutex<Box<dyn Worker>>,
    /// Somebody wanted to step it while another did.
    missed: AtomicBool,
    /// When it is to be stepped next, in nanoseconds; 0 is at once.
    due: AtomicU64,
}

impl Post {
    fn new(worker: Box<dyn Worker>) -> Self {
        Self { worker: Mutex::new(worker), missed: AtomicBool::new(false), due: AtomicU64::new(0) }
    }

    /// When somebody is to look at it next.
    fn due(&self, now: Monotonic) -> Monotonic {
        match self.due.load(Ordering::SeqCst) {
            BUSY => now + LOOK_AGAIN,
            nanos => Duration::from_nanos(nanos),
        }
    }

    /// Steps the worker if it is due or was `woken`. True if it was wanted by another thread meanwhile:
    /// then this one is to step it again.
    fn step(&self, woken: bool, now: Monotonic, fail: &Fail) -> bool {
        if !woken && now < self.due(now) {
            return false;
        }
        let mut worker = match self.worker.try_lock() {
            Some(worker) => worker,
            // It is being stepped, which is all that was wanted of it.
            None if !woken => return false,
            None => {
                self.missed.store(true, Ordering::SeqCst);
                // The other may have let go before it could see the mark.
                let Some(worker) = self.worker.try_lock() else { return false };
                worker
            }
        };
        self.due.store(BUSY, Ordering::SeqCst);
        let stepped = catch_unwind(AssertUnwindSafe(|| worker.step(now)));
        let due = match stepped.unwrap_or_else(|_panic| panicked(&**worker, now, fail)) {
            Next::Again => 0,
            Next::At(at) => u64::try_from(at.as_nanos()).unwrap_or(BUSY).min(BUSY - 1),
        };
        self.due.store(due, Ordering::SeqCst);
        drop(worker);
        self.missed.swap(false, Ordering::SeqCst)
    }
}

/// The panic itself has been written to stderr by now.
fn panicked(worker: &dyn Worker, now: Monotonic, fail: &Fail) -> Next {
    let name = worker.name();
    if worker.is_vital() {
        fail(&format!("the worker `{name}` failed in a way that is our fault"));
    } else {
        let seconds = BACK_OFF.as_secs();
        tracing::error!(
            worker = name,
            "a worker failed in a way that is our fault: please report it; it is tried again in {seconds} s"
        );
    }
    Next::At(now + BACK_OFF)
}

impl Crew {
    /// No threads yet.
    pub(crate) fn new(fail: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { fail: Arc::new(fail), stop: Arc::default(), threads: Vec::new() }
    }

    /// Adds `threads` threads that share `workers`, which wait for the first one's signal.
    pub(crate) fn add(&mut self, workers: Vec<Box<dyn Worker>>, threads: usize) -> Result<()> {
        let name = workers.first().map_or("idle", |worker| worker.name());
        let signal = workers.first().and_then(|worker| worker.signal()).unwrap_or_default();
        let gives_way = workers.iter().all(|worker| worker.gives_way());
        let posts: Arc<[Post]> = workers.into_iter().map(Post::new).collect();
        for number in 0..threads {
            let (posts, stop) = (Arc::clone(&posts), Arc::clone(&self.stop));
            let (waits_for, fail) = (Arc::clone(&signal), Arc::clone(&self.fail));
            let body = move || {
                if gives_way {
                    // Where that is refused the others are slower while much is written, and that is all.
                    let _refused = rustix::process::setpriority_process(None, NICENESS);
                }
                work(&posts, &waits_for, &stop, &fail);
            };
            let handle = Builder::new()
                .name(format!("{name}-{number}"))
                .spawn(body)
                .with_context(|| format!("start a thread for {name}"))?;
            self.threads.push(Thread { handle, signal: Arc::clone(&signal) });
        }
        Ok(())
    }

    /// Tells all to stop and waits until they have.
    pub(crate) fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        for thread in &self.threads {
            thread.signal.raise();
        }
        for thread in self.threads {
            // Panics end in `Post::step`; there is nothing else to hear from a thread.
            let _result = thread.handle.join();
        }
    }
}

/// What a thread of a crew does.
fn work(posts: &[Post], signal: &Signal, stop: &AtomicBool, fail: &Fail) {
    let mut woken = false;
    while !stop.load(Ordering::SeqCst) {
        let now = MachineClock.monotonic();
        let mut missed = false;
        for post in posts {
            missed |= post.step(woken, now, fail);
        }
        if missed {
            woken = true;
            continue;
        }
        let now = MachineClock.monotonic();
        let due = posts.iter().map(|post| post.due(now)).min().unwrap_or(Duration::MAX);
        woken = match due.checked_sub(now) {
            Some(wait) if !wait.is_zero() => signal.wait(wait),
            _ => signal.take(),
        };
    }
    // One raise wakes one thread: passed on to the next.
    signal.raise();
}

#[cfg(test)]
mod tests;
