//! `groundsill serve`: starts, serves, and stops in five stages.
//!
//! First a signal is caught; then new connections are refused; then open ones finish what they had been
//! sent, within a budget; then everything is synced and the log ended cleanly; then it exits with 0. A
//! second signal, or the end of the budget, goes on to the sync at once; SIGKILL anywhere loses nothing
//! acknowledged.
//!
//! The addresses are taken before the store is opened, and clients after it has been: neither an address in
//! use nor a signal during recovery leaves an unclean stop. The directory is held until the process ends.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use base::{Clock, Monotonic};
use clap::{ArgMatches, Command};
use front::{Access, Host, Limits, Server};
use kv::{Durability, Level};
use tables::Tables;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::build::{self, Budget, Running};
use crate::config::{Config, cli};
use crate::data_dir::{self, DataDir, InUse};
use crate::door::Door;
use crate::fronts::{Addresses, Listeners};
use crate::machine::{self, MachineClock};
use crate::observer::Journal;
use crate::passwords;
use crate::staging::{self, Staging};

/// Exit status after a failed write or sync of the log: an input or output error (`EX_IOERR`).
const EXIT_POISONED: u8 = 74;

/// Connections where the descriptors do not say less.
const CONNECTIONS_MAX: u64 = 10_000;

/// Descriptors that are kept for files, and for the 32 connections over HTTP.
const DESCRIPTORS_KEPT: u64 = 544;

/// What another process has is waited for so long: one that was killed lets go only once the kernel has freed
/// its memory.
const LET_GO_TIME: Duration = Duration::from_secs(1);

/// And looked at again after this long.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// After the log has failed, clients are given this long to hear of it.
const LAST_WORDS: Duration = Duration::from_millis(500);

pub(crate) fn command() -> Command {
    let about = "Serve Redis and Kafka clients from a data directory";
    cli::with_settings(Command::new("serve").about(about))
        .long_about(LONG_ABOUT)
        .after_help(AFTER_HELP)
}

const LONG_ABOUT: &str = "\
Serve Redis and Kafka clients from a data directory.

Without any option it keeps its data in ./data, which it makes, answers Redis clients on 127.0.0.1:6379, \
Kafka clients on 127.0.0.1:9092, and probes and metrics over HTTP on 127.0.0.1:8080. It prints what it found and what it may use, and then the \
line `ready`: from there on it takes clients. Unless `durability` is `relaxed`, what it has acknowledged is on \
disk, whatever happens to the process or the machine.";

const AFTER_HELP: &str = "\
Examples:
  groundsill serve
  groundsill serve --data /var/lib/groundsill --memory 4GiB
  GROUNDSILL_RESP=127.0.0.1:7000 groundsill serve
  groundsill config show --config groundsill.toml

Each setting is taken from the command line, else from its environment variable, else from the file, \
else it has its default; `groundsill config show` tells which.

Stop it with SIGTERM or Ctrl-C: it answers what it was sent, syncs, and exits with 0. A second signal \
does not wait for clients. Other exit codes: 1, it could not start, and says why; 2, the command line is \
wrong; 74, a write or sync of the log failed: see docs/operations.md before it is started again.";

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let config = Config::new(&cli::gather(matches)?)?;
    start_logging(&config);
    let guard = config.password_file.clone().map(Guard::new).transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    // Caught before anything is begun, so that a stop during recovery is a stop too.
    let signals = {
        let _within = runtime.enter();
        Signals::new()?
    };
    let (addresses, dir) = {
        let _within = runtime.enter();
        take_hold_soon(&config)?
    };
    dir.hold();
    staging::remove_left(&dir.path);
    let outcome = runtime.block_on(serve(config, guard, dir, addresses, signals));
    // Work on a disk that no longer answers would keep the process from its end.
    runtime.shutdown_background();
    outcome
}

/// As [`take_hold`]; waits for a process that was killed to let go.
fn take_hold_soon(config: &Config) -> Result<(Addresses, DataDir)> {
    let until = MachineClock.monotonic() + LET_GO_TIME;
    loop {
        match take_hold(config) {
            Err(error) if is_held(&error) && MachineClock.monotonic() < until => {
                std::thread::sleep(LOOK_AGAIN);
            }
            taken => return taken,
        }
    }
}

/// Takes the addresses and the data directory.
fn take_hold(config: &Config) -> Result<(Addresses, DataDir)> {
    let addresses = Addresses::take(config);
    // A first start that cannot have its addresses leaves no directory behind. Of one that is there it is
    // told first if somebody has it.
    let addresses = if data_dir::has_identity(&config.data)? { addresses } else { Ok(addresses?) };
    let dir = DataDir::open(&config.data, &MachineClock)?;
    Ok((addresses?, dir))
}

