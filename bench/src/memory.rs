//! How much memory does a small key take, against Redis?
//!
//! Unit: bytes of resident memory for one more key, from the difference between two numbers of keys, so
//! that what a process takes for itself does not count. Keys have 16 bytes and values 64. Expected from a
//! sketch: an entry of 64 bytes, its share of an index, and an allocation of id and value make about 190.
//!
//! Ours runs with its default memory, a share of the machine's, so nothing is set by hand; were a key
//! evicted, the comparison would be void, and that is an error here.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::client::Client;
use crate::disk::print_sync_time;
use crate::fill::{fill, put_set};
use crate::progress::Progress;
use crate::server::{Kind, Mode, Server, Setup};
use crate::stop;

/// Compare the resident memory of small keys with a Redis server.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Keys at the first look
    #[arg(long, default_value_t = 1_000_000)]
    from: u64,
    /// Keys at the second look
    #[arg(long, default_value_t = 5_000_000)]
    to: u64,
}

/// Bytes of a value.
const VALUE_BYTES: usize = 64;

/// Memory that has moved by less than a hundredth over this time has come to rest.
const REST: Duration = Duration::from_secs(3);

/// It is waited for no longer than this.
const REST_MAX: Duration = Duration::from_mins(3);

/// What one look saw, in bytes.
#[derive(Clone, Copy, Debug)]
struct Look {
    resident: u64,
    /// Of ours: memtables and blocks of tables, which do not grow with the keys in memory.
    tables: u64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if args.from >= args.to {
        bail!("--to has to be above --from");
    }
    println!(
        "loads {} keys into each server: about {} MiB of disk and {} MiB of memory for a moment",
        args.to,
        (args.to * 600) >> 20,
        (args.to * 300) >> 20
    );
    print_sync_time()?;
    println!(
        "{:<11} {:>9} {:>9} {:>13} {:>20}",
        "", "MiB", "MiB", "bytes a key", "of it tables, MiB"
    );
    let rival = looks(Kind::Redis, args)?;
    let ours = looks(Kind::Groundsill, args)?;
    let ratio = per_key(ours, args) / per_key(rival, args);
    println!("ratio: {ratio:.2}");
    Ok(())
}

fn looks(kind: Kind, args: &Args) -> Result<[Look; 2]> {
    let server = Server::start(Setup { kind, mode: Mode::Relaxed, memory: None })?;
    let value = [b'x'; VALUE_BYTES];
    let load = |numbers| {
        fill(server.port, kind.name(), numbers, |requests, number| {
            put_set(requests, number, &value);
        })
    };
    load(0..args.from)?;
    let first = settle(&server, kind)?;
    load(args.from..args.to)?;
    let second = settle(&server, kind)?;
    if kind == Kind::Groundsill && server.metric("groundsill_objects_evicted_total")? > 0.0 {
        bail!("keys were evicted: this machine has too little memory for so many");
    }
    let looks = [first, second];
    println!(
        "{:<11} {:>9} {:>9} {:>13.1} {:>9} then {:>5}",
        kind.name(),
        first.resident >> 20,
        second.resident >> 20,
        per_key(looks, args),
        first.tables >> 20,
        second.tables >> 20
    );
    Ok(looks)
}

fn per_key([first, second]: [Look; 2], args: &Args) -> f64 {
    (second.resident as f64 - first.resident as f64) / (args.to - args.from) as f64
}

/// Waits until nothing goes on behind the keys, and memory has come to rest.
fn settle(server: &Server, kind: Kind) -> Result<Look> {
    let began = Instant::now();
    let mut progress = Progress::new(format!("{} comes to rest", kind.name()), f64::NAN);
    let (mut at, mut since) = (server.resident_bytes()?, Instant::now());
    while since.elapsed() < REST && began.elapsed() < REST_MAX {
        stop::sleep(Duration::from_millis(100))?;
        let now = server.resident_bytes()?;
        progress.show(f64::NAN, &format!("{} MiB", now >> 20));
        if now.abs_diff(at) > at / 100 || is_busy(server, kind)? {
            (at, since) = (now, Instant::now());
        }
    }
    let tables = if kind == Kind::Redis { 0 } else { tables_bytes(server)? };
    Ok(Look { resident: server.resident_bytes()?, tables })
}

fn is_busy(server: &Server, kind: Kind) -> Result<bool> {
    if kind == Kind::Redis {
        let mut client = Client::connect(server.port)?;
        client.send(&[&["INFO", "persistence"]])?;
        let info = String::from_utf8_lossy(client.body()).into_owned();
        return Ok(info.contains("aof_rewrite_in_progress:1"));
    }
    let [backlog, sealed] =
        server.metrics(["groundsill_backlog_bytes", "groundsill_tables_sealed"])?;
    Ok(backlog + sealed > 0.0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bytes of memory, from a metric that is never negative"
)]
fn tables_bytes(server: &Server) -> Result<u64> {
    let names = [
        "groundsill_tables_memtable_bytes",
        "groundsill_tables_cache_bytes",
        "groundsill_tables_pinned_bytes",
    ];
    Ok(server.metrics(names)?.iter().sum::<f64>() as u64)
}

#[cfg(test)]
mod tests;
