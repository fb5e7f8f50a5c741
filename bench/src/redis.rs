//! How many of the plainest commands a second, against Redis with an append-only file?
//!
//! Unit: operations a second, and microseconds of the server's processor time for one. Expected from a
//! sketch: without a pipeline the client bounds both; with one, a synced SET costs a share of one sync and
//! about a microsecond.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::disk::sync_time;
use crate::server::{Kind, Mode, Server};

/// Compare SET, GET, INCR and HSET with a Redis server, pair by pair.
///
/// Needs redis-server and redis-benchmark (Debian: redis-server, redis-tools). Every pair is a fresh server
/// of each kind on the same disk, with the flags that are shown and no others.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Seconds for each measurement
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Different keys
    #[arg(long, default_value_t = 100_000)]
    keys: u64,
    /// Connections; may be given several times
    #[arg(long, default_values_t = [50, 200])]
    connections: Vec<u32>,
    /// Commands that are sent at once; may be given several times
    #[arg(long, default_values_t = [1, 16])]
    pipeline: Vec<u32>,
    /// Bytes of a value; may be given several times
    #[arg(long, default_values_t = [64, 1024])]
    value: Vec<u32>,
    /// Commands; may be given several times
    #[arg(long, default_values_t = ["set".to_owned(), "get".to_owned(), "incr".to_owned(), "hset".to_owned()])]
    test: Vec<String>,
    /// Write the results to this file, too, as JSON
    #[arg(long)]
    json: Option<String>,
}

/// One way to load a server.
#[derive(Clone, Debug)]
struct Load<'a> {
    mode: Mode,
    test: &'a str,
    connections: u32,
    pipeline: u32,
    value: u32,
    keys: u64,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
struct Measure {
    rate: f64,
    cpu_us: f64,
    p999_ms: f64,
    memory: u64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let root = Path::new("target/bench");
    std::fs::create_dir_all(root).context("make target/bench")?;
    println!(
        "sync: {:.3} ms (median of 200 writes of 512 bytes)",
        sync_time(root)?.as_secs_f64() * 1e3
    );
    println!("{}", head());
    let mut rows = Vec::new();
    for load in loads(args) {
        let rival = measure(Kind::Redis, &load, root, args.seconds)?;
        let ours = measure(Kind::Groundsill, &load, root, args.seconds)?;
        println!("{}", row(&load, rival, ours));
        rows.push(json(&load, rival, ours));
    }
    if let Some(path) = &args.json {
        let text = format!("[\n{}\n]\n", rows.join(",\n"));
        std::fs::write(path, text).with_context(|| format!("write {path}"))?;
    }
    Ok(())
}

fn loads(args: &Args) -> Vec<Load<'_>> {
    let mut loads = Vec::new();
    for mode in [Mode::Durable, Mode::Relaxed] {
        for test in &args.test {
            for &connections in &args.connections {
                for &pipeline in &args.pipeline {
                    for &value in &args.value {
                        loads.push(Load {
                            mode,
                            test,
                            connections,
                            pipeline,
                            value,
                            keys: args.keys,
                        });
                    }
                }
            }
        }
    }
    loads
}

fn measure(kind: Kind, load: &Load<'_>, root: &Path, seconds: u64) -> Result<Measure> {
    let server = Server::start(kind, load.mode, root)?;
    if load.test == "get" {
        // There has to be something to get.
        benchmark(&server, &Load { test: "set", pipeline: 16, ..load.clone() }, load.keys * 2)?;
    }
    let (guess, _) = benchmark(&server, load, 20_000)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of requests"
    )]
    let requests = (guess * Duration::from_secs(seconds).as_secs_f64()).max(20_000.0) as u64;
    let before = server.cpu_seconds()?;
    let (rate, p999_ms) = benchmark(&server, load, requests)?;
    #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
    let cpu_us = (server.cpu_seconds()? - before) * 1e6 / requests as f64;
    Ok(Measure { rate, cpu_us, p999_ms, memory: server.resident_bytes()? })
}

/// Runs redis-benchmark; operations a second, and the 99.9th percentile of latency in milliseconds.
fn benchmark(server: &Server, load: &Load<'_>, requests: u64) -> Result<(f64, f64)> {
    let mut command = Command::new("redis-benchmark");
    command.args(["-p", &server.port.to_string(), "-n", &requests.to_string()]);
    command.args(["-c", &load.connections.to_string(), "-P", &load.pipeline.to_string()]);
    command.args(["-d", &load.value.to_string(), "-r", &load.keys.to_string(), "-t", load.test]);
    command.args(["--precision", "3"]);
    let output = command.output().context("run redis-benchmark; is redis-tools installed?")?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        bail!("redis-benchmark failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let number = |word: &str| word.trim().parse::<f64>().ok();
    let rate = text.lines().find_map(|line| {
        number(
            line.trim()
                .strip_prefix("throughput summary:")?
                .trim()
                .strip_suffix("requests per second")?,
        )
    });
    let p999 = text.lines().find_map(|line| {
        let (percent, rest) = line.trim().split_once("% <=")?;
        (number(percent)? >= 99.9).then(|| number(rest.split_whitespace().next()?))?
    });
    let rate = rate.with_context(|| format!("redis-benchmark printed no throughput: {text}"))?;
    Ok((rate, p999.unwrap_or(f64::NAN)))
}

fn head() -> String {
    format!(
        "{:<8} {:<5} {:>5} {:>4} {:>6} | {:>11} {:>11} {:>6} | {:>7} {:>7} {:>6} | {:>8} {:>8}",
        "mode",
        "test",
        "conns",
        "pipe",
        "value",
        "redis op/s",
        "ours op/s",
        "ratio",
        "us cpu",
        "us cpu",
        "ratio",
        "p999 ms",
        "p999 ms"
    )
}

fn row(load: &Load<'_>, rival: Measure, ours: Measure) -> String {
    format!(
        "{:<8} {:<5} {:>5} {:>4} {:>6} | {:>11.0} {:>11.0} {:>6.2} | {:>7.2} {:>7.2} {:>6.2} | {:>8.2} {:>8.2}",
        load.mode.name(),
        load.test,
        load.connections,
        load.pipeline,
        load.value,
        rival.rate,
        ours.rate,
        ours.rate / rival.rate,
        rival.cpu_us,
        ours.cpu_us,
        ours.cpu_us / rival.cpu_us,
        rival.p999_ms,
        ours.p999_ms,
    )
}

fn json(load: &Load<'_>, rival: Measure, ours: Measure) -> String {
    let side = |measure: Measure| {
        let Measure { rate, cpu_us, p999_ms, memory } = measure;
        let p999 = if p999_ms.is_finite() { p999_ms.to_string() } else { "null".to_owned() };
        format!(
            "{{\"rate\": {rate}, \"cpu_us\": {cpu_us:.3}, \"p999_ms\": {p999}, \"resident_bytes\": {memory}}}"
        )
    };
    let Load { mode, test, connections, pipeline, value, keys } = load;
    format!(
        "  {{\"mode\": \"{}\", \"test\": \"{test}\", \"connections\": {connections}, \"pipeline\": {pipeline}, \
         \"value\": {value}, \"keys\": {keys}, \"redis\": {}, \"groundsill\": {}}}",
        mode.name(),
        side(rival),
        side(ours)
    )
}
