//! How many of the plainest commands a second, against Redis with an append-only file?
//!
//! Unit: operations a second, and microseconds of the server's processor time for one. Expected from a
//! sketch: without a pipeline the client bounds both; with one, a synced SET costs a share of one sync and
//! about a microsecond.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::client::put_request;
use crate::disk::print_sync_time;
use crate::fill::{fill, put_set};
use crate::open_loop::join;
use crate::progress::Progress;
use crate::server::{Kind, Mode, Server, Setup};
use crate::stop;

mod report;

use report::{Reading, head, json, parse_reading, row};

/// Compare SET, GET, INCR and HSET with a Redis server, pair by pair.
///
/// Needs redis-server and redis-benchmark (Debian: redis-server, redis-tools). Every pair is a fresh server
/// of each kind on the same disk, with the flags that are shown and no others, holding all keys before it
/// is measured; while one is measured the other is stopped, and which of the two goes first alternates.
/// Lists are separated by commas.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Seconds for each measurement
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Different keys
    #[arg(long, value_delimiter = ',', default_values_t = [100_000, 5_000_000])]
    keys: Vec<u64>,
    /// Connections
    #[arg(long, value_delimiter = ',', default_values_t = [50, 200])]
    connections: Vec<u32>,
    /// Commands that are sent at once
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16])]
    pipeline: Vec<u32>,
    /// Bytes of a value
    #[arg(long, value_delimiter = ',', default_values_t = [64, 1024])]
    value: Vec<usize>,
    /// Commands
    #[arg(long, value_delimiter = ',', value_enum, default_values_t = [Test::Set, Test::Get, Test::Incr, Test::Hset])]
    tests: Vec<Test>,
    /// What an answer promises
    #[arg(long, value_delimiter = ',', value_enum, default_values_t = [Mode::Durable, Mode::Relaxed])]
    modes: Vec<Mode>,
    /// Load once for all rows that need the same keys, instead of fresh servers for each row: each row then
    /// finds the work behind the one before still to be done
    #[arg(long)]
    share: bool,
    /// Write the results to this file, too, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<String>,
}

/// What is measured, as redis-benchmark calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Test {
    Set,
    Get,
    Incr,
    Hset,
}

impl Test {
    const fn name(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Get => "get",
            Self::Incr => "incr",
            Self::Hset => "hset",
        }
    }
}

/// One way to load a server.
#[derive(Clone, Copy, Debug)]
struct Load {
    mode: Mode,
    keys: u64,
    test: Test,
    connections: u32,
    pipeline: u32,
    value: usize,
}

/// What has to be there before a load can be measured: loads that need the same may share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Data {
    mode: Mode,
    keys: u64,
    shape: Shape,
}

/// What the keys are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// Strings of so many bytes.
    Strings(usize),
    /// Strings that are numbers.
    Counters,
    /// One hash, with fields of so many bytes.
    Hash(usize),
}

