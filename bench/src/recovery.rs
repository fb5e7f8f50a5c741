//! How long until it is ready again after SIGKILL, with as much log to replay as there can be?
//!
//! Unit: seconds from the start of the process to 200 at `/readyz`, and mebibytes that were replayed.
//! Expected from a sketch: the memtable is sealed when half of 256 MiB of log is not yet in tables on disk,
//! so about 128 MiB and what is written until the flush has ended; at 100 MiB a second and more, under two
//! seconds.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::client::{Client, put_request};
use crate::disk::print_sync_time;
use crate::open_loop::join;
use crate::progress::Progress;
use crate::server::{Kind, Mode, Server, Setup};
use crate::stop;

/// Measure how long ours takes to be ready after SIGKILL, with its log at the bound.
///
/// It is loaded until a memtable has just been sealed because of the log's length, and killed before that
/// has been flushed; so few keys are written, over and over, that its own length does not seal it. A write
/// that was acknowledged last has to be there again.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Times that it is loaded and killed
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Different keys
    #[arg(long, default_value_t = 10_000)]
    keys: u64,
    /// Bytes of a value
    #[arg(long, default_value_t = 64)]
    value: usize,
}

/// Connections that load, and requests that each sends at once.
const CONNECTIONS: u64 = 8;
const BATCH: u64 = 100;

/// Bytes that a commit takes in the log beside its value, about.
const COMMIT_BYTES: u64 = 60;

/// Log of which half seals the memtable (`docs/operations.md`: at most about 256 MiB are replayed).
const BOUND_BYTES: u64 = 256 << 20;

const SETUP: Setup<'static> = Setup { kind: Kind::Groundsill, mode: Mode::Durable, memory: None };

pub(crate) fn run(args: &Args) -> Result<()> {
    println!(
        "{} rounds, each writes about {} MiB of log and kills the server",
        args.rounds,
        BOUND_BYTES >> 21
    );
    print_sync_time()?;
    println!(
        "{:>5} | {:>10} {:>12} {:>8} {:>12}",
        "round", "commits", "MiB replayed", "ready s", "MiB/s"
    );
    for round in 1..=args.rounds {
        let mut server = Server::start(SETUP)?;
        let commits = load(&server, args)?;
        let marked = Client::connect(server.port)?.send(&[&["SET", "marker", "was answered"]])?;
        if marked != "+OK" {
            bail!("SET answered {marked}");
        }
        let took = server.restart(SETUP)?.as_secs_f64();
        let replayed = server.replayed_mib()?;
        let mut client = Client::connect(server.port)?;
        client.send(&[&["GET", "marker"]])?;
        if client.body() != b"was answered" {
            bail!("a write that was acknowledged is gone: this is a defect, not a figure");
        }
        println!(
            "{round:>5} | {commits:>10} {replayed:>12} {took:>8.2} {:>12.0}",
            replayed as f64 / took
        );
    }
    Ok(())
}

/// Writes until the log is at its bound; how many commits that took.
fn load(server: &Server, args: &Args) -> Result<u64> {
    let (is_enough, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let value = vec![b'x'; args.value];
    let work = |number: u64| -> Result<()> {
        let mut client = Client::connect(server.port)?;
        let (mut requests, mut at) = (Vec::new(), number);
        while !is_enough.load(Ordering::Relaxed) {
            requests.clear();
            for _ in 0..BATCH {
                let key = format!("key:{:012}", at % args.keys);
                put_request(&mut requests, &[b"SET", key.as_bytes(), &value]);
                at += CONNECTIONS;
            }
            client.exchange(&requests, usize::try_from(BATCH).unwrap_or(0))?;
            done.fetch_add(BATCH, Ordering::Relaxed);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> =
            (0..CONNECTIONS).map(|number| scope.spawn(move || work(number))).collect();
        let watched = watch(server, args, &done);
        is_enough.store(true, Ordering::Relaxed);
        threads.into_iter().try_for_each(|thread| join(thread.join()))?;
        watched
    })?;
    Ok(done.into_inner())
}

/// Returns when a memtable is sealed, or was flushed so quickly that it was not seen and as much has been
/// written again.
fn watch(server: &Server, args: &Args, done: &AtomicU64) -> Result<()> {
    let bytes_of = |commits: u64| commits * (args.value as u64 + COMMIT_BYTES);
    let half = BOUND_BYTES / 2;
    let mut progress = Progress::new("writing log", half as f64);
    let (mut flushes, mut flushed_at) = (0.0, 0);
    loop {
        stop::sleep(Duration::from_millis(20))?;
        let written = done.load(Ordering::Relaxed);
        let [sealed, now] =
            server.metrics(["groundsill_tables_sealed", "groundsill_tables_flushes_total"])?;
        if now > flushes {
            (flushes, flushed_at) = (now, written);
        }
        let since = bytes_of(written - flushed_at);
        progress.show(since as f64, &format!("{} MiB since the last flush", since >> 20));
        if sealed > 0.0 || (flushes > 0.0 && since >= nearly(half)) {
            return Ok(());
        }
    }
}

/// A little less, so that it is killed before the next flush.
const fn nearly(bytes: u64) -> u64 {
    bytes / 10 * 9
}
