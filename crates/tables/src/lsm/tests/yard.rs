//! What the tests are built from: a source of chance, a log to replay, and comparisons.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::Scope;

use base::{Event, Kind, Observer, Sequence};
use parking_lot::Mutex;

use crate::{
    APPLIED_KEY, Cause, Change, Error, Existing, LsmTables, Rows, Settings, Tables, Value, View,
};

/// Numbers that look random and follow from a seed (splitmix64).
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(super) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// A key out of `keys` many, some of which are prefixes of others, some longer than 20 bytes.
pub(super) fn key(chance: &mut Chance, keys: u64) -> Vec<u8> {
    let number = chance.below(keys);
    let mut key = format!("{:05}", number / 3).into_bytes();
    key.extend(std::iter::repeat_n(b'x', usize::try_from(number % 3 * 9).unwrap()));
    key
}

/// A batch of changes in order of keys: overwrites, removals, and now and then the removal of a
/// stretch of neighbours.
pub(super) fn batch(chance: &mut Chance, keys: u64) -> Vec<Change> {
    let mut changes = BTreeMap::new();
    for _ in 0..=chance.below(30) {
        let bytes = usize::try_from(chance.below(120)).unwrap();
        let byte = u8::try_from(chance.below(256)).unwrap();
        let value = (!chance.one_in(3)).then(|| vec![byte; bytes]);
        changes.insert(key(chance, keys), value);
    }
    if chance.one_in(8) {
        let start = chance.below(keys / 3);
        for number in start..start + 10 {
            changes.insert(format!("{number:05}").into_bytes(), None);
        }
    }
    let change = |(key, value): (Vec<u8>, Option<Vec<u8>>)| match value {
        Some(value) => Change::put(key, value),
        None => Change::remove(key),
    };
    changes.into_iter().map(change).collect()
}

/// All that was ever committed, as the log of a store would have it.
#[derive(Default)]
pub(super) struct History {
    pub(super) commits: Vec<(Sequence, Vec<Change>)>,
}

impl History {
    /// Applies what came after the tables' own `applied`; how many commits there were.
    pub(super) fn replay(&self, tables: &dyn Tables) -> usize {
        let from = tables.applied();
        let missing = self.commits.iter().filter(|(sequence, _)| *sequence > from);
        missing.map(|(at, changes)| tables.apply(changes.clone(), *at).unwrap()).count()
    }

    /// The rows as they were at a commit.
    pub(super) fn rows_at(&self, at: Sequence) -> Vec<(Value, Value)> {
        let mut rows = BTreeMap::new();
        for (_, changes) in self.commits.iter().take_while(|(sequence, _)| *sequence <= at) {
            for Change { key, value } in changes {
                match value {
                    Some(value) => rows.insert(key.clone(), value.clone()),
                    None => rows.remove(key),
                };
            }
        }
        if at > Sequence::ZERO {
            rows.insert(APPLIED_KEY.into(), (&at.0.to_le_bytes()).into());
        }
        rows.into_iter().collect()
    }
}

/// Takes every event down.
#[derive(Default)]
pub(super) struct Witness(Mutex<Vec<Event>>);

impl Witness {
    pub(super) fn count(&self, is: impl Fn(&Event) -> bool) -> usize {
        self.0.lock().iter().filter(|event| is(event)).count()
    }
}

impl Observer for Witness {
    fn event(&self, event: &Event) {
        self.0.lock().push(event.clone());
    }
}

/// Raises a flag when it goes, also in a panic: so that no other thread waits for one that failed.
pub(super) struct Raise<'a>(pub(super) &'a AtomicBool);

impl Drop for Raise<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Tables so small that a little data makes many of them, on several levels.
pub(super) fn small() -> Settings {
    Settings {
        cache_bytes: 64 * 1024,
        open_files: 8,
        table_bytes: 4 * 1024,
        background_bytes_per_second: None,
        disk_free_bytes_min: 0,
    }
}

pub(super) fn open(dir: &Path, existing: Existing) -> LsmTables {
    try_open(dir, existing).unwrap()
}

pub(super) fn open_watched(
    dir: &Path,
    existing: Existing,
    settings: &Settings,
    witness: &Arc<Witness>,
) -> Result<LsmTables, Error> {
    LsmTables::open(dir, settings, existing, Arc::<Witness>::clone(witness))
}

pub(super) fn try_open(dir: &Path, existing: Existing) -> Result<LsmTables, Error> {
    open_watched(dir, existing, &small(), &Arc::default())
}

/// Compacts until there is nothing left to do; how many pieces changed something.
pub(super) fn compact_all(tables: &dyn Tables) -> usize {
    std::iter::from_fn(|| tables.compact().unwrap().then_some(())).count()
}

