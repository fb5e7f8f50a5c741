//! Bytes that changed on disk: an open that refuses, or reads that say so, and never a wrong answer.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Event, Kind, Sequence};

use super::yard::{
    Chance, History, assert_same, batch, compact_all, flush_all, open, open_watched, read_all,
    rows, small, try_open,
};
use crate::lsm::archive;
use crate::lsm::manifest::Manifest;
use crate::{Change, Existing, Settings, Tables, Value, verify};

const PAGE: usize = 4096;

/// A tree on disk with tables on several levels, and the rows in it.
struct Victim {
    dir: tempfile::TempDir,
    rows: Vec<(Value, Value)>,
    applied: Sequence,
}

impl Victim {
    fn new(seed: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let tables = open(dir.path(), Existing::Possible);
        let mut chance = Chance(seed);
        let mut history = History::default();
        for through in 1..=150 {
            let changes = batch(&mut chance, 3_000);
            tables.apply(changes.clone(), Sequence(through)).unwrap();
            history.commits.push((Sequence(through), changes));
            if through % 10 == 0 {
                flush_all(&tables);
                if through < 140 {
                    compact_all(&tables);
                }
            }
        }
        let levels = tables.stats().levels.iter().filter(|level| level.tables > 0).count();
        assert!(levels >= 2 && tables.top_runs() > 0, "{:?}", tables.stats());
        Self { rows: rows(&*tables.view()), dir, applied: Sequence(150) }
    }

    fn tables(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.dir.path().join("tables")).unwrap();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    }

    /// Opens and reads everything, checks that what is refused is refused for the right reason and
    /// names the file; whether anything was noticed.
    fn noticed(&self, file: &Path) -> bool {
        let name = file.display().to_string();
        let tables = match try_open(self.dir.path(), Existing::Required) {
            Ok(tables) => tables,
            Err(error) => {
                assert_eq!(error.kind(), Kind::Corrupt, "{error}");
                assert!(error.to_string().contains(&name), "{error} does not name {name}");
                return true;
            }
        };
        assert_eq!(tables.applied(), self.applied);
        let reading = read_all(&*tables.view(), &self.rows);
        for text in &reading.texts {
            assert!(text.contains(&name), "{text} does not name {name}");
        }
        if reading.errors > 0 {
            assert_eq!(tables.stats().damaged, [name]);
        }
        reading.errors > 0
    }

    fn check_whole(&self) {
        let tables = open(self.dir.path(), Existing::Required);
        assert_eq!(read_all(&*tables.view(), &self.rows).errors, 0);
        drop(tables);
        let report = verify(self.dir.path()).unwrap();
        assert_eq!(report.problems, []);
        assert!(report.entries >= self.rows.len() as u64);
    }
}

/// Changes a file as given, runs the check, and puts the file back.
fn with_change<T>(file: &Path, change: impl FnOnce(&mut Vec<u8>), check: impl FnOnce() -> T) -> T {
    let whole = fs::read(file).unwrap();
    let mut bytes = whole.clone();
    change(&mut bytes);
    assert_ne!(bytes, whole);
    fs::write(file, bytes).unwrap();
    let result = check();
    fs::write(file, whole).unwrap();
    result
}

/// Which section of a table file a position lies in.
fn section(file: &Path, at: usize) -> String {
    let at = at as u64;
    let sections = archive::contents(file).unwrap();
    let inside = sections.iter().find(|s| (s.at..s.at + s.len).contains(&at));
    inside.map_or("end".to_owned(), |s| String::from_utf8(s.name.clone()).unwrap())
}

#[test]
fn a_flipped_bit_in_a_table_is_an_error_or_changes_nothing() {
    let victim = Victim::new(1);
    let mut chance = Chance(11);
    let mut noticed: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for file in victim.tables() {
        let len = fs::metadata(&file).unwrap().len();
        let mut places: BTreeSet<u64> = (0..4).map(|_| chance.below(len)).collect();
        // At least two in each section, and two behind them all.
        for s in archive::contents(&file).unwrap() {
            places.extend((0..2).map(|_| s.at + chance.below(s.len)));
        }
        places.extend((0..2).map(|_| len - 1 - chance.below(60)));
        for place in places {
            let place = usize::try_from(place).unwrap();
            let bit = 1u8 << chance.below(8);
            let class = section(&file, place);
            let flip = |bytes: &mut Vec<u8>| bytes[place] ^= bit;
            let hit = with_change(&file, flip, || victim.noticed(&file));
            let count = noticed.entry(class).or_default();
            count.0 += usize::from(hit);
            count.1 += 1;
        }
    }
    println!("noticed of flipped: {noticed:?}");
    for class in ["data", "tli", "filter", "meta", "end"] {
        assert!(noticed[class].0 > 10, "{class}: {noticed:?}");
    }
    let (hits, flips) = noticed.values().fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
    assert!(flips > 200 && hits * 10 > flips * 9, "{hits} of {flips}");
    victim.check_whole();
}

