//! Labs: a fault made for real, to see that its check finds it, and finds it no more once it is mended.
//!
//! For a machine that nobody needs: a lab changes it. What it makes it takes away again.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

pub use clean::clean;

use crate::check::Check;
use crate::probe::{Ask, Moment, Probe};
use crate::record::{Record, Status};
use crate::snapshot::{Provenance, Recording, Snapshot};

mod boundary;
mod cgroups;
mod clean;
mod clock;
mod disks;
mod etcd;
mod memory;
mod mysql;
mod names;
mod netns;
mod network;
mod pgbouncer;
mod postgres;
mod processes;
mod redis;
mod system;
mod tls;

/// How long a lab waits for the fault to show, and to be gone.
const PATIENCE: Duration = Duration::from_secs(20);

/// With this begins the name of everything that a lab makes: folders, namespaces, groups.
const PREFIX: &str = "groundsill-lab-";

/// How often it looks meanwhile.
const PAUSE: Duration = Duration::from_millis(50);

/// A lab.
#[derive(Clone, Copy, Debug)]
pub struct Lab {
    /// The check that it is for.
    pub id: &'static str,
    /// Makes the fault, sees it found, mends it, sees it gone.
    run: fn(&Stage<'_>) -> Result<String, Stop>,
}

const GROUPS: [&[Lab]; 15] = [
    boundary::ALL,
    cgroups::ALL,
    clock::ALL,
    disks::ALL,
    etcd::ALL,
    memory::ALL,
    mysql::ALL,
    names::ALL,
    network::ALL,
    pgbouncer::ALL,
    postgres::ALL,
    processes::ALL,
    redis::ALL,
    system::ALL,
    tls::ALL,
];

/// All of them, in the order of their ids.
pub fn all() -> Vec<Lab> {
    let mut all: Vec<_> = GROUPS.into_iter().flatten().copied().collect();
    all.sort_by_key(|lab| lab.id);
    all
}

/// Why a lab did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The check did not see what is, or the fault could not be made.
    Failed(String),
    /// This machine has not what it takes: which package, or which part of the kernel.
    Missing(String),
}

impl From<String> for Stop {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

impl From<&str> for Stop {
    fn from(why: &str) -> Self {
        Self::Failed(why.to_owned())
    }
}

/// What became of a lab.
#[derive(Clone, Debug)]
pub struct Played {
    /// What was seen of the fault; or why it did not pass.
    pub outcome: Result<String, Stop>,
    /// The last that was seen while the check failed.
    pub failed: Option<Recording>,
    /// The last that was seen while it passed.
    pub passed: Option<Recording>,
}

impl Lab {
    /// Runs it. `now` tells the time.
    pub fn run(&self, now: &(dyn Fn() -> Moment + Sync), seed: u64) -> Played {
        let kept = Mutex::default();
        let outcome = match crate::checks::find(self.id) {
            Some(check) => {
                (self.run)(&Stage { check, now, seed, ask: Ask::default(), kept: &kept })
            }
            None => Err(Stop::Failed("there is no such check".to_owned())),
        };
        let kept = kept.into_inner().unwrap_or_else(PoisonError::into_inner);
        Played { outcome, failed: kept.failed, passed: kept.passed }
    }
}

#[derive(Debug, Default)]
struct Kept {
    failed: Option<Recording>,
    passed: Option<Recording>,
}

/// What a lab has at hand.
#[derive(Clone)]
struct Stage<'a> {
    check: &'static Check,
    now: &'a (dyn Fn() -> Moment + Sync),
    /// Magnitudes are drawn from it.
    seed: u64,
    /// At what it looks.
    ask: Ask,
    kept: &'a Mutex<Kept>,
}

