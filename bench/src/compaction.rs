//! How much longer do writers wait while memtables are flushed and tables compacted?
//!
//! Unit: microseconds of one SET from the time at which it was due by the schedule, at 70 % of the rate
//! that the server can take at most; and operations in each second at that most. Expected from a sketch:
//! at 100,000 SETs a second a memtable of 64 MiB fills in some seconds; flush and compaction then take a
//! share of one core, so latencies grow by what waiting for a core costs.
//!
//! Seconds in which something was flushed, sealed or compacted are *busy*, as the metrics tell; the
//! others, of the same run, are what they are compared with. A piece of compaction is counted when it ends,
//! so the second before one is busy, too.

use anyhow::{Result, bail};

use crate::disk::print_sync_time;
use crate::fill::{fill, put_set};
use crate::histogram::Histogram;
use crate::open_loop::{self, Load, Outcome};
use crate::progress::Progress;
use crate::scatter::Scatter;
use crate::server::{Kind, Mode, Server, Setup};

/// Measure latency while flush and compaction run, at a share of the greatest rate.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Seconds at the greatest rate, and seconds at a share of it
    #[arg(long, default_value_t = 60)]
    seconds: usize,
    /// Different keys
    #[arg(long, default_value_t = 5_000_000)]
    keys: u64,
    /// Bytes of a value
    #[arg(long, default_value_t = 64)]
    value: usize,
    /// Connections
    #[arg(long, default_value_t = 16)]
    connections: u32,
    /// Requests that a connection sends at once, if so many are due
    #[arg(long, default_value_t = 16)]
    batch: u64,
    /// Share of the greatest rate, in percent
    #[arg(long, default_value_t = 70)]
    percent: u32,
    /// What an answer promises
    #[arg(long, value_enum, default_value_t = Mode::Durable)]
    mode: Mode,
}

/// What the metrics said at the end of a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Work {
    /// Flushes and pieces of compaction since the start.
    done: f64,
    /// Memtables that wait for a flush.
    sealed: f64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    println!(
        "loads {} keys, then two runs of {} s: about {} MiB of disk",
        args.keys,
        args.seconds,
        (args.keys * (args.value as u64 + 40) * 4) >> 20
    );
    print_sync_time()?;
    let setup = Setup { kind: Kind::Groundsill, mode: args.mode, memory: None };
    let server = Server::start(setup)?;
    let value = vec![b'x'; args.value];
    fill(server.port, "ours", 0..args.keys, |requests, number| put_set(requests, number, &value))?;
    let order = Scatter::new(args.keys);
    let put = |requests: &mut Vec<u8>, number: u64| {
        put_set(requests, order.key(number), &value);
    };
    let load = Load {
        port: server.port,
        connections: args.connections,
        batch: args.batch,
        rate: None,
        seconds: args.seconds,
    };
    let (most, _) = watched(&server, "greatest rate", load, put)?;
    let median = most.answered.median();
    println!("answered in each second at the greatest rate:\n{}", most.answered.table());
    println!(
        "median {median} a second; the slowest second was {:.2} of it (floor: 0.25)",
        most.answered.slowest_share()
    );
    let rate = share_of(median, args.percent);
    let what = format!("{} % of it", args.percent);
    let (outcome, works) = watched(&server, &what, Load { rate: Some(rate), ..load }, put)?;
    report(rate, &outcome, &works)
}

fn share_of(rate: u64, percent: u32) -> f64 {
    rate as f64 * f64::from(percent) / 100.0
}

/// Runs a load, and notes at each second's end what the tables have done.
fn watched(
    server: &Server,
    what: &str,
    load: Load,
    put: impl Fn(&mut Vec<u8>, u64) + Sync,
) -> Result<(Outcome, Vec<Work>)> {
    let mut works = vec![look(server)?];
    let mut progress = Progress::new(what, load.seconds as f64);
    let outcome = open_loop::run(load, put, |second, answered| {
        works.push(look(server)?);
        progress.show((second + 1) as f64, &format!("{answered} in the last second"));
        Ok(())
    })?;
    Ok((outcome, works))
}

fn look(server: &Server) -> Result<Work> {
    let [flushes, compactions, sealed] = server.metrics([
        "groundsill_tables_flushes_total",
        "groundsill_tables_compactions_total",
        "groundsill_tables_sealed",
    ])?;
    Ok(Work { done: flushes + compactions, sealed })
}

/// Which seconds were busy, of what the metrics said before the first and after each.
fn busy(works: &[Work]) -> Vec<bool> {
    let is_busy =
        |pair: &[Work]| pair[1].done > pair[0].done || pair[0].sealed + pair[1].sealed > 0.0;
    let seen: Vec<bool> = works.windows(2).map(is_busy).collect();
    (0..seen.len()).map(|at| seen[at] || seen.get(at + 1).copied().unwrap_or(false)).collect()
}

fn report(rate: f64, outcome: &Outcome, works: &[Work]) -> Result<()> {
    let busy = busy(works);
    println!("{rate:.0} a second, each counted from the time at which it was due:");
    println!(
        "{:<22} {:>7} {:>10} {:>9} {:>9} {:>9}",
        "", "seconds", "SETs", "p50 us", "p99 us", "p999 us"
    );
    let mut high = [f64::NAN; 2];
    for (at, (what, wanted)) in
        [("quiet", false), ("flush or compaction", true)].into_iter().enumerate()
    {
        let mut all = Histogram::default();
        let of_kind = outcome.latencies.iter().zip(&busy).filter(|(_, busy)| **busy == wanted);
        let seconds = of_kind.map(|(latencies, _)| all.add(latencies)).count();
        high[at] = all.micros(0.999);
        println!(
            "{what:<22} {seconds:>7} {:>10} {:>9.0} {:>9.0} {:>9.0}",
            all.count(),
            all.micros(0.5),
            all.micros(0.99),
            high[at]
        );
    }
    println!("p999 busy over quiet: {:.2} (floor: at most 3)", high[1] / high[0]);
    println!("not sent in time at the end: {}", outcome.unsent);
    if !busy.contains(&true) || !busy.contains(&false) {
        bail!(
            "there were no seconds of one of the two kinds: give it more --seconds, or other --keys"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests;
