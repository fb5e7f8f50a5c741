//! A server under test: started on a directory of its own, watched through `/proc` and its metrics, ended
//! with its files when dropped.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::stop;

/// How long a server may take until it answers.
const START: Duration = Duration::from_mins(2);

/// How often it is asked meanwhile.
const ASK: Duration = Duration::from_millis(5);

/// The file with what it writes to standard error.
const SAID: &str = "stderr";

/// Clock ticks a second, as `/proc` counts processor time on Linux.
const TICKS: f64 = 100.0;

/// Which server, and how durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The rival, with an append-only file.
    Redis,
    /// The built binary.
    Groundsill,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Groundsill => "groundsill",
        }
    }
}

/// What an answer promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Mode {
    /// Synced before the answer: `appendfsync always` there, `durable` here.
    Durable,
    /// Synced soon after: `appendfsync everysec` there, `relaxed` here.
    Relaxed,
}

impl Mode {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Durable => "durable",
            Self::Relaxed => "relaxed",
        }
    }
}

/// How a server is started. What is not said here has its default.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup<'a> {
    pub(crate) kind: Kind,
    pub(crate) mode: Mode,
    /// What `--memory` says, of ours.
    pub(crate) memory: Option<&'a str>,
}

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    dir: PathBuf,
    printed: Arc<Mutex<Vec<String>>>,
    http: u16,
    pub(crate) port: u16,
}

/// Where the servers keep their data, on the disk of the repository.
pub(crate) fn root() -> Result<&'static Path> {
    let root = Path::new("target/bench");
    fs::create_dir_all(root).context("make target/bench")?;
    Ok(root)
}

impl Server {
    /// Starts it with an empty directory.
    pub(crate) fn start(setup: Setup<'_>) -> Result<Self> {
        let (port, http) = (free_port()?, free_port()?);
        let dir = root()?.join(format!("{}-{port}", setup.kind.name()));
        fs::create_dir_all(&dir).with_context(|| format!("make {}", dir.display()))?;
        let (child, printed) = spawn(setup, &dir, port, http)?;
        let mut server = Self { child, dir, printed, http, port };
        server.wait(|_| TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        Ok(server)
    }

    /// Kills it with SIGKILL, starts it again on what it left, and returns how long it took until it was
    /// ready. Only for ours.
    pub(crate) fn restart(&mut self, setup: Setup<'_>) -> Result<Duration> {
        self.child.kill().context("kill the server")?;
        self.child.wait().context("kill the server")?;
        let began = Instant::now();
        (self.child, self.printed) = spawn(setup, &self.dir, self.port, self.http)?;
        self.wait(|server| server.get("/readyz").is_ok_and(|(status, _)| status == 200))?;
        Ok(began.elapsed())
    }

    /// Stops it, until [`Self::resume`]: it takes no processor and answers nothing.
    pub(crate) fn pause(&self) -> Result<()> {
        self.signal(Signal::STOP).context("stop the server")
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) -> Result<()> {
        self.signal(Signal::CONT).context("let the server go on")
    }

    /// Its children, too, such as one that rewrites an append-only file: each server leads a group of its own.
    fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill_process_group(Pid::from_child(&self.child), signal)?)
    }

    fn wait(&mut self, is_up: impl Fn(&Self) -> bool) -> Result<()> {
        let began = Instant::now();
        while !is_up(self) {
            if let Some(status) = self.child.try_wait().context("wait for the server")? {
                let said = fs::read_to_string(self.dir.join(SAID)).unwrap_or_default();
                bail!("the server ended with {status}: {}", said.trim_end());
            }
            if began.elapsed() > START {
                bail!("no answer on port {} after {START:?}", self.port);
            }
            stop::sleep(ASK)?;
        }
        Ok(())
    }

    /// Bytes of log that ours has replayed at its start, to the mebibyte.
    pub(crate) fn replayed_mib(&mut self) -> Result<u64> {
        let replayed = |server: &Self| {
            let printed = server.printed.lock().ok()?;
            printed.iter().find_map(|line| parse_replayed(line))
        };
        // Printed before it is ready, but perhaps not read yet.
        self.wait(|server| replayed(server).is_some()).context("how much was replayed")?;
        replayed(self).context("how much was replayed")
    }

    /// A metric of ours.
    pub(crate) fn metric(&self, name: &str) -> Result<f64> {
        Ok(self.metrics([name])?[0])
    }

    /// Several of them at one moment. Those of the tables are left out of an answer while the disk is slow:
    /// it is asked again until they are all there.
    pub(crate) fn metrics<const N: usize>(&self, names: [&str; N]) -> Result<[f64; N]> {
        let began = Instant::now();
        loop {
            let (_, text) = self.get("/metrics")?;
            let values = names.map(|name| parse_metric(&text, name));
            if values.iter().all(Option::is_some) {
                return Ok(values.map(Option::unwrap_or_default));
            }
            if began.elapsed() > START {
                bail!("/metrics has not all of {}", names.join(", "));
            }
            stop::sleep(ASK)?;
        }
    }

    /// A histogram: each bound, and how many were no greater, the last bound being infinite.
    pub(crate) fn histogram(&self, name: &str) -> Result<Vec<(f64, f64)>> {
        let (_, text) = self.get("/metrics")?;
        let buckets = parse_histogram(&text, name);
        if buckets.is_empty() {
            bail!("/metrics has no {name}");
        }
        Ok(buckets)
    }

    fn get(&self, path: &str) -> Result<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.http)).context("connect")?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).context("connect")?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).context("send")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).context("receive")?;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok((status.context("no answer over HTTP")?, answer))
    }

    /// Processor time that it has used, its threads included, in seconds.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = fs::read_to_string(&path).with_context(|| format!("read {path}"))?;
        parse_cpu(&stat).with_context(|| format!("{path} is not as Linux writes it"))
    }

    /// Memory that it holds, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(&path).with_context(|| format!("read {path}"))?;
        parse_bytes(&status, "VmRSS:").with_context(|| format!("{path} is not as Linux writes it"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It was started here and holds nothing of value.
        let _gone = self.signal(Signal::KILL);
        let _status = self.child.wait();
        let _left = fs::remove_dir_all(&self.dir);
    }
}

