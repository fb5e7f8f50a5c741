//! What the workers ask of the tables, and when: seen through a wrapper that counts, and that answers as a tree
//! in trouble does.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::ops::Bound;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use base::{Sequence, StoreTime};
use groundsill_kv::{Layer, Level, Settings, Type};
use parking_lot::Mutex;
use tables::{Cause, Change, Error, Flush, Rows, Sealed, Stats, Tables, Value, View};

mod ground;

use ground::{World, open};

/// Tables in trouble.
#[derive(Default)]
struct Troubles {
    /// Runs of tables that they say lie unmerged at the top.
    top_runs: AtomicU64,
    /// A piece of compaction does not fit the disk.
    is_cramped: AtomicBool,
    maintained: AtomicU64,
    /// How often they were asked to compact; each time takes a run away, if they are to be merged.
    compactions: AtomicU64,
    merges: AtomicBool,
    /// How often all was to be merged for want of space.
    reclaimed: AtomicU64,
    /// How often because the store rested.
    rested: AtomicU64,
    rotated: AtomicU64,
    /// Where rows of content, and of the expiry index, were read from.
    starts: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// What a content key begins with, and one of the expiry index.
const CONTENT: u8 = 2;
const EXPIRY: u8 = 4;

struct Watched {
    within: Box<dyn View>,
    starts: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl View for Watched {
    fn applied(&self) -> Sequence {
        self.within.applied()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Value>, Error> {
        self.within.get(key)
    }

    fn range<'a>(&'a self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Rows<'a> {
        if let Bound::Included(start) | Bound::Excluded(start) = from
            && matches!(start, [CONTENT | EXPIRY, ..])
        {
            self.starts.lock().push(start.into());
        }
        self.within.range(from, to)
    }
}

struct Troubled {
    within: Arc<dyn Tables>,
    troubles: Arc<Troubles>,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

impl Tables for Troubled {
    fn applied(&self) -> Sequence {
        self.within.applied()
    }

