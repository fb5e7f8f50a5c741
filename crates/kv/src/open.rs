//! Opening a store: replay of what the tables lack, the catalogue, the workers; and a clean stop.

use std::sync::Arc;

use base::{Clock, Event, Generation, Kind, Observer, Sequence, StoreTime};
use log::{Frame, Log};
use tables::Tables;

use crate::error::Error;
use crate::fold::Fold;
use crate::settings::Settings;
use crate::shard::{Parts, Shard};
use crate::store::Store;
use crate::worker::Workers;
use crate::workers::{
    Applier, Evictor, Flusher, LogUpkeep, Reclaimer, Sweeper, Syncer, TablesUpkeep, Timekeeper,
    Writer,
};

/// Frames are folded up to this many bytes before they go to the tables.
const REPLAY_BATCH_BYTES: usize = 32 << 20;

/// The files that replay needs take so many times the bytes that may have to be replayed, at the most: what
/// was replayed goes to tables on disk then. Every open begins a file of its own, so a store that is
/// killed over and over, and writes too little for a flush, would fill the disk.
const FILES_OF_REPLAY: u64 = 2;

/// A start merges tables only above so many unmerged runs, and no more than it takes to be below: a merge is of all that
/// lies at the top, and may take longer than a start may. The workers merge once it is ready. (The applier stands still
/// above 96, which a replay adds a few to; a flush is refused at 200.)
const RUNS_MAX: u64 = 128;

/// What a store stands on.
#[expect(missing_debug_implementations, reason = "four trait objects and a settings value")]
pub struct Ground {
    /// Its bounds.
    pub settings: Settings,
    /// Where its commits are.
    pub log: Arc<dyn Log>,
    /// Where its rows are.
    pub tables: Arc<dyn Tables>,
    /// Who is told what happens.
    pub observer: Arc<dyn Observer>,
    /// The machine's clocks.
    pub machine: Arc<dyn Clock>,
}

/// Where the log says that the store goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The last commit in the log.
    pub last: Sequence,
    /// The sequence of the next one.
    pub next: Sequence,
    /// No generation or space at or above this has been given out.
    pub generations: Generation,
    /// Time goes on from here at the earliest.
    pub time: StoreTime,
    /// Bytes on disk of the files in which the log stands that the tables on disk lack.
    pub files_bytes: u64,
}

impl Store {
    /// Opens a store: applies what the log has and the tables lack, and reads the catalogue. Nothing
    /// moves until the workers are stepped.
    pub fn open(ground: Ground, start: Start) -> Result<(Self, Workers), Error> {
        let Ground { settings, log, tables, observer, machine } = ground;
        replay(&*log, &*tables, &settings, start, &*observer)?;
        if start.files_bytes > FILES_OF_REPLAY * settings.replay_bytes {
            tables.rotate();
            flush(&*tables, start.last)?;
        }
        log.trim(tables.flushed()).map_err(Error::Log)?;
        let parts = Parts { settings, log, tables, observer, machine };
        let shard = Arc::new(Shard::new(parts, start.next, start.generations, start.time));
        shard.load_catalogue()?;
        let workers = workers(&shard);
        Ok((Self { shard }, workers))
    }

    /// Ends the log cleanly. To be called when nothing is under way and the workers have stopped.
    pub fn close(&self) -> Result<(), Error> {
        self.shard.log.close().map_err(Error::Log)
    }
}

/// One of each.
fn workers(shard: &Arc<Shard>) -> Workers {
    let shard = || Arc::clone(shard);
    Workers {
        log: vec![Box::new(Writer::new(shard())), Box::new(Syncer::new(shard()))],
        others: vec![
            Box::new(Applier::new(shard())),
            Box::new(Flusher::new(shard())),
            Box::new(TablesUpkeep::new(shard())),
            Box::new(LogUpkeep::new(shard())),
            Box::new(Timekeeper::new(shard())),
            Box::new(Evictor::new(shard())),
            Box::new(Sweeper::new(shard())),
            Box::new(Reclaimer::new(shard())),
        ],
    }
}

/// Applies the log from behind what the tables hold. Everything in the log is durable by now.
fn replay(
    log: &dyn Log,
    tables: &dyn Tables,
    settings: &Settings,
    start: Start,
    observer: &dyn Observer,
) -> Result<(), Error> {
    let applied = tables.applied();
    let (of, mut replayed) = (log.bytes_after(applied), 0);
    if applied > start.last {
        return Err(Error::Behind { applied, last: start.last });
    }
    let mut batch: Vec<Frame> = Vec::new();
    let mut bytes = 0;
    for frame in log.read(applied.next()).map_err(Error::Log)? {
        let frame = frame.map_err(Error::Log)?;
        bytes += frame.header().payload_bytes as usize;
        batch.push(frame);
        if bytes >= REPLAY_BATCH_BYTES {
            replay_batch(tables, settings, start.last, &batch)?;
            batch.clear();
            replayed += bytes as u64;
            observer.event(&Event::ReplayProgress { bytes: replayed.min(of), of });
            bytes = 0;
        }
    }
    replay_batch(tables, settings, start.last, &batch)?;
    if replayed > 0 {
        observer.event(&Event::ReplayProgress { bytes: of, of });
    }
    Ok(())
}

fn replay_batch(
    tables: &dyn Tables,
    settings: &Settings,
    durable: Sequence,
    frames: &[Frame],
) -> Result<(), Error> {
    let mut fold = Fold::new(settings.hash_seed);
    for frame in frames {
        fold.add(frame.records())?;
    }
    // Frames without commits name the next sequence, which a crash may leave for ever without one.
    let commits = frames.iter().filter(|frame| frame.header().has_commits());
    let Some(last) = commits.map(Frame::last).max().filter(|last| *last > tables.applied()) else {
        return Ok(());
    };
    fold.apply(tables, last)?;
    if tables.memtable_bytes() >= settings.memtable_bytes {
        tables.rotate();
        flush(tables, durable)?;
    }
    Ok(())
}

/// Writes what was replayed to disk, or keeps it in memory where the disk has no space: so that a store
/// on a full disk opens, and can be given space by deleting. Merges what is too much to leave for later; a merge that
/// meets a damaged table is left, as it is while the store runs: what is whole is served.
fn flush(tables: &dyn Tables, durable: Sequence) -> Result<(), Error> {
    let flush = || -> Result<(), tables::Error> {
        while tables.flush(durable)?.more {}
        Ok(())
    };
    let compact = || -> Result<(), tables::Error> {
        while tables.top_runs() > RUNS_MAX && tables.compact()? {}
        Ok(())
    };
    match flush() {
        Err(error) if error.kind() == Kind::Unavailable => return Ok(()),
        outcome => outcome.map_err(Error::Tables)?,
    }
    match compact() {
        Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Corrupt) => Ok(()),
        outcome => outcome.map_err(Error::Tables),
    }
}
