//! How long does a GET take when the key is not in memory?
//!
//! Unit: microseconds of one GET on one connection without a pipeline, beside the same for a key that is in
//! memory: the difference is the way to the loader thread, the read of the tables, and the way back.
//! Expected from a sketch: a block of 4 KiB from the page cache, a binary search in it, and two hand-overs
//! between threads: tens of microseconds; from the disk, what a read of it costs.
//!
//! Two cases: data several times the memory that the server may use, where most GETs miss; and small keys
//! after a restart, where each first GET misses.

use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::client::Client;
use crate::disk::print_sync_time;
use crate::fill::{fill, put_set};
use crate::histogram::Histogram;
use crate::progress::Progress;
use crate::scatter::Scatter;
use crate::server::{Kind, Mode, Server, Setup};
use crate::stop;

/// Measure GETs of keys that are not in memory.
///
/// `--memory` makes the memory small by hand, which is the only way to have data several times its size
/// in reasonable time; the restart case has the default.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Memory that the server may use in the first case, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    memory: u64,
    /// How many times that the data is
    #[arg(long, default_value_t = 5)]
    times: u64,
    /// Bytes of a value in the first case
    #[arg(long, default_value_t = 1000)]
    value: usize,
    /// Keys in the second case, with values of 64 bytes
    #[arg(long, default_value_t = 5_000_000)]
    small_keys: u64,
    /// GETs of each measurement
    #[arg(long, default_value_t = 50_000)]
    gets: u64,
}

/// Bytes of a value in the second case.
const SMALL_BYTES: usize = 64;

/// Times of loads from the tables.
const LOADS: &str = "groundsill_load_seconds";

/// GETs of one key that is in memory, for comparison.
const HOT_GETS: u64 = 5_000;

pub(crate) fn run(args: &Args) -> Result<()> {
    let keys = ((args.times * args.memory) << 20) / args.value.max(1) as u64;
    println!(
        "loads {keys} keys of {} bytes and then {} small ones: about {} MiB of disk",
        args.value,
        args.small_keys,
        2 * args.times * args.memory + ((args.small_keys * 600) >> 20)
    );
    print_sync_time()?;
    println!(
        "{:<34} {:>7} {:>9} {:>9} {:>9} {:>10} {:>12}",
        "", "found", "p50 us", "p99 us", "p999 us", "in memory", "us of a load"
    );
    beyond_memory(args, keys)?;
    after_restart(args)
}

fn beyond_memory(args: &Args, keys: u64) -> Result<()> {
    let memory = format!("{}MiB", args.memory);
    let setup = Setup { kind: Kind::Groundsill, mode: Mode::Relaxed, memory: Some(&memory) };
    let server = Server::start(setup)?;
    let value = vec![b'x'; args.value];
    load(&server, keys, &value)?;
    // What is in memory comes to what the GETs keep there.
    measure(&server, "beyond memory, warming up", keys, 0..args.gets, None)?;
    hot(&server)?;
    let evicted = server.metric("groundsill_objects_evicted_total")?;
    let what = format!("data {} times the memory", args.times);
    // Others than those that the last round has brought into memory.
    measure(&server, &what, keys, args.gets..2 * args.gets, Some(evicted))
}

fn after_restart(args: &Args) -> Result<()> {
    let setup = Setup { kind: Kind::Groundsill, mode: Mode::Relaxed, memory: None };
    let mut server = Server::start(setup)?;
    load(&server, args.small_keys, &[b'x'; SMALL_BYTES])?;
    server.restart(setup)?;
    measure(&server, "small keys after a restart", args.small_keys, 0..args.gets, None)?;
    hot(&server)
}

/// Loads, and waits until all of it is in the tables.
fn load(server: &Server, keys: u64, value: &[u8]) -> Result<()> {
    fill(server.port, "ours", 0..keys, |requests, number| put_set(requests, number, value))?;
    let mut progress = Progress::new("flushing", f64::NAN);
    loop {
        let [backlog, sealed] =
            server.metrics(["groundsill_backlog_bytes", "groundsill_tables_sealed"])?;
        if backlog + sealed == 0.0 {
            return Ok(());
        }
        progress.show(f64::NAN, &format!("{backlog:.0} bytes are not in the tables yet"));
        stop::sleep(Duration::from_millis(50))?;
    }
}

/// GETs of one key that is in memory.
fn hot(server: &Server) -> Result<()> {
    measure(server, "the same key, in memory", 1, 0..HOT_GETS, None)
}

/// GETs the keys at those places of an order without neighbours; `evicted` is how many objects had left
/// memory before, where as many come in as go.
fn measure(
    server: &Server,
    what: &str,
    keys: u64,
    places: Range<u64>,
    evicted: Option<f64>,
) -> Result<()> {
    let gets = places.end - places.start;
    let before = server.histogram(LOADS)?;
    let (mut client, order) = (Client::connect(server.port)?, Scatter::new(keys));
    let (mut latencies, mut found) = (Histogram::default(), 0u64);
    let mut progress = Progress::new(what, gets as f64);
    for (done, at) in (0u64..).zip(places) {
        let key = format!("key:{:012}", order.key(at));
        let began = Instant::now();
        client.send(&[&["GET", &key]])?;
        latencies.record(began.elapsed());
        found += u64::from(!client.is_nil());
        if done % 64 == 0 {
            stop::check()?;
            progress.show(done as f64, "");
        }
    }
    drop(progress);
    if found < gets {
        bail!("{} of {gets} keys were not found: this is a defect, not a figure", gets - found);
    }
    let hits = match evicted {
        None => String::new(),
        Some(before) => {
            let after = server.metric("groundsill_objects_evicted_total")?;
            format!("{:>8.1} %", 100.0 * in_memory(after - before, gets))
        }
    };
    let after = server.histogram(LOADS)?;
    let load = median(&before, &after).map_or_else(String::new, |us| format!("{us:.1}"));
    println!(
        "{what:<34} {:>5.0} % {:>9.1} {:>9.1} {:>9.1} {hits:>10} {load:>12}",
        100.0 * found as f64 / gets as f64,
        latencies.micros(0.5),
        latencies.micros(0.99),
        latencies.micros(0.999)
    );
    Ok(())
}

/// The median of what was counted between two readings of a histogram, in microseconds: between the bounds of its
/// bucket, as if what is in there were spread evenly. None if there was nothing, or if it is beyond the last bound.
fn median(before: &[(f64, f64)], after: &[(f64, f64)]) -> Option<f64> {
    let counts: Vec<(f64, f64)> =
        before.iter().zip(after).map(|(before, after)| (after.0, after.1 - before.1)).collect();
    let half = counts.last()?.1 / 2.0;
    let at = counts.iter().position(|(_, count)| *count > 0.0 && *count >= half)?;
    let (low, less) = at.checked_sub(1).map_or((0.0, 0.0), |at| counts[at]);
    let (high, count) = counts[at];
    high.is_finite().then(|| 1e6 * (low + (high - low) * (half - less) / (count - less)))
}

/// The share of GETs that found their key in memory, where each that did not made one leave.
fn in_memory(evicted: f64, gets: u64) -> f64 {
    (1.0 - evicted / gets as f64).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests;
