//! Threads for the store's workers.
//!
//! A crew is some threads that share some workers: whoever is free takes a worker that has something to
//! do. The log's crew has two threads for writer and syncer, so that one may write while the other syncs,
//! and on an idle store one thread does both without handing over.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use base::{Clock, Monotonic};
use kv::{Next, Store, Worker};
use parking_lot::Mutex;

use crate::machine::MachineClock;

/// A worker is looked at again after this long, whatever it says.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Threads that step workers until told to stop.
#[derive(Debug)]
pub(crate) struct Crew {
    store: Store,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

struct Post {
    worker: Mutex<Box<dyn Worker>>,
    /// Somebody wanted to step it while another did.
    missed: AtomicBool,
}

impl Post {
    /// Steps the worker, unless another thread does: that one then steps it again.
    fn step(&self, store: &Store, now: Monotonic) -> Option<Next> {
        let mut worker = match self.worker.try_lock() {
            Some(worker) => worker,
            None => {
                self.missed.store(true, Ordering::SeqCst);
                // The other may have let go before it could see the mark.
                self.worker.try_lock()?
            }
        };
        let next = catch_unwind(AssertUnwindSafe(|| worker.step(now))).unwrap_or_else(|_panic| {
            store.fail(&format_args!(
                "the worker `{}` failed in a way that is our fault",
                worker.name()
            ));
            Next::At(now + LOOK_AGAIN)
        });
        drop(worker);
        if self.missed.swap(false, Ordering::SeqCst) { Some(Next::Again) } else { Some(next) }
    }
}

impl Crew {
    /// No threads yet.
    pub(crate) fn new(store: Store) -> Self {
        Self { store, stop: Arc::default(), threads: Vec::new() }
    }

    /// Adds `threads` threads that share `workers`, which wait for the first one's signal.
    pub(crate) fn add(&mut self, workers: Vec<Box<dyn Worker>>, threads: usize) -> Result<()> {
        let name = workers.first().map_or("idle", |worker| worker.name());
        let post = |worker| Post { worker: Mutex::new(worker), missed: AtomicBool::new(false) };
        let signal = workers.first().and_then(|worker| worker.signal());
        let posts: Arc<[Post]> = workers.into_iter().map(post).collect();
        for number in 0..threads {
            let (posts, stop) = (Arc::clone(&posts), Arc::clone(&self.stop));
            let (signal, store) = (signal.clone(), self.store.clone());
            let body = move || {
                while !stop.load(Ordering::Acquire) {
                    let wait = round(&posts, &store);
                    match &signal {
                        Some(signal) if !wait.is_zero() => signal.wait(wait),
                        None if !wait.is_zero() => std::thread::sleep(wait),
                        _ => {}
                    }
                }
            };
            let thread = Builder::new().name(format!("{name}-{number}")).spawn(body);
            self.threads.push(thread.with_context(|| format!("start a thread for {name}"))?);
        }
        Ok(())
    }

    /// Tells all to stop and waits until they have.
    pub(crate) fn stop(self) {
        self.stop.store(true, Ordering::Release);
        for thread in self.threads {
            // Panics end in `Post::step`; there is nothing else to hear from a thread.
            let _result = thread.join();
        }
    }
}

/// Steps each worker once; how long there is nothing to do.
fn round(posts: &[Post], store: &Store) -> Duration {
    let now = MachineClock.monotonic();
    let mut wait = LOOK_AGAIN;
    for post in posts {
        wait = match post.step(store, now) {
            Some(Next::Again) => Duration::ZERO,
            Some(Next::At(at)) => wait.min(at.saturating_sub(now)),
            None => wait,
        };
    }
    wait
}