/// Deep down, tables have their index and filter in parts.
#[test]
fn damage_to_a_table_in_parts_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings { table_bytes: 1024, ..small() };
    let watched = &Arc::default();
    let tables = open_watched(dir.path(), Existing::Possible, &settings, watched).unwrap();
    let mut chance = Chance(7);
    for through in 1..=20 {
        let changes: BTreeMap<u64, u8> = (0..200).map(|_| (chance.below(1 << 40), 1)).collect();
        let change = |(key, byte): (u64, u8)| Change::put(&key.to_be_bytes(), vec![byte; 300]);
        tables.apply(changes.into_iter().map(change).collect(), Sequence(through)).unwrap();
        flush_all(&tables);
        compact_all(&tables);
        assert!(tables.top_runs() <= 12, "compaction is stuck: {:?}", tables.stats());
    }
    let rows = rows(&*tables.view());
    drop(tables);
    let victim = Victim { dir, rows, applied: Sequence(20) };
    let in_parts = |file: &PathBuf| {
        archive::contents(file).unwrap().iter().any(|section| section.name == b"filter_tli")
    };
    let files: Vec<_> = victim.tables().into_iter().filter(in_parts).collect();
    assert!(!files.is_empty(), "no table has parts among {}", victim.tables().len());
    let mut noticed: BTreeMap<String, usize> = BTreeMap::new();
    for (file, _) in files.iter().cycle().zip(0..3) {
        for s in archive::contents(file).unwrap() {
            let place = usize::try_from(s.at + chance.below(s.len)).unwrap();
            let name = String::from_utf8(s.name).unwrap();
            if name == "table_version" {
                continue;
            }
            let hit = with_change(file, |bytes| bytes[place] ^= 4, || victim.noticed(file));
            assert!(hit, "{name} at {place} of {}", file.display());
            *noticed.entry(name).or_default() += 1;
        }
    }
    assert!(noticed.contains_key("index") && noticed.contains_key("filter"), "{noticed:?}");
    victim.check_whole();
}

#[test]
fn a_zeroed_page_in_a_table_is_an_error() {
    let victim = Victim::new(2);
    let mut pages = 0;
    for file in victim.tables() {
        let len = usize::try_from(fs::metadata(&file).unwrap().len()).unwrap();
        for start in (0..len).step_by(PAGE) {
            let end = len.min(start + PAGE);
            let zero = |bytes: &mut Vec<u8>| bytes[start..end].fill(0);
            let hit = with_change(&file, zero, || victim.noticed(&file));
            assert!(hit, "page at {start} of {}", file.display());
            pages += 1;
        }
    }
    assert!(pages > 40, "{pages}");
    victim.check_whole();
}

#[test]
fn a_table_that_is_cut_short_or_gone_is_refused_by_name() {
    let victim = Victim::new(3);
    let mut chance = Chance(31);
    for file in victim.tables() {
        let len = usize::try_from(fs::metadata(&file).unwrap().len()).unwrap();
        for keep in [0, 1, 37, usize::try_from(chance.below(len as u64)).unwrap(), len - 1] {
            let cut = |bytes: &mut Vec<u8>| bytes.truncate(keep);
            assert!(with_change(&file, cut, || victim.noticed(&file)));
        }
        let longer = |bytes: &mut Vec<u8>| bytes.push(0);
        assert!(with_change(&file, longer, || victim.noticed(&file)));
        let away = victim.dir.path().join("away");
        fs::rename(&file, &away).unwrap();
        assert!(victim.noticed(&file));
        fs::rename(&away, &file).unwrap();
    }
    victim.check_whole();
}

