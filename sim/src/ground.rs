//! What a store stands on, across crashes: a simulated medium for the log, tables, and their bounds.

use std::sync::Arc;

use anyhow::{Context, Result};
use base::{Kind, Observer, Sequence, StoreId, StoreTime};
use kv::{Durability, Start, Store, Worker};
use log::{FileLog, Log, Medium, Recovered, SimulatedMedium};
use parking_lot::Mutex;
use tables::{Existing, LsmTables, ModelTables, Tables};
use tempfile::TempDir;

use crate::clock::MachineClock;
use crate::planted::{Planted, Raised};
use crate::trace::Trace;

const STORE: StoreId = StoreId(*b"simulated store.");

/// What the rows are in.
#[derive(Debug)]
enum Shelf {
    Model(Arc<ModelTables>),
    /// A directory of real files; between opens, nobody has it open.
    Lsm(Arc<TempDir>),
}

/// The bounds that a run is made with, small enough to be met often.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Of the log.
    pub log: log::Settings,
    /// Of the store.
    pub store: kv::Settings,
}

/// See the module's description.
#[derive(Debug)]
pub struct Ground {
    /// Where the log is.
    pub medium: SimulatedMedium,
    shelf: Shelf,
    bounds: Bounds,
    planted: Option<Planted>,
    raised: Raised,
}

/// A worker that the scheduler and a sync that is under way may both reach for.
pub type SharedWorker = Arc<Mutex<Box<dyn Worker>>>;

/// An open store.
#[expect(missing_debug_implementations, reason = "trait objects")]
pub struct Opened {
    /// The store.
    pub store: Store,
    /// Its workers, by name.
    pub workers: Vec<(&'static str, SharedWorker)>,
    /// What the log was found to hold.
    pub recovered: Recovered,
    /// Its tables.
    pub tables: Arc<dyn Tables>,
}

/// Why a store did not open.
#[derive(Debug)]
pub struct Shut {
    /// What the caller was told to do.
    pub kind: Kind,
    /// What it was told.
    pub what: String,
}

impl Ground {
    /// An empty one.
    pub fn new(seed: u64, bounds: Bounds, lsm: bool, planted: Option<Planted>) -> Result<Self> {
        let shelf = if lsm {
            Shelf::Lsm(Arc::new(TempDir::new().context("making a directory for the tables")?))
        } else {
            Shelf::Model(Arc::default())
        };
        Ok(Self {
            medium: SimulatedMedium::new(seed),
            shelf,
            bounds,
            planted,
            raised: Raised::default(),
        })
    }

    /// Whether the tables are real files, which cannot lose what was not synced.
    #[must_use]
    pub fn has_files(&self) -> bool {
        matches!(self.shelf, Shelf::Lsm(_))
    }

    /// The last commit that is in the tables for good; none where they are real files.
    #[must_use]
    pub fn applied(&self) -> Sequence {
        match &self.shelf {
            Shelf::Model(tables) => tables.applied(),
            Shelf::Lsm(_) => Sequence::ZERO,
        }
    }

    /// What a crash leaves, with this left of the medium.
    #[must_use]
    pub fn after(&self, medium: SimulatedMedium) -> Self {
        let shelf = match &self.shelf {
            Shelf::Model(tables) => Shelf::Model(Arc::new(tables.crash())),
            Shelf::Lsm(directory) => Shelf::Lsm(Arc::clone(directory)),
        };
        let (bounds, raised) = (self.bounds.clone(), self.raised.clone());
        Self { medium, shelf, bounds, planted: self.planted, raised }
    }