impl Stage<'_> {
    /// The same, that looks at this, too.
    fn asking(&self, ask: Ask) -> Self {
        Self { ask, ..self.clone() }
    }

    /// A number from `least` on, below `least + span`.
    fn draw(&self, least: u64, span: u64) -> u64 {
        least + (self.seed ^ self.seed >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15) % span
    }

    /// Looks, has something happen, and looks again.
    fn between(&self, act: impl FnOnce() -> Result<(), Stop>) -> Result<Vec<Record>, Stop> {
        let mut probe = self.probe()?;
        let before = probe.look((self.now)());
        act()?;
        let after = probe.look((self.now)());
        Ok(self.judge(before, after))
    }

    /// Looks twice until the check says what `wanted` accepts.
    fn until(&self, what: &str, wanted: impl Fn(&[Record]) -> bool) -> Result<Vec<Record>, Stop> {
        let began_ms = (self.now)().up_ms;
        loop {
            let mut probe = self.probe()?;
            let before = probe.look((self.now)());
            std::thread::sleep(PAUSE);
            let after = probe.look((self.now)());
            let is_late = Duration::from_millis(after.up_ms.saturating_sub(began_ms)) > PATIENCE;
            let records = self.judge(before, after);
            if wanted(&records) {
                return Ok(records);
            }
            if is_late {
                return Err(format!("{what}: not within {PATIENCE:?}; it says {records:?}").into());
            }
        }
    }

    /// Waits until something is so, that no check is asked for.
    fn wait(&self, what: &str, is_so: impl Fn() -> Result<bool, Stop>) -> Result<(), Stop> {
        let began_ms = (self.now)().up_ms;
        while !is_so()? {
            let waited_ms = (self.now)().up_ms.saturating_sub(began_ms);
            if Duration::from_millis(waited_ms) > PATIENCE {
                return Err(format!("{what}: not within {PATIENCE:?}").into());
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    fn probe(&self) -> Result<Probe, Stop> {
        Probe::open(self.ask.clone()).map_err(|error| Stop::Failed(format!("look: {error}")))
    }

    fn judge(&self, before: Snapshot, mut after: Snapshot) -> Vec<Record> {
        // A recording is of two moments, however fast the lab is.
        after.at_ms = after.at_ms.max(before.at_ms + 1);
        let by = format!("Linux {}, lab of {}", after.host.kernel, self.check.id);
        let recording = Recording { provenance: Provenance::Recorded(by), before, after };
        let records = self.check.judge(&recording.window());
        let has = |status| records.iter().any(|record| record.status == status);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match (has(Status::Fail), has(Status::Pass)) {
            (true, _) => kept.failed = Some(recording),
            (false, true) => kept.passed = Some(recording),
            _ => {}
        }
        records
    }
}

/// The failing record about `at`, if there is one.
fn failing<'r>(records: &'r [Record], at: &str) -> Option<&'r Record> {
    records.iter().find(|record| record.status == Status::Fail && record.target.ends_with(at))
}

/// What it means that a call of the system failed.
fn failed(what: &'static str) -> impl Fn(std::io::Error) -> Stop {
    move |error| Stop::Failed(format!("{what}: {error}"))
}

/// A port on the loopback interface on which nobody listens, for now.
fn free_port() -> Result<u16, Stop> {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|it| it.local_addr());
    socket.map(|address| address.port()).map_err(failed("find a port"))
}

/// Runs a program, and returns what it wrote.
///
/// # Errors
/// It is missing, or ended badly: with what it said.
fn run(program: &str, arguments: &[&str]) -> Result<String, Stop> {
    let done = Command::new(program).args(arguments).output();
    let done = done.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Stop::Missing(format!("the program {program}")),
        _ => Stop::Failed(format!("run {program}: {error}")),
    })?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    Err(Stop::Failed(format!("{program} {}: {} {said}", arguments.join(" "), done.status)))
}

/// A folder of a lab, which goes with it. Its name begins with [`PREFIX`].
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    /// A new one.
    fn new(name: &str) -> Result<Self, Stop> {
        let path = std::env::temp_dir().join(format!("{PREFIX}{name}-{}", std::process::id()));
        let made = std::fs::create_dir_all(&path);
        made.map_err(|error| Stop::Failed(format!("make {}: {error}", path.display())))?;
        Ok(Self(path))
    }
}

impl Folder {
    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left of it goes with the next `lab --clean`.
        let _left = std::fs::remove_dir_all(&self.0);
    }
}