    fn apply(&self, changes: Vec<Change>, through: Sequence) -> Result<(), Error> {
        self.within.apply(changes, through)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Value>, Error> {
        self.within.get(key)
    }

    fn view(&self) -> Box<dyn View> {
        Box::new(Watched { within: self.within.view(), starts: Arc::clone(&self.troubles.starts) })
    }

    fn memtable_bytes(&self) -> u64 {
        self.within.memtable_bytes()
    }

    fn sealed(&self) -> Sealed {
        self.within.sealed()
    }

    fn top_runs(&self) -> u64 {
        read(&self.troubles.top_runs)
    }

    fn rotate(&self) -> bool {
        let rotated = self.within.rotate();
        if rotated {
            count(&self.troubles.rotated);
        }
        rotated
    }

    fn flush(&self, durable: Sequence) -> Result<Flush, Error> {
        self.within.flush(durable)
    }

    fn flushed(&self) -> Sequence {
        self.within.flushed()
    }

    fn compact(&self) -> Result<bool, Error> {
        if self.troubles.is_cramped.load(Ordering::Relaxed) {
            return Err(Error::NoRoom { path: PathBuf::from("here"), free: 1, kept: 2 });
        }
        count(&self.troubles.compactions);
        if self.troubles.merges.load(Ordering::Relaxed) {
            self.troubles.top_runs.fetch_sub(1, Ordering::Relaxed);
            return Ok(true);
        }
        self.within.compact()
    }

    fn reclaim_space(&self, cause: Cause) -> Result<bool, Error> {
        let pieces = match cause {
            Cause::Shortage => &self.troubles.reclaimed,
            Cause::Rest => &self.troubles.rested,
        };
        count(pieces);
        // It takes three pieces each time.
        Ok(!read(pieces).is_multiple_of(3))
    }

    fn maintain(&self) {
        count(&self.troubles.maintained);
        self.within.maintain();
    }

    fn drop_range(&self, from: &[u8], to: &[u8]) -> Result<bool, Error> {
        self.within.drop_range(from, to)
    }

    fn is_droppable(&self, from: &[u8], to: &[u8]) -> Result<bool, Error> {
        self.within.is_droppable(from, to)
    }

    fn stats(&self) -> Stats {
        self.within.stats()
    }
}

/// A store over such tables.
fn troubled(settings: Settings) -> (World, Arc<Troubles>) {
    let troubles = Arc::<Troubles>::default();
    let shared = Arc::clone(&troubles);
    let world = World::over(settings, |within| Arc::new(Troubled { within, troubles: shared }));
    (world, troubles)
}

/// The same after its process was killed.
fn reopened(world: World, troubles: &Arc<Troubles>) -> World {
    let troubles = Arc::clone(troubles);
    world.reopened_over(|within| Arc::new(Troubled { within, troubles }))
}

/// Makes so many strings, which end in so many milliseconds, if they do, and has them applied.
fn put_strings(world: &mut World, count: u32, ttl_ms: Option<u64>) {
    let put = world.transact(|txn| {
        (0..count).try_for_each(|number| {
            let object = open(txn, &format!("key{number:05}"))?;
            txn.create(object, Type::String)?;
            txn.put(object, b"", b"value")?;
            let deadline = ttl_ms.map(|ttl_ms| StoreTime(txn.now().0 + ttl_ms));
            txn.set_deadline(object, deadline)
        })
    });
    put.unwrap();
    world.settle();
}

/// Writes a row and steps everything but the compactor for so many seconds.
fn write(world: &mut World, bytes: usize, seconds: u64) {
    let put = world.transact(|txn| {
        let object = open(txn, "key")?;
        txn.create(object, Type::Hash)?;
        txn.put(object, b"", &vec![7; bytes])
    });
    put.unwrap();
    for _ in 0..seconds {
        for worker in ["log-writer", "log-syncer", "log-upkeep", "applier", "flusher"] {
            world.step_one(worker);
        }
        world.hands.turn(1000);
    }
}

/// A store whose disk has become full, over such tables.
fn on_a_full_disk() -> (World, Arc<Troubles>) {
    let (mut world, troubles) = troubled(Settings::default());
    world.leave_free(0);
    for _ in 0..100 {
        world.step();
        world.hands.turn(1000);
    }
    (world, troubles)
}

#[test]
fn what_is_flushed_is_freed_without_the_compactor() {
    let (mut world, troubles) = troubled(Settings { memtable_bytes: 1000, ..Settings::default() });
    write(&mut world, 2000, 100);
    let (flushes, maintained) = (world.flushes(), read(&troubles.maintained));
    write(&mut world, 3000, 100);
    let flushed = world.flushes() - flushes;
    assert!(flushed > 0, "nothing was flushed");
    assert_eq!(read(&troubles.maintained) - maintained, flushed);
}

#[test]
fn where_the_disk_is_full_and_a_piece_does_not_fit_everything_is_merged() {
    let (mut world, troubles) = troubled(Settings::default());
    troubles.is_cramped.store(true, Ordering::Relaxed);
    world.step_one("compactor");
    assert_eq!(read(&troubles.reclaimed), 0, "there is room");
    let (mut world, troubles) = on_a_full_disk();
    troubles.is_cramped.store(true, Ordering::Relaxed);
    let before = read(&troubles.reclaimed);
    world.step_one("compactor");
    assert_eq!(read(&troubles.reclaimed), before + 1);
}

#[test]
fn where_the_disk_is_full_a_little_is_sealed_unless_there_are_many_runs() {
    let (mut world, troubles) = on_a_full_disk();
    let before = read(&troubles.rotated);
    troubles.top_runs.store(32, Ordering::Relaxed);
    write(&mut world, 100, 30);
    assert_eq!(read(&troubles.rotated), before);
    troubles.top_runs.store(31, Ordering::Relaxed);
    write(&mut world, 100, 30);
    assert!(read(&troubles.rotated) > before);
}

/// How many milliseconds it takes until 16 MiB of new rows are in the tables, if it takes no more than a minute.
fn time_to_apply(world: &mut World) -> Option<u64> {
    for row in 0..16_u8 {
        let put = world.transact(|txn| {
            let object = open(txn, "key")?;
            txn.create(object, Type::Hash)?;
            txn.put(object, &[row], &vec![row; 1 << 20])
        });
        put.unwrap();
    }
    let queued = world.store.watermarks().queued();
    (0..60_000).step_by(10).find(|_| {
        for worker in ["log-writer", "log-syncer", "applier", "flusher"] {
            world.step_one(worker);
        }
        world.hands.turn(10);
        world.store.watermarks().at(Level::Applied) >= queued
    })
}

#[test]
fn the_more_runs_wait_to_be_merged_the_slower_what_is_written_reaches_the_tables() {
    let settings = Settings { memtable_bytes: 8 << 20, gather_bytes: 1, ..Settings::default() };
    let (mut world, troubles) = troubled(settings);
    let mut time_with = |runs| {
        troubles.top_runs.store(runs, Ordering::Relaxed);
        time_to_apply(&mut world)
    };
    let at_once = time_with(16).unwrap();
    assert!(at_once <= 100, "{at_once}");
    let [few, many, most] = [40, 64, 96].map(|runs| time_with(runs).unwrap());
    // A memtable takes 0.7, 2.9 and 8 seconds; after the last batch nobody waits.
    assert!((500..2_000).contains(&few), "{few}");
    assert!((2_000..6_000).contains(&many), "{many}");
    assert!((7_000..17_000).contains(&most), "{most}");
    assert_eq!(time_with(97), None, "nothing keeps up any more");
    // A minute and more has gathered by then.
    assert!(time_with(0).unwrap() <= 8_000);
}

#[test]
fn a_memtable_is_not_sealed_for_log_that_it_does_not_hold() {
    let (mut world, troubles) = troubled(Settings { replay_bytes: 8 << 20, ..Settings::default() });
    let rotated = read(&troubles.rotated);
    write(&mut world, 100, 10);
    // The tables do not take it: it is in the backlog.
    troubles.top_runs.store(97, Ordering::Relaxed);
    write(&mut world, 6 << 20, 5);
    troubles.top_runs.store(0, Ordering::Relaxed);
    world.step_one("applier");
    assert_eq!(read(&troubles.rotated), rotated, "sealed before it was applied");
    write(&mut world, 100, 10);
    assert_eq!(read(&troubles.rotated), rotated + 1, "and not sealed after");
}

#[test]
fn a_store_that_rests_writes_what_is_in_memory_to_disk_and_gives_back_what_was_removed() {
    let (mut world, troubles) = troubled(Settings::default());
    let rotated = read(&troubles.rotated);
    write(&mut world, 1000, 60);
    assert_eq!(read(&troubles.rotated), rotated, "too little for a table of its own");
    // Five seconds pass until it is applied, ten more until it rests.
    write(&mut world, 2 << 20, 12);
    assert_eq!(read(&troubles.rotated), rotated, "not at once");
    write(&mut world, 100, 30);
    assert_eq!(read(&troubles.rotated), rotated + 1);
    let rest = |world: &mut World, seconds: u64| {
        for _ in 0..seconds {
            world.step_one("compactor");
            world.hands.turn(1000);
        }
        read(&troubles.rested)
    };
    let before = read(&troubles.rested);
    assert_eq!(rest(&mut world, 10), before, "it was busy until now");
    assert_eq!(
        rest(&mut world, 60),
        before + 3,
        "until there is no more to do, and once after each time"
    );
    for _ in 0..20 {
        write(&mut world, 100, 8);
        rest(&mut world, 1);
    }
    assert_eq!(
        read(&troubles.rested),
        before + 3,
        "what is written to from time to time does not rest"
    );
    assert_eq!(read(&troubles.reclaimed), 0, "there is room");
}

#[test]
fn what_is_reclaimed_in_slices_is_not_looked_for_from_the_start_each_time() {
    let (mut world, troubles) = troubled(Settings::default());
    let put = world.transact(|txn| {
        let object = open(txn, "large")?;
        txn.create(object, Type::Hash)?;
        (0..20_000_u32).try_for_each(|row| txn.put(object, &row.to_be_bytes(), b"value"))
    });
    put.unwrap();
    world.settle();
    let deleted = world.transact(|txn| {
        let object = open(txn, "large")?;
        txn.delete(object)
    });
    assert!(deleted.unwrap().0);
    troubles.starts.lock().clear();
    world.reclaim();
    let mut starts = troubles.starts.lock().clone();
    starts.retain(|start| start[0] == CONTENT);
    assert!((20..=25).contains(&starts.len()), "{}", starts.len());
    assert!(starts.is_sorted(), "each slice goes on where the last one ended");
    starts.dedup();
    assert!(starts.len() >= 20, "{}", starts.len());
}

#[test]
fn a_start_leaves_merging_for_later_unless_there_is_far_too_much_of_it() {
    let settings = Settings { memtable_bytes: 100_000, ..Settings::default() };
    let (mut world, troubles) = troubled(Settings::default());
    for _ in 0..3 {
        write(&mut world, 200_000, 1);
    }
    let flushes = world.flushes();
    troubles.top_runs.store(100, Ordering::Relaxed);
    troubles.merges.store(true, Ordering::Relaxed);
    troubles.compactions.store(0, Ordering::Relaxed);
    world.settings(settings);
    let mut world = reopened(world, &troubles);
    assert!(world.flushes() > flushes, "what was replayed is in tables");
    assert_eq!(read(&troubles.compactions), 0, "and nothing was merged");
    troubles.top_runs.store(150, Ordering::Relaxed);
    write(&mut world, 200_000, 1);
    let mut world = reopened(world, &troubles);
    assert_eq!(read(&troubles.top_runs), 128, "no more was merged than had to be");
    troubles.top_runs.store(150, Ordering::Relaxed);
    troubles.is_cramped.store(true, Ordering::Relaxed);
    write(&mut world, 200_000, 1);
    // It opens all the same.
    drop(reopened(world, &troubles));
}

#[test]
fn a_slice_of_what_expires_ends_after_a_millisecond_of_work() {
    let (mut world, _troubles) = troubled(Settings::default());
    put_strings(&mut world, 20, Some(1_000));
    world.hands.turn(1_100);
    world.hands.creep(1);
    world.step_one("sweeper");
    assert_eq!(world.store.figures().expired.get(), 1, "one, however long it takes");
    world.hands.creep(0);
    for _ in 0..10 {
        world.settle();
        world.step_one("sweeper");
    }
    assert_eq!(world.store.figures().expired.get(), 20);
}

#[test]
fn a_piece_of_a_walk_ends_after_five_milliseconds() {
    let (mut world, _troubles) = troubled(Settings::default());
    put_strings(&mut world, 1_000, None);
    let overview = world.store.overview(&world.handle, Layer::Redis).unwrap();
    assert_eq!(overview.list(b"", 1_000).unwrap().objects.len(), 1_000);
    world.hands.creep(1);
    let piece = overview.list(b"", 1_000).unwrap();
    assert!((64..1_000).contains(&piece.objects.len()), "{}", piece.objects.len());
    let next = piece.next.unwrap();
    let rest = overview.list(&next, 1_000).unwrap();
    assert_eq!(&*rest.objects[0].id, &*next);
}

#[test]
fn what_expires_is_not_looked_for_from_the_start_each_time() {
    let (mut world, troubles) = troubled(Settings::default());
    put_strings(&mut world, 2_560, Some(1_000));
    world.hands.turn(1_100);
    troubles.starts.lock().clear();
    for _ in 0..1_000 {
        world.step();
        world.hands.turn(10);
    }
    assert_eq!(world.store.figures().expired.get(), 2_560);
    let starts = troubles.starts.lock().clone();
    let starts = starts.iter().filter(|start| start[0] == EXPIRY);
    let (from_start, later): (Vec<_>, Vec<_>) = starts.partition(|start| start.len() == 1);
    // Once a second, also when there is nothing left.
    assert!((9..=12).contains(&from_start.len()), "{}", from_start.len());
    assert!(later.len() > 100, "{}", later.len());
}