#[test]
fn every_flipped_bit_in_the_manifest_is_refused() {
    let victim = Victim::new(4);
    let dir = victim.dir.path();
    let version = Manifest::read(dir).unwrap().unwrap().version;
    let mut flips = 0;
    for name in ["current".to_owned(), format!("v{version}")] {
        let file = dir.join(&name);
        let len = fs::metadata(&file).unwrap().len();
        for place in 0..usize::try_from(len).unwrap() {
            for bit in 0..8 {
                if name != "current" && bit != place % 8 {
                    continue;
                }
                let flip = |bytes: &mut Vec<u8>| bytes[place] ^= 1 << bit;
                let error = with_change(&file, flip, || {
                    let report = verify(dir).unwrap();
                    assert_eq!(report.problems.len(), 1, "{report:?}");
                    try_open(dir, Existing::Required).unwrap_err()
                });
                assert_eq!(error.kind(), Kind::Corrupt, "{error}");
                // A wrong number or checksum in `current` shows as a version file that is wrong.
                assert!(error.to_string().contains(dir.to_str().unwrap()), "{error}");
                flips += 1;
            }
        }
    }
    assert!(flips > 800, "{flips}");
    victim.check_whole();
}

#[test]
fn verify_names_every_file_that_is_damaged() {
    let victim = Victim::new(5);
    let files = victim.tables();
    let mut chance = Chance(51);
    let (first, last) = (&files[0], &files[files.len() - 1]);
    let mut flip = |bytes: &mut Vec<u8>| {
        let at = usize::try_from(chance.below(bytes.len() as u64)).unwrap();
        bytes[at] ^= 0x10;
    };
    let whole = fs::read(first).unwrap();
    for _ in 0..30 {
        let mut bytes = whole.clone();
        flip(&mut bytes);
        fs::write(first, &bytes).unwrap();
        let problems = with_change(last, &mut flip, || verify(victim.dir.path()).unwrap().problems);
        let mut named: Vec<_> = problems.iter().map(|p| p.file.clone()).collect();
        named.sort();
        let mut expected = vec![first.display().to_string(), last.display().to_string()];
        expected.sort();
        assert_eq!(named, expected);
    }
    fs::write(first, &whole).unwrap();
    // Also bytes that nobody reads.
    let sections = archive::contents(first).unwrap();
    let unread = sections.iter().find(|section| section.name == b"table_version").unwrap();
    let place = usize::try_from(unread.at).unwrap();
    let report = with_change(
        first,
        |bytes| bytes[place] ^= 1,
        || {
            assert!(!victim.noticed(first));
            verify(victim.dir.path()).unwrap()
        },
    );
    assert_eq!(report.problems.len(), 1);
    assert_eq!(report.problems[0].file, first.display().to_string());
    victim.check_whole();
}

#[test]
fn compaction_stops_at_a_damaged_table_without_spinning_and_loses_nothing() {
    let victim = Victim::new(6);
    let witness = Arc::default();
    let dir = victim.dir.path();
    let tables = open_watched(dir, Existing::Required, &small(), &witness).unwrap();
    // The blocks at the start of the newest table, which the next compaction reads.
    let newest = Manifest::read(dir).unwrap().unwrap().tables[0];
    let file = crate::lsm::manifest::table_path(dir, newest.id);
    let error = with_change(
        &file,
        |bytes| bytes[50] ^= 1,
        || {
            // More tables at the top, so that there is something to do.
            for through in 151..155 {
                tables.apply(vec![Change::put(b"zz", b"1")], Sequence(through)).unwrap();
                flush_all(&tables);
            }
            let error = tables.compact().unwrap_err();
            for _ in 0..3 {
                assert!(!tables.compact().unwrap(), "it tried again with nothing new to choose");
            }
            assert_eq!(tables.stats().failures, 1);
            error
        },
    );
    assert_eq!(error.kind(), Kind::Corrupt);
    assert!(error.to_string().contains(&file.display().to_string()), "{error}");
    assert_eq!(witness.count(|event| matches!(event, Event::TableDamaged { .. })), 1);
    assert_eq!(witness.count(|event| matches!(event, Event::TableWorkFailed { .. })), 1);
    // With the file restored and another flush, it goes on.
    tables.apply(vec![Change::remove(b"zz")], Sequence(155)).unwrap();
    flush_all(&tables);
    assert!(compact_all(&tables) > 0);
    let mut expected = victim.rows.clone();
    expected[0].1 = (&155u64.to_le_bytes()).into();
    assert_same(&rows(&*tables.view()), &expected, "rows");
    tables.maintain();
    let files = fs::read_dir(dir.join("tables")).unwrap().count();
    assert_eq!(files as u64, tables.stats().tables, "the failed compaction left files");
}
