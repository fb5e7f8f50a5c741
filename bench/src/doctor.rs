//! What does a run of the doctor cost whom it looks at?
//!
//! Unit: seconds of wall and of processor time of one run, and the most memory that it held, from outside: the clock of this
//! program, and `/proc/PID` of the run. Expected from a sketch: a run looks twice, two seconds apart (one with `--quick`), and what is
//! read in between are some hundred small files and some fifty statements: a tenth of a second of processor time beside the window.
//!
//! PostgreSQL, MariaDB, Redis, etcd and PgBouncer run beside it with what their packages bring as defaults.

mod servers;

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::server::{parse_bytes, parse_cpu, root};
use crate::stop;
use servers::Servers;

/// Measure a run of the doctor beside PostgreSQL, MariaDB, Redis, etcd and PgBouncer.
///
/// They are started for it on ports of their own, as their packages bring them. As root, it sees all that it can see.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Runs of each kind
    #[arg(long, value_name = "NUMBER", default_value_t = 7)]
    rounds: usize,
}

/// The kinds of runs, and whether they look at the servers, too.
const KINDS: [(&str, bool); 3] = [("", true), ("--quick", false), ("--deep", true)];

/// How often memory is read while it runs. It is a high-water mark: only what it grows by after the last look is missed.
const SAMPLE: Duration = Duration::from_millis(1);

/// A run that takes longer is stuck: its own hard stop is at 30 seconds.
const PATIENCE: Duration = Duration::from_mins(1);

const MIB: f64 = (1 << 20) as f64;

/// What one run cost.
#[derive(Clone, Copy, Debug)]
struct Cost {
    wall: f64,
    processor: f64,
    peak: f64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    println!("starts five servers, then {} runs of a few seconds each", args.rounds * KINDS.len());
    let servers = Servers::start()?;
    let targets = servers.targets();
    println!(
        "{:<10} {:>5} | {:>8} {:>8} | {:>8} {:>8} | {:>8}",
        "", "runs", "wall s", "at most", "CPU s", "at most", "MiB"
    );
    for (flag, has_servers) in KINDS {
        let targets = if has_servers { &targets[..] } else { &[] };
        let mut costs = Vec::with_capacity(args.rounds);
        for _ in 0..args.rounds.max(1) {
            stop::check()?;
            costs.push(once(flag, targets)?);
        }
        println!("{}", line(if flag.is_empty() { "default" } else { flag }, &costs));
    }
    Ok(())
}

/// The median and the most of wall and processor time, and the most of memory.
fn line(name: &str, costs: &[Cost]) -> String {
    let of = |part: fn(&Cost) -> f64| {
        let mut all: Vec<f64> = costs.iter().map(part).collect();
        all.sort_unstable_by(f64::total_cmp);
        (all[all.len() / 2], all[all.len() - 1])
    };
    let (wall, processor, peak) =
        (of(|cost| cost.wall), of(|cost| cost.processor), of(|cost| cost.peak));
    format!(
        "{name:<10} {:>5} | {:>8.2} {:>8.2} | {:>8.2} {:>8.2} | {:>8.1}",
        costs.len(),
        wall.0,
        wall.1,
        processor.0,
        processor.1,
        peak.1 / MIB
    )
}

fn once(flag: &str, targets: &[String]) -> Result<Cost> {
    let path = root()?.join("doctor.txt");
    let report = fs::File::create(&path).with_context(|| format!("make {}", path.display()))?;
    let mut command = Command::new("target/release/groundsill");
    command.arg("doctor").args(Some(flag).filter(|it| !it.is_empty())).args(targets);
    command.stdin(Stdio::null()).stdout(report);
    let began = Instant::now();
    let mut child = command.spawn().context("start the doctor")?;
    let cost = watch(&child, began);
    if cost.is_err() {
        child.kill().context("end the doctor")?;
    }
    let status = child.wait().context("wait for the doctor")?;
    let said = fs::read_to_string(&path).context("read its report")?;
    fs::remove_file(&path).context("remove its report")?;
    match (cost, status.code()) {
        (Ok(cost), Some(0..=2)) => Ok(cost),
        (Ok(_), _) => bail!("the doctor ended with {status}: {}", said.trim_end()),
        (Err(error), _) => Err(error),
    }
}

/// Until it ended, but before it is gone: then `/proc` still tells what it used of the processor.
fn watch(child: &Child, began: Instant) -> Result<Cost> {
    let (id, mut peak) = (child.id(), 0);
    let is_over = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    while waitid(WaitId::Pid(Pid::from_child(child)), is_over)?.is_none() {
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        peak = parse_bytes(&status, "VmHWM:").unwrap_or(0).max(peak);
        if began.elapsed() > PATIENCE {
            bail!("the doctor is not done after {PATIENCE:?}");
        }
        std::thread::sleep(SAMPLE);
    }
    let wall = began.elapsed().as_secs_f64();
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).context("read its times")?;
    let processor = parse_cpu(&stat).context("its times are not as Linux writes them")?;
    Ok(Cost { wall, processor, peak: peak as f64 })
}

#[cfg(test)]
mod tests;