type Printed = Arc<Mutex<Vec<String>>>;

fn spawn(setup: Setup<'_>, dir: &Path, port: u16, http: u16) -> Result<(Child, Printed)> {
    let mut command = match setup.kind {
        Kind::Redis => redis(setup.mode, dir, port),
        Kind::Groundsill => groundsill(setup, dir, port, http),
    };
    let path = dir.join(SAID);
    let said = fs::File::create(&path).with_context(|| format!("make {}", path.display()))?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(said);
    // Ctrl-C is for us: we end it.
    command.process_group(0);
    let spawned = command.spawn();
    let mut child =
        spawned.with_context(|| format!("start {}; is it installed?", setup.kind.name()))?;
    let printed = Printed::default();
    if let Some(stdout) = child.stdout.take() {
        let printed = Arc::clone(&printed);
        // Read to the end, so that it never waits for us.
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Ok(mut printed) = printed.lock() {
                    printed.push(line);
                }
            }
        });
    }
    Ok((child, printed))
}

fn redis(mode: Mode, dir: &Path, port: u16) -> Command {
    let fsync = if mode == Mode::Durable { "always" } else { "everysec" };
    let mut command = Command::new("redis-server");
    command.arg("--port").arg(port.to_string());
    command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]);
    command.args(["--appendfsync", fsync]).arg("--dir").arg(dir);
    command
}

fn groundsill(setup: Setup<'_>, dir: &Path, port: u16, http: u16) -> Command {
    let mut command = Command::new("target/release/groundsill");
    command.arg("serve").arg("--data").arg(dir.join("data"));
    command.args(["--resp", &format!("127.0.0.1:{port}"), "--kafka", "127.0.0.1:0"]);
    command.args(["--http", &format!("127.0.0.1:{http}"), "--durability", setup.mode.name()]);
    if let Some(memory) = setup.memory {
        command.args(["--memory", memory]);
    }
    command
}

pub(crate) fn free_port() -> Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").context("find a free port")?;
    Ok(listener.local_addr().context("find a free port")?.port())
}

/// Of a line such as `log  commit 8127, 12 MiB replayed`, the 12.
fn parse_replayed(line: &str) -> Option<u64> {
    let (before, _) = line.split_once(" MiB replayed")?;
    before.rsplit(' ').next()?.parse().ok()
}

fn parse_histogram(text: &str, name: &str) -> Vec<(f64, f64)> {
    let of_line = |line: &str| {
        let rest = line.strip_prefix(name)?.strip_prefix("_bucket{")?;
        let (bound, count) = rest.split_once("le=\"")?.1.split_once("\"} ")?;
        let bound = bound.trim_start_matches('+').to_lowercase();
        Some((bound.parse().ok()?, count.parse().ok()?))
    };
    text.lines().filter_map(of_line).collect()
}

/// The value of a metric, of its first label if it has some.
fn parse_metric(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| {
        let rest = line.strip_prefix(name)?;
        let is_it = rest.starts_with('{') || rest.starts_with(' ');
        is_it.then(|| rest.split_whitespace().last()?.parse().ok())?
    })
}

/// User and system time of `/proc/PID/stat`, in seconds.
pub(crate) fn parse_cpu(stat: &str) -> Option<f64> {
    // The name in parentheses may hold blanks and parentheses; what follows does not.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut ticks = rest.split_whitespace().skip(11).map(|field| field.parse::<f64>().ok());
    Some((ticks.next()?? + ticks.next()??) / TICKS)
}

/// Bytes of memory, of a line of `/proc/PID/status`.
pub(crate) fn parse_bytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests;