/// Rotates and flushes all there is.
pub(super) fn flush_all(tables: &dyn Tables) {
    tables.rotate();
    while tables.flush(tables.applied()).unwrap().more {}
    assert_eq!(tables.flushed(), tables.applied());
}

pub(super) fn rows(view: &dyn View) -> Vec<(Value, Value)> {
    view.range(Bound::Unbounded, Bound::Unbounded).collect::<Result<_, _>>().unwrap()
}

/// Whether two lists of rows are the same; says where they part.
#[track_caller]
pub(super) fn assert_same(found: &[(Value, Value)], expected: &[(Value, Value)], what: &str) {
    let parting = found.iter().zip(expected).position(|(found, expected)| found != expected);
    if let Some(at) = parting {
        panic!("{what}: row {at} is {:?}, not {:?}", found[at], expected[at]);
    }
    let (more, less) = (found.len(), expected.len());
    let odd = found.get(less).or(expected.get(more));
    assert_eq!(more, less, "{what}: {odd:?} is in one only");
}

/// What came of reading everything that can be read of possibly damaged tables.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) errors: usize,
    pub(super) right: usize,
    /// The errors' texts, each once.
    pub(super) texts: BTreeSet<String>,
}

impl Reading {
    fn error(&mut self, error: &Error) {
        assert_eq!(error.kind(), Kind::Corrupt, "{error}");
        self.errors += 1;
        self.texts.insert(error.to_string());
    }
}

/// The rows up to the end or the first error; whether it was the end. After an error there is
/// nothing.
fn scan(rows: Rows<'_>, reading: &mut Reading) -> (Vec<(Value, Value)>, bool) {
    let (mut found, mut whole) = (Vec::new(), true);
    for row in rows {
        assert!(whole, "a row or an error after an error");
        match row {
            Ok(row) => found.push(row),
            Err(error) => {
                reading.error(&error);
                whole = false;
            }
        }
    }
    (found, whole)
}

/// Reads each key, some absent ones, and all rows from both ends: each answer is right or says that
/// something is damaged, and a scan ends early only with an error.
pub(super) fn read_all(view: &dyn View, expected: &[(Value, Value)]) -> Reading {
    let mut reading = Reading::default();
    let mut check = |key: &[u8], value: Option<&Value>| match view.get(key) {
        Ok(found) => {
            assert_eq!(found.as_ref(), value, "a wrong row for {}", key.escape_ascii());
            reading.right += 1;
        }
        Err(error) => reading.error(&error),
    };
    for (key, value) in expected {
        check(key, Some(value));
        let absent = [key, b"-absent".as_slice()].concat();
        check(&absent, None);
    }
    let all = || view.range(Bound::Unbounded, Bound::Unbounded);
    let (forward, whole) = scan(all(), &mut reading);
    assert!(expected.starts_with(&forward), "a wrong row going up");
    assert!(!whole || forward.len() == expected.len(), "it ended without an error going up");
    let (mut backward, whole) = scan(Box::new(all().rev()), &mut reading);
    backward.reverse();
    assert!(expected.ends_with(&backward), "a wrong row going down");
    assert!(!whole || backward.len() == expected.len(), "it ended without an error going down");
    reading
}

/// Starts a flusher and a compactor. The one works when it is sent word that a memtable was sealed,
/// and the other when something was flushed; sending waits while they are far behind, and fails when
/// one of them has. They end with the sender.
pub(super) fn background<'scope>(
    scope: &'scope Scope<'scope, '_>,
    tables: &'scope dyn Tables,
    compactions: &'scope AtomicUsize,
) -> SyncSender<()> {
    let (sealed, on_sealed) = sync_channel::<()>(3);
    let (flushed, on_flushed) = sync_channel::<()>(8);
    scope.spawn(move || {
        while on_sealed.recv().is_ok() {
            while tables.flush(tables.applied()).unwrap().more {}
            tables.maintain();
            flushed.send(()).unwrap();
        }
    });
    scope.spawn(move || {
        for turn in 0.. {
            if on_flushed.recv().is_err() {
                break;
            }
            compactions.fetch_add(compact_all(tables), Ordering::Relaxed);
            while turn % 4 == 3 && tables.reclaim_space(Cause::Shortage).unwrap() {
                compactions.fetch_add(1, Ordering::Relaxed);
            }
            tables.maintain();
        }
    });
    sealed
}

/// The names of the tables on disk.
pub(super) fn files_of(dir: &Path) -> BTreeSet<OsString> {
    fs::read_dir(dir.join("tables")).unwrap().map(|file| file.unwrap().file_name()).collect()
}
