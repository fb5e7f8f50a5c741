//! A server under test: started on a directory of its own, watched through `/proc`, ended.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long a server may take until it answers.
const START: Duration = Duration::from_mins(1);

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

/// What an answer promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    dir: PathBuf,
    pub(crate) port: u16,
}

impl Server {
    /// Starts it with an empty directory under `root`.
    pub(crate) fn start(kind: Kind, mode: Mode, root: &Path) -> Result<Self> {
        let port = free_port()?;
        let dir = root.join(format!("{kind:?}-{port}"));
        fs::create_dir_all(&dir).with_context(|| format!("make {}", dir.display()))?;
        let mut command = match kind {
            Kind::Redis => redis(mode, &dir, port),
            Kind::Groundsill => groundsill(mode, &dir, port),
        };
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let child = child.spawn().with_context(|| format!("start {kind:?}; is it installed?"))?;
        let mut server = Self { child, dir, port };
        server.wait()?;
        Ok(server)
    }

    fn wait(&mut self) -> Result<()> {
        // What it prints is read on, so that it never waits for us.
        if let Some(stdout) = self.child.stdout.take() {
            std::thread::spawn(move || {
                BufReader::new(stdout).lines().map_while(Result::ok).for_each(drop);
            });
        }
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if began.elapsed() > START {
                bail!("no answer on port {} after {START:?}", self.port);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Processor time that it has used, its threads included, in seconds.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = fs::read_to_string(&path).with_context(|| format!("read {path}"))?;
        // The name in parentheses may hold blanks; what follows does not.
        let fields: Vec<&str> =
            stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks =
            |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
        Ok((ticks(11) + ticks(12)) / TICKS)
    }

    /// Memory that it holds, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(&path).with_context(|| format!("read {path}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        Ok(kib.context("no VmRSS")? * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It was started here and holds nothing of value.
        let _gone = self.child.kill();
        let _status = self.child.wait();
        let _left = fs::remove_dir_all(&self.dir);
    }
}

fn redis(mode: Mode, dir: &Path, port: u16) -> Command {
    let fsync = if mode == Mode::Durable { "always" } else { "everysec" };
    let mut command = Command::new("redis-server");
    command.arg("--port").arg(port.to_string()).args([
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "yes",
    ]);
    command.args(["--appendfsync", fsync]).arg("--dir").arg(dir);
    command
}

fn groundsill(mode: Mode, dir: &Path, port: u16) -> Command {
    let mut command = Command::new("target/release/groundsill");
    command
        .arg("serve")
        .arg("--data")
        .arg(dir.join("data"))
        .arg("--resp")
        .arg(format!("127.0.0.1:{port}"));
    command.args(["--kafka", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    command.arg("--durability").arg(mode.name());
    command
}

fn free_port() -> Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").context("find a free port")?;
    Ok(listener.local_addr().context("find a free port")?.port())
}