impl Load {
    const fn data(&self) -> Data {
        let shape = match self.test {
            Test::Set | Test::Get => Shape::Strings(self.value),
            Test::Incr => Shape::Counters,
            Test::Hset => Shape::Hash(self.value),
        };
        Data { mode: self.mode, keys: self.keys, shape }
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
struct Measure {
    reading: Reading,
    cpu_us: f64,
    resident: u64,
}

/// Requests by which the rate is guessed.
const GUESSED: u64 = 20_000;

pub(crate) fn run(args: &Args) -> Result<()> {
    let loads = loads(args);
    let minutes = loads.len() as f64 * 2.0 * (args.seconds as f64 + 3.0) / 60.0;
    println!(
        "{} pairs of {} s each: about {minutes:.0} minutes, and the time to load the keys",
        loads.len(),
        args.seconds
    );
    let sync = print_sync_time()?;
    println!("{}", head());
    let (mut rows, mut pair) = (Vec::new(), 0);
    for (data, loads) in groups(&loads, args.share) {
        let servers = start_pair(data, order(pair))?;
        for load in loads {
            let [rival, ours] = measure_pair(&servers, &load, args.seconds, order(pair))?;
            pair += 1;
            println!("{}", row(&load, rival, ours));
            rows.push(json(&load, rival, ours));
            if let Some(path) = &args.json {
                let (sync, rows) = (sync.as_secs_f64() * 1e3, rows.join(",\n"));
                let text = format!("{{\"sync_ms\": {sync:.3}, \"pairs\": [\n{rows}\n]}}\n");
                // After each pair, so that what was measured is kept when the next is not.
                std::fs::write(path, text).with_context(|| format!("write {path}"))?;
            }
        }
    }
    Ok(())
}

/// The loads by what has to be there for them: each alone, or all that share it, in the order in which they
/// first ask for it.
fn groups(loads: &[Load], share: bool) -> Vec<(Data, Vec<Load>)> {
    let mut groups: Vec<(Data, Vec<Load>)> = Vec::new();
    for &load in loads {
        let of = groups.iter_mut().find(|(data, _)| share && *data == load.data());
        match of {
            Some((_, group)) => group.push(load),
            None => groups.push((load.data(), vec![load])),
        }
    }
    groups
}

/// A fresh server of each kind, both loaded, both stopped.
fn start_pair(data: Data, order: [Kind; 2]) -> Result<[Server; 2]> {
    let mut servers = [None, None];
    for kind in order {
        let server = Server::start(Setup { kind, mode: data.mode, memory: None })?;
        load_keys(&server, kind, data)?;
        server.pause()?;
        servers[kind as usize] = Some(server);
    }
    let [Some(rival), Some(ours)] = servers else { bail!("a pair is not complete") };
    // What loading has left to be written is no burden of whoever is measured first.
    rustix::fs::sync();
    Ok([rival, ours])
}

/// Measures one after the other, in this order; each is stopped while the other is measured.
fn measure_pair(
    servers: &[Server; 2],
    load: &Load,
    seconds: u64,
    order: [Kind; 2],
) -> Result<[Measure; 2]> {
    let mut measures = [None; 2];
    for kind in order {
        let server = &servers[kind as usize];
        server.resume()?;
        measures[kind as usize] = Some(measure(server, kind, load, seconds)?);
        server.pause()?;
    }
    let [Some(rival), Some(ours)] = measures else { bail!("a pair is not complete") };
    Ok([rival, ours])
}

/// Which one goes first: what a disk or a processor gives to the second alone evens out.
const fn order(pair: usize) -> [Kind; 2] {
    if pair.is_multiple_of(2) {
        [Kind::Redis, Kind::Groundsill]
    } else {
        [Kind::Groundsill, Kind::Redis]
    }
}

fn loads(args: &Args) -> Vec<Load> {
    let mut loads = Vec::new();
    for &keys in &args.keys {
        for &mode in &args.modes {
            for &test in &args.tests {
                for &connections in &args.connections {
                    for &pipeline in &args.pipeline {
                        let of = |&value| Load { mode, keys, test, connections, pipeline, value };
                        loads.extend(args.value.iter().map(of));
                    }
                }
            }
        }
    }
    loads
}

fn measure(server: &Server, kind: Kind, load: &Load, seconds: u64) -> Result<Measure> {
    let guess = benchmark(server, kind, load, GUESSED, f64::NAN)?.rate;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of requests"
    )]
    let requests = (guess * seconds as f64).max(GUESSED as f64) as u64;
    let before = server.cpu_seconds()?;
    let reading = benchmark(server, kind, load, requests, seconds as f64)?;
    let cpu_us = per_operation_us(server.cpu_seconds()? - before, requests);
    Ok(Measure { reading, cpu_us, resident: server.resident_bytes()? })
}

fn per_operation_us(seconds: f64, operations: u64) -> f64 {
    seconds * 1e6 / operations as f64
}

/// Makes every key that redis-benchmark will name, each once.
fn load_keys(server: &Server, kind: Kind, data: Data) -> Result<()> {
    let value = match data.shape {
        Shape::Strings(bytes) | Shape::Hash(bytes) => vec![b'x'; bytes],
        Shape::Counters => vec![b'1'],
    };
    fill(server.port, kind.name(), 0..data.keys, |requests, number| match data.shape {
        Shape::Strings(_) => put_set(requests, number, &value),
        Shape::Counters => {
            put_request(requests, &[b"SET", format!("counter:{number:012}").as_bytes(), &value]);
        }
        Shape::Hash(_) => {
            let field = format!("element:{number:012}");
            put_request(requests, &[b"HSET", b"myhash", field.as_bytes(), &value]);
        }
    })
}

/// Runs redis-benchmark; `expected` is how long it will take, if that is known.
fn benchmark(
    server: &Server,
    kind: Kind,
    load: &Load,
    requests: u64,
    expected: f64,
) -> Result<Reading> {
    let mut command = Command::new("redis-benchmark");
    command.args(["-p", &server.port.to_string(), "-n", &requests.to_string()]);
    command.args(["-c", &load.connections.to_string(), "-P", &load.pipeline.to_string()]);
    command.args(["-d", &load.value.to_string(), "-r", &load.keys.to_string()]);
    command.args(["-t", load.test.name(), "--precision", "3"]);
    // Ctrl-C is for us: we end it.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
    let mut child = command.spawn().context("run redis-benchmark; is redis-tools installed?")?;
    let stdout = child.stdout.take().context("run redis-benchmark")?;
    // Read as it comes, or it waits for us once the pipe is full.
    let reader = std::thread::spawn(move || -> Result<String> {
        std::io::read_to_string(stdout).context("read what redis-benchmark prints")
    });
    let what = format!("{} {} {}", kind.name(), load.mode.name(), load.test.name());
    let mut progress = Progress::new(what, expected);
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().context("wait for redis-benchmark")? {
            break status;
        }
        progress.show(began.elapsed().as_secs_f64(), &format!("{requests} requests"));
        if let Err(stopped) = stop::sleep(Duration::from_millis(20)) {
            let _gone = child.kill();
            let _status = child.wait();
            return Err(stopped);
        }
    };
    let text = join(reader.join())?;
    if !status.success() {
        bail!("redis-benchmark ended with {status}: {text}");
    }
    parse_reading(&text)
        .with_context(|| format!("redis-benchmark printed no throughput or latency: {text}"))
}

#[cfg(test)]
mod tests;
