//! `groundsill serve`: starts, serves, and stops in five stages.
//!
//! 1. A signal is caught. 2. New connections are refused. 3. Open ones finish what they have been sent,
//! within a budget. 4. Everything is synced and the log ended cleanly. 5. Exit 0. A second signal, or the
//! end of the budget, goes on to stage four at once; SIGKILL anywhere loses nothing acknowledged.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use base::{Clock, Monotonic};
use clap::{ArgMatches, Command};
use front::{Limits, Server};
use kv::{Durability, Level};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::build::{self, Budget, Running};
use crate::config::{Config, cli};
use crate::data_dir::DataDir;
use crate::machine::MachineClock;
use crate::observer::Journal;

/// Exit status after a failed write or sync of the log: an input or output error (`EX_IOERR`).
const EXIT_POISONED: u8 = 74;

/// Connections where the descriptors do not say less.
const CONNECTIONS_MAX: u64 = 10_000;

/// Descriptors that are kept for files.
const DESCRIPTORS_KEPT: u64 = 512;

/// After the log has failed, clients are given this long to hear of it.
const LAST_WORDS: Duration = Duration::from_millis(500);

pub(crate) fn command() -> Command {
    let about = "Serve Redis clients from a data directory";
    cli::with_settings(Command::new("serve").about(about)).after_help(
        "Stop it with SIGTERM or Ctrl-C: it finishes what it was asked, syncs, and exits with 0. \
         It exits with 74 if the disk failed it; what it had acknowledged is safe.",
    )
}

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let config = Config::new(&cli::gather(matches)?)?;
    start_logging(&config);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    runtime.block_on(serve(&config))
}

fn start_logging(config: &Config) {
    let builder = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(config.log_level)
        .with_target(false);
    if config.log_json {
        builder.json().init();
    } else {
        builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init();
    }
}

async fn serve(config: &Config) -> Result<ExitCode> {
    // Caught before anything is begun, so that a stop during recovery is a stop too.
    let mut signals = Signals::new()?;
    let dir = DataDir::open(&config.data, &MachineClock)?;
    let budget = Budget::new(config);
    let connections = connections(config);
    let journal = Arc::new(Journal::default());
    let running = build::start(config, budget, &dir, &journal)?;
    let (stop, stopping) = watch::channel(false);
    let limits = Limits { connections, ..Limits::default() };
    let server = Server::new(running.store.clone(), &dir.identity.hash_key, limits, stopping);
    let listener = TcpListener::bind(config.resp)
        .await
        .with_context(|| format!("listen on {} (`resp`)", config.resp))?;
    print_start(config, budget, &dir, &running, connections)?;
    let mut front = tokio::spawn(front::resp::serve(Arc::clone(&server), listener));
    let failed = tokio::select! {
        () = signals.next() => false,
        () = failure(&journal) => true,
    };
    // Nobody is left to notice that the channel is closed: the fronts have ended then.
    let _ended = stop.send(true);
    if failed {
        let _cut_off = tokio::time::timeout(LAST_WORDS, &mut front).await;
        return Ok(ExitCode::from(EXIT_POISONED));
    }
    tracing::info!(connections = server.connected(), "stopping: waiting for connections to finish");
    tokio::select! {
        _ = tokio::time::timeout(config.drain_time, &mut front) => {}
        () = signals.next() => {}
    }
    Ok(stop_store(running, &journal).await)
}

/// Stage four: everything queued is made durable, and the log ends cleanly.
async fn stop_store(running: Running, journal: &Journal) -> ExitCode {
    let Running { store, crew, .. } = running;
    let queued = store.watermarks().queued();
    let settled = store.watermarks().reached(Level::Durable, queued).await;
    crew.stop();
    let closed = settled.and_then(|()| store.close());
    if let Err(error) = closed {
        tracing::error!(%error, "the log could not be ended cleanly");
    }
    if journal.is_poisoned() {
        return ExitCode::from(EXIT_POISONED);
    }
    tracing::info!("stopped");
    ExitCode::SUCCESS
}

/// Returns once the log has failed.
async fn failure(journal: &Journal) {
    while !journal.is_poisoned() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// SIGTERM and SIGINT.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        let catch = |kind| signal(kind).context("catch signals");
        Ok(Self {
            terminate: catch(SignalKind::terminate())?,
            interrupt: catch(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// How many connections there may be: as said, or as the descriptors allow once raised to the hard limit.
fn connections(config: &Config) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let descriptors =
        if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    let allowed =
        descriptors.unwrap_or(u64::MAX).saturating_sub(DESCRIPTORS_KEPT).clamp(16, CONNECTIONS_MAX);
    config.connections.unwrap_or(usize::try_from(allowed).unwrap_or(usize::MAX))
}

#[expect(
    clippy::print_stdout,
    reason = "whoever starts it reads where it answers, and when it is ready"
)]
fn print_start(
    config: &Config,
    budget: Budget,
    dir: &DataDir,
    running: &Running,
    connections: usize,
) -> Result<()> {
    let sync = measure_sync(&dir.path)?;
    let durability = match config.durability {
        Durability::Durable => "durable: synced before each reply",
        Durability::Relaxed => "relaxed: synced within 100 ms after the reply",
    };
    let recovered = &running.recovered;
    let tail = recovered.dropped.as_ref().map_or(String::new(), |dropped| {
        format!(
            ", dropped an unfinished tail of {} bytes (kept in {})",
            dropped.bytes, dropped.copy
        )
    });
    let made = if dir.is_new { "new" } else { "found" };
    let mib = |bytes: u64| bytes >> 20;
    println!("groundsill {}", env!("CARGO_PKG_VERSION"));
    println!("  data        {} ({made}, format {})", dir.path.display(), crate::identity::FORMAT);
    println!(
        "  log         commit {}, {} MiB replayed{tail}",
        recovered.last,
        mib(recovered.replay_bytes)
    );
    println!("  durability  new namespaces are {durability}");
    println!("  disk        a sync takes {:.2} ms here", sync.as_secs_f64() * 1000.0);
    println!(
        "  memory      {} MiB: objects {}, table blocks {}",
        mib(budget.memory),
        mib(budget.objects),
        mib(budget.blocks)
    );
    println!("  connections at most {connections}");
    println!("  resp        {}", config.resp);
    println!("ready");
    Ok(())
}

/// The median time of a few small writes with a sync, on the disk of the data.
fn measure_sync(dir: &Path) -> Result<Monotonic> {
    let path = dir.join("sync-probe");
    let mut options = OpenOptions::new();
    let file = options
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .with_context(|| format!("make {}", path.display()))?;
    let mut times = [Duration::ZERO; 5];
    for time in &mut times {
        let start = MachineClock.monotonic();
        file.write_all_at(&[0; 512], 0)
            .and_then(|()| file.sync_data())
            .with_context(|| format!("sync {}", path.display()))?;
        *time = MachineClock.monotonic() - start;
    }
    std::fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
    times.sort_unstable();
    Ok(times[times.len() / 2])
}