/// Whether another process has what was to be taken.
fn is_held(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    error.is::<InUse>() || io.is_some_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

fn start_logging(config: &Config) {
    let builder = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(config.log_level)
        .with_target(false)
        .log_internal_errors(false);
    if config.log_json {
        builder.json().init();
    } else {
        builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init();
    }
}

async fn serve(
    config: Config,
    guard: Option<Guard>,
    dir: DataDir,
    addresses: Addresses,
    mut signals: Signals,
) -> Result<ExitCode> {
    let budget = Budget::new(&config);
    let connections = connections(&config);
    let journal = Arc::new(Journal::default());
    let Some((dir, running)) = open(&config, budget, dir, &journal, &mut signals).await? else {
        return Ok(ExitCode::SUCCESS);
    };
    let listeners = match addresses.listen() {
        Ok(listeners) => listeners,
        Err(error) => {
            stop_store(running, &journal).await;
            return Err(error);
        }
    };
    print_start(&config, guard.as_ref(), budget, &dir, &running, &listeners, connections);
    warn_of_open_wires(&config);
    let (stop, stopping) = watch::channel(false);
    let inbox_bytes = usize::try_from(budget.inboxes).unwrap_or(usize::MAX);
    let limits = Limits { connections, inbox_bytes, ..Limits::default() };
    let host = host(budget, &dir, listeners.resp().unwrap_or(config.resp));
    let access = guard.as_ref().map(|guard| Arc::clone(&guard.access));
    let _rereading = guard.map(Guard::watch).transpose()?;
    let server =
        Server::new(running.store.clone(), access, &dir.identity.hash_key, limits, host, stopping);
    let mut fronts = listeners.serve(&server);
    let _door = Door::open(&dir.path, Staging::new(&dir, &running));
    tokio::select! {
        () = signals.next() => {}
        () = journal.poisoned() => {
            // Nobody is left to notice that the channel is closed: the fronts have ended then.
            let _ended = stop.send(true);
            let _cut_off = tokio::time::timeout(LAST_WORDS, drained(&mut fronts)).await;
            return Ok(ExitCode::from(EXIT_POISONED));
        }
        ended = fronts.join_next() => {
            let _ended = stop.send(true);
            stop_store(running, &journal).await;
            bail!("a front has ended by a defect of ours: please report it ({ended:?})");
        }
    }
    let _ended = stop.send(true);
    tracing::info!(connections = server.connected(), "stopping: waiting for connections to finish");
    tokio::select! {
        _ = tokio::time::timeout(config.drain_time, drained(&mut fronts)) => {}
        () = signals.next() => {}
    }
    Ok(stop_store(running, &journal).await)
}

/// Who may connect, and the file that says so.
struct Guard {
    access: Arc<Access>,
    path: PathBuf,
    users: usize,
}

impl Guard {
    fn new(path: PathBuf) -> Result<Self> {
        let users = passwords::read(&path)?;
        let count = users.count();
        Ok(Self { access: Arc::new(passwords::access(users)?), path, users: count })
    }

    /// Has the file read again at each SIGHUP, until the runtime ends. Without a file of passwords, SIGHUP
    /// ends the process as it does by default.
    fn watch(self) -> Result<tokio::task::JoinHandle<()>> {
        let mut hangup = signal(SignalKind::hangup()).context("catch signals")?;
        Ok(tokio::spawn(async move {
            while hangup.recv().await.is_some() {
                let (path, access) = (self.path.clone(), Arc::clone(&self.access));
                let read = move || passwords::read_again(&path, &access);
                // It does not panic; if it did, the users would stay as they are.
                let _read = tokio::task::spawn_blocking(read).await;
            }
        }))
    }
}

/// What is sent to an address that others reach can be read on the way.
fn warn_of_open_wires(config: &Config) {
    let addresses = [("resp", config.resp), ("kafka", config.kafka), ("http", config.http)];
    for (front, address) in addresses.into_iter().filter(|(_, address)| !address.ip().is_loopback())
    {
        tracing::warn!(front, %address, "passwords and data are sent unencrypted: keep the address to a network that you trust, or put a proxy with TLS in front");
    }
}

/// Returns when every connection has ended.
async fn drained(fronts: &mut JoinSet<()>) {
    while fronts.join_next().await.is_some() {}
}

/// Opens the store on a thread of its own. `None` if a signal came meanwhile: then the store has been
/// ended cleanly again.
///
/// # Errors
/// Also at a second signal, without waiting for the end of recovery.
async fn open(
    config: &Config,
    budget: Budget,
    mut dir: DataDir,
    journal: &Arc<Journal>,
    signals: &mut Signals,
) -> Result<Option<(DataDir, Running)>> {
    let (config, observer) = (config.clone(), Arc::clone(journal));
    let mut opening = tokio::task::spawn_blocking(move || {
        let running = build::start(&config, budget, &mut dir, &observer)?;
        anyhow::Ok((dir, running))
    });
    let mut is_stopping = false;
    let (dir, running) = loop {
        tokio::select! {
            opened = &mut opening => break opened.context("open the store")??,
            () = signals.next() => {
                if is_stopping {
                    bail!("stopped before the log had been read, which loses nothing: the next start reads it");
                }
                is_stopping = true;
                tracing::info!("stopping as soon as the log has been read; a second signal does not wait for that");
            }
        }
    };
    if is_stopping {
        stop_store(running, journal).await;
        return Ok(None);
    }
    Ok(Some((dir, running)))
}

/// What clients may ask of the process.
fn host(budget: Budget, dir: &DataDir, resp: SocketAddr) -> Host {
    Host {
        version: env!("CARGO_PKG_VERSION"),
        process: std::process::id(),
        port: resp.port(),
        bind: resp.ip().to_string(),
        dir: dir.path.display().to_string(),
        memory_bytes: budget.memory,
        usage: machine::usage,
    }
}

/// Stage four: everything queued is made durable, and the log ends cleanly.
async fn stop_store(running: Running, journal: &Journal) -> ExitCode {
    let Running { store, crew, tables, .. } = running;
    let queued = store.watermarks().queued();
    let settled = store.reached(Level::Durable, queued).await;
    tables.cease();
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

/// Says where it answers and what it may use, and that it is ready, to whoever has started it.
fn print_start(
    config: &Config,
    guard: Option<&Guard>,
    budget: Budget,
    dir: &DataDir,
    running: &Running,
    listeners: &Listeners,
    connections: usize,
) {
    // On a full disk there is nothing to measure by; it is served all the same.
    let disk = match measure_sync(&dir.path) {
        Ok(sync) => format!("a sync takes {:.2} ms here", sync.as_secs_f64() * 1000.0),
        Err(error) => format!("how long a sync takes could not be measured: {error:#}"),
    };
    let durability = match config.durability {
        Durability::Durable => "durable: synced before each reply",
        Durability::Relaxed => "relaxed: synced within 100 ms after the reply",
    };
    let recovered = &running.recovered;
    let tail = recovered.dropped.as_ref().map_or(String::new(), |dropped| {
        format!(
            ", dropped an unfinished tail of {} bytes ({})",
            dropped.bytes,
            match &dropped.copy {
                Some(copy) => format!("kept in {copy}"),
                None => "not kept: the disk is full".to_owned(),
            }
        )
    });
    let made = if dir.is_new { "new" } else { "found" };
    let mib = |bytes: u64| bytes >> 20;
    let passwords = guard.map_or("none: whoever connects may do everything".to_owned(), |guard| {
        format!("{} users in {}", guard.users, guard.path.display())
    });
    let lines = [
        format!("groundsill {}", env!("CARGO_PKG_VERSION")),
        format!(
            "  data        {} ({made}, format {})",
            dir.path.display(),
            crate::identity::FORMAT
        ),
        format!(
            "  log         commit {}, {} MiB replayed{tail}",
            recovered.last,
            mib(recovered.replay_bytes)
        ),
        format!("  durability  new namespaces are {durability}"),
        format!("  disk        {disk}"),
        format!(
            "  memory      {} MiB: objects {}, table blocks {}, requests {}, memtables 3 x {}, backlog {}",
            mib(budget.memory),
            mib(budget.objects),
            mib(budget.blocks),
            mib(budget.inboxes),
            mib(running.store.settings().memtable_bytes),
            mib(running.store.settings().backlog_bytes as u64)
        ),
        format!("  connections at most {connections}"),
        format!("  passwords   {passwords}"),
        format!("  resp        {}", listeners.resp().unwrap_or(config.resp)),
        format!("  kafka       {}", listeners.kafka().unwrap_or(config.kafka)),
        format!("  http        {}", listeners.http().unwrap_or(config.http)),
        "ready\n".to_owned(),
    ];
    let mut out = io::stdout().lock();
    // Whoever does not want to read it may have closed it.
    let _closed = out.write_all(lines.join("\n").as_bytes()).and_then(|()| out.flush());
}

/// The median time of a few small writes with a sync, on the disk of the data.
fn measure_sync(dir: &Path) -> Result<Monotonic> {
    let path = dir.join("sync-probe");
    let times = measure_syncs(&path);
    let removed = std::fs::remove_file(&path);
    let mut times = times?;
    removed.with_context(|| format!("remove {}", path.display()))?;
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

fn measure_syncs(path: &Path) -> Result<[Duration; 5]> {
    let mut options = OpenOptions::new();
    let file = options
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
        .with_context(|| format!("make {}", path.display()))?;
    let mut times = [Duration::ZERO; 5];
    for time in &mut times {
        let start = MachineClock.monotonic();
        file.write_all_at(&[0; 512], 0)
            .and_then(|()| file.sync_data())
            .with_context(|| format!("sync {}", path.display()))?;
        *time = MachineClock.monotonic().saturating_sub(start);
    }
    Ok(times)
}