    /// Opens a store; new namespaces get this durability.
    pub fn open(
        &self,
        durability: Durability,
        clock: &Arc<MachineClock>,
        observer: &Arc<dyn Observer>,
    ) -> Result<Opened, Shut> {
        let tables: Arc<dyn Tables> = match &self.shelf {
            Shelf::Model(tables) => {
                tables.tell(Arc::clone(observer));
                Arc::clone(tables) as Arc<dyn Tables>
            }
            Shelf::Lsm(directory) => {
                let settings = tables::Settings::default();
                let opened = LsmTables::open(
                    directory.path(),
                    &settings,
                    Existing::Possible,
                    Arc::clone(observer),
                );
                Arc::new(
                    opened.map_err(|error| Shut { kind: error.kind(), what: error.to_string() })?,
                )
            }
        };
        let planted = self.planted;
        let tables = planted.map_or(Arc::clone(&tables), |bug| bug.in_tables(tables));
        let medium: Arc<dyn Medium> = Arc::new(self.medium.clone());
        let wall = StoreTime(base::Clock::wall_ms(&**clock));
        let opened = FileLog::open(
            medium,
            self.bounds.log.clone(),
            STORE,
            tables.applied(),
            wall,
            Arc::clone(observer),
        );
        let (log, recovered) =
            opened.map_err(|error| Shut { kind: error.kind(), what: error.to_string() })?;
        let log: Arc<dyn Log> = Arc::new(log);
        let log = planted.map_or(Arc::clone(&log), |bug| bug.in_log(log, &self.raised));
        let ground = kv::Ground {
            settings: kv::Settings { durability, ..self.bounds.store },
            log,
            tables: Arc::clone(&tables),
            observer: Arc::clone(observer),
            machine: Arc::clone(clock) as Arc<dyn base::Clock>,
        };
        let Recovered { last, next, mut generations, time, files_bytes, .. } = recovered;
        if planted == Some(Planted::GenerationsReused) {
            generations = base::Generation(10);
        }
        let start = Start { last, next, generations, time, files_bytes };
        let (store, workers) = Store::open(ground, start)
            .map_err(|error| Shut { kind: error.kind(), what: format!("{error}: {error:?}") })?;
        if let Some(bug) = planted {
            bug.raise(&self.raised, &*tables, last, next);
        }
        let workers = workers
            .into_iter()
            .map(|worker| (worker.name(), Arc::new(Mutex::new(worker))))
            .collect();
        Ok(Opened { store, workers, recovered, tables })
    }
}

/// What happens inside a sync: the writer goes on, or the power is cut.
#[derive(Debug)]
pub struct DuringSync {
    state: Arc<Mutex<SyncState>>,
}

struct SyncState {
    writer: SharedWorker,
    clock: Arc<MachineClock>,
    trace: Trace,
    medium: SimulatedMedium,
    rng: base::rng::SplitMix64,
    /// Cut the power in the next sync, and keep what is left.
    cut: Option<u64>,
    left: Option<SimulatedMedium>,
    steps: u64,
}

impl std::fmt::Debug for SyncState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SyncState").field("cut", &self.cut).finish_non_exhaustive()
    }
}

impl DuringSync {
    /// Watches the syncs of a medium.
    #[must_use]
    pub fn watch(
        medium: &SimulatedMedium,
        writer: SharedWorker,
        clock: &Arc<MachineClock>,
        trace: &Trace,
        seed: u64,
    ) -> Self {
        let state = SyncState {
            writer,
            clock: Arc::clone(clock),
            trace: trace.clone(),
            medium: medium.clone(),
            rng: base::rng::SplitMix64::new(seed),
            cut: None,
            left: None,
            steps: 0,
        };
        let state = Arc::new(Mutex::new(state));
        let inside = Arc::clone(&state);
        medium.on_sync(move |file| {
            // A sync within a write, as when a segment ends: the writer is busy.
            if let Some(mut state) = inside.try_lock() {
                state.sync(file);
            }
        });
        Self { state }
    }

    /// Cuts the power in the next sync; what is left is drawn from `seed`.
    pub fn cut_power(&self, seed: u64) {
        self.state.lock().cut = Some(seed);
    }

    /// What is left of the medium, if the power was cut.
    #[must_use]
    pub fn left(&self) -> Option<SimulatedMedium> {
        self.state.lock().left.take()
    }

    /// How often the writer went on inside a sync.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.state.lock().steps
    }
}

impl Drop for DuringSync {
    fn drop(&mut self) {
        // The medium holds what is called, which holds the medium.
        self.state.lock().medium.clone().on_sync(|_| {});
    }
}

impl SyncState {
    fn sync(&mut self, file: &str) {
        if let Some(seed) = self.cut.take() {
            self.trace.note(format_args!("power cut while {file} is synced"));
            self.left = Some(self.medium.crash(seed));
        }
        let Some(mut writer) = self.writer.try_lock() else { return };
        for _ in 0..self.rng.below(3) {
            let next = writer.step(base::Clock::monotonic(&*self.clock));
            self.steps += 1;
            self.trace.note(format_args!("while {file} is synced the writer goes on: {next:?}"));
        }
    }
}
