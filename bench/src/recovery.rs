//! How long until it is ready again after SIGKILL, with as much log to replay as there can be?
//!
//! Unit: seconds from the start of the process to 200 at `/readyz`, and mebibytes that were replayed.
//! Expected from a sketch: what lies in memtables and in the backlog, at most about 450 MiB; at 250 MiB a second,
//! under two seconds.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::client::{Client, put_request};
use crate::disk::print_sync_time;
use crate::open_loop::join;
use crate::progress::Progress;
use crate::server::{Kind, Mode, Server, Setup};
use crate::stop;

/// Measure how long ours takes to be ready after SIGKILL, with as much log to replay as there can be.
///
/// It is written to as fast as it takes it, while what would have to be replayed is watched; then it is killed as soon
/// as that is as much again as it was at most. The write that was acknowledged last has to be there again.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Times that it is loaded and killed, for each size of value
    #[arg(long, default_value_t = 2)]
    rounds: u32,
    /// Seconds for which it is watched before it is killed
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// Different keys
    #[arg(long, default_value_t = 10_000)]
    keys: u64,
    /// Bytes of a value, a list with commas
    #[arg(long, value_delimiter = ',', default_values_t = [64, 65_536])]
    value: Vec<usize>,
}

/// Connections that load.
const CONNECTIONS: u64 = 8;

/// Requests that each sends at once, at most, and their bytes, about.
const BATCH: u64 = 100;
const BATCH_BYTES: usize = 1 << 20;

const MIB: f64 = (1 << 20) as f64;

/// So much of the most that was seen counts as the most; a hundredth less for each second that it is waited for.
const NEARLY: f64 = 0.95;

const SETUP: Setup<'static> = Setup { kind: Kind::Groundsill, mode: Mode::Durable, memory: None };

pub(crate) fn run(args: &Args) -> Result<()> {
    println!("{} rounds of about {} s", args.rounds as usize * args.value.len(), args.seconds);
    print_sync_time()?;
    println!(
        "{:>5} {:>6} | {:>10} {:>12} {:>8} {:>12}",
        "round", "value", "commits", "MiB replayed", "ready s", "MiB/s"
    );
    for &value in &args.value {
        for number in 1..=args.rounds {
            round(args, value, number)?;
        }
    }
    Ok(())
}

fn round(args: &Args, value: usize, number: u32) -> Result<()> {
    let mut server = Server::start(SETUP)?;
    let commits = load(&server, args, value)?;
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
    let rate = replayed as f64 / took;
    println!("{number:>5} {value:>6} | {commits:>10} {replayed:>12} {took:>8.2} {rate:>12.0}");
    Ok(())
}

/// Writes until the log is at its bound; how many commits that took.
fn load(server: &Server, args: &Args, bytes: usize) -> Result<u64> {
    let batch = BATCH.min((BATCH_BYTES / bytes.max(1)).max(1) as u64);
    let (is_enough, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let value = vec![b'x'; bytes];
    let work = |number: u64| -> Result<()> {
        let mut client = Client::connect(server.port)?;
        let (mut requests, mut at) = (Vec::new(), number);
        while !is_enough.load(Ordering::Relaxed) {
            requests.clear();
            for _ in 0..batch {
                let key = format!("key:{:012}", at % args.keys);
                put_request(&mut requests, &[b"SET", key.as_bytes(), &value]);
                at += CONNECTIONS;
            }
            client.exchange(&requests, usize::try_from(batch).unwrap_or(0))?;
            done.fetch_add(batch, Ordering::Relaxed);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> =
            (0..CONNECTIONS).map(|number| scope.spawn(move || work(number))).collect();
        let watched = watch(server, args.seconds);
        is_enough.store(true, Ordering::Relaxed);
        threads.into_iter().try_for_each(|thread| join(thread.join()))?;
        watched
    })?;
    Ok(done.into_inner())
}

/// Returns when as much would be replayed as at most in so many seconds.
fn watch(server: &Server, seconds: u64) -> Result<()> {
    let began = Instant::now();
    let (mut progress, mut most) = (Progress::new("writing log", seconds as f64), 0.0);
    loop {
        stop::sleep(Duration::from_millis(20))?;
        let held = server.metric("groundsill_log_replay_bytes")?;
        let so_far = began.elapsed().as_secs_f64();
        progress.show(so_far, &format!("{:.0} MiB to replay", held / MIB));
        let late = so_far - seconds as f64;
        if late >= 0.0 && held >= (NEARLY - late / 100.0) * most {
            return Ok(());
        }
        most = held.max(most);
    }
}
