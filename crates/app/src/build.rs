//! From a configuration to a store with its workers running.

use std::sync::Arc;

use anyhow::{Context, Result};
use base::{Clock, Observer};
use kv::{Ground, Limits, Settings, Start, Store, Workers};
use log::{Directory, FileLog, Medium, Recovered};
use tables::{Existing, LsmTables, Tables};

use crate::config::Config;
use crate::crew::Crew;
use crate::data_dir::DataDir;
use crate::machine::{MachineClock, disk_bytes, memory_bytes};
use crate::observer::Journal;

/// Shares of the memory, in percent.
const OBJECTS_PERCENT: u64 = 50;
const BLOCKS_PERCENT: u64 = 10;
const INBOXES_PERCENT: u64 = 10;

/// Of a small memory, what lies between log and tables takes at most one part in so many.
const BACKLOG_DIVISOR: u64 = 16;

/// And each memtable one in so many. There are up to six: one is written to, two wait for their flush, and a
/// compaction holds on to up to three that it met.
const MEMTABLE_DIVISOR: u64 = 32;

/// One transaction brings at most one part in so many into memory.
const AT_ONCE_DIVISOR: u64 = 8;

/// What the memory is cut into, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub(crate) memory: u64,
    pub(crate) objects: u64,
    pub(crate) blocks: u64,
    /// What connections have received and not yet answered.
    pub(crate) inboxes: u64,
}

impl Budget {
    pub(crate) fn new(config: &Config) -> Self {
        let memory = config.memory_of(memory_bytes());
        Self {
            memory,
            objects: memory / 100 * OBJECTS_PERCENT,
            blocks: memory / 100 * BLOCKS_PERCENT,
            inboxes: memory / 100 * INBOXES_PERCENT,
        }
    }
}

/// A store that runs.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) store: Store,
    pub(crate) crew: Crew,
    pub(crate) recovered: Recovered,
    /// What it stands on, for its backups.
    pub(crate) log: Arc<FileLog>,
    pub(crate) tables: Arc<LsmTables>,
}

/// Opens the store in `dir` and starts its workers. Blocks on the disk, for as long as recovery takes.
pub(crate) fn start(
    config: &Config,
    budget: Budget,
    dir: &mut DataDir,
    journal: &Arc<Journal>,
) -> Result<Running> {
    let observer: Arc<dyn Observer> = Arc::<Journal>::clone(journal);
    let machine = Arc::new(MachineClock);
    let tables = open_tables(config, budget, dir, &observer)?;
    let medium: Arc<dyn Medium> = Arc::new(
        Directory::new(dir.log()).with_context(|| format!("open {}", dir.log().display()))?,
    );
    let settings = log::Settings {
        segment_bytes: config.log_segment,
        history_bytes: config.log_history,
        history_age_ms: u64::try_from(config.log_history_age.as_millis()).unwrap_or(u64::MAX),
        disk_free_bytes_min: config.disk_free_min_of(disk_bytes(&dir.path)),
    };
    let now = base::StoreTime(machine.wall_ms());
    let (log, recovered) = FileLog::open(
        medium,
        settings,
        dir.identity.store,
        tables.applied(),
        now,
        Arc::clone(&observer),
    )
    .context("open the log")?;
    dir.finish()?;
    let log = Arc::new(log);
    let ground = Ground {
        settings: settings_of(config, budget, dir),
        log: Arc::<FileLog>::clone(&log),
        tables: Arc::<LsmTables>::clone(&tables),
        observer,
        machine,
    };
    let start = Start {
        last: recovered.last,
        next: recovered.next,
        generations: recovered.generations,
        time: recovered.time,
        files_bytes: recovered.files_bytes,
    };
    let (store, workers) = Store::open(ground, start).context("open the store")?;
    let crew = man(&store, workers)?;
    Ok(Running { store, crew, recovered, log, tables })
}

fn open_tables(
    config: &Config,
    budget: Budget,
    dir: &DataDir,
    observer: &Arc<dyn Observer>,
) -> Result<Arc<LsmTables>> {
    let path = dir.tables();
    let settings = tables::Settings {
        cache_bytes: budget.blocks,
        disk_free_bytes_min: config.disk_free_min_of(disk_bytes(&dir.path)),
        ..tables::Settings::default()
    };
    let existing = if dir.is_unfinished { Existing::Possible } else { Existing::Required };
    let tables = LsmTables::open(&path, &settings, existing, Arc::clone(observer));
    Ok(Arc::new(tables.with_context(|| format!("open the tables in {}", path.display()))?))
}

fn settings_of(config: &Config, budget: Budget, dir: &DataDir) -> Settings {
    let key = dir.identity.hash_key;
    let hash_seed =
        u64::from_le_bytes([key[0], key[1], key[2], key[3], key[4], key[5], key[6], key[7]]);
    let objects_bytes = usize::try_from(budget.objects).unwrap_or(usize::MAX);
    let defaults = Settings::default();
    let share = |divisor: u64| usize::try_from(budget.memory / divisor).unwrap_or(usize::MAX);
    let backlog_bytes = defaults.backlog_bytes.min(share(BACKLOG_DIVISOR));
    let limits = Limits {
        object_bytes: defaults.limits.object_bytes.min(budget.memory / AT_ONCE_DIVISOR),
        ..defaults.limits
    };
    Settings {
        limits,
        objects_bytes,
        memtable_bytes: defaults.memtable_bytes.min(budget.memory / MEMTABLE_DIVISOR),
        backlog_bytes,
        gather_bytes: defaults.gather_bytes.min(backlog_bytes / 4),
        durability: config.durability,
        hash_seed,
        ..defaults
    }
}

/// Gives every worker a thread; those of the log share two.
fn man(store: &Store, workers: Workers) -> Result<Crew> {
    let store = store.clone();
    let mut crew = Crew::new(move |reason| store.fail(&reason));
    crew.add(workers.log, 2)?;
    for worker in workers.others {
        crew.add(vec![worker], 1)?;
    }
    Ok(crew)
}
