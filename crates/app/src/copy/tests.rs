use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use base::{Sequence, StoreTime};
use log::{Directory, FileLog, Group, Log};
use tables::{Change, Existing, LsmTables, Tables};
use tempfile::TempDir;

use super::*;
use crate::machine::MachineClock;
use crate::observer::Journal;

/// A data directory as a clean stop leaves it: a log, a table, a segment that waits for its use, and one in the
/// making.
fn source() -> (TempDir, DataDir) {
    let root = tempfile::tempdir().unwrap();
    let mut dir = DataDir::open(&root.path().join("data"), &MachineClock).unwrap();
    let tables =
        LsmTables::open(&dir.tables(), &tables::Settings::default(), Existing::Possible, journal());
    let tables = tables.unwrap();
    let rows = (0..1000_u32).map(|row| Change::put(row.to_be_bytes().to_vec(), vec![7; 100]));
    tables.apply(rows.collect(), Sequence(1)).unwrap();
    assert!(tables.rotate());
    tables.flush(Sequence(1)).unwrap();
    drop(tables);
    let medium = Arc::new(Directory::new(dir.log()).unwrap());
    let settings = log::Settings { segment_bytes: 1 << 16, ..log::Settings::default() };
    let store = dir.identity.store;
    let opened = FileLog::open(medium, settings, store, Sequence(0), StoreTime(1), journal());
    let log = opened.unwrap().0;
    let mut group = Group::new(Sequence(1), StoreTime(1));
    group.push_commit(StoreTime(1), 0, 0, 0, &[]);
    log.append(&mut group).unwrap();
    log.close().unwrap();
    fs::write(dir.log().join("00000000000000000009.seg"), vec![0; 1 << 16]).unwrap();
    fs::write(dir.path.join(FILLING), vec![0; 1 << 16]).unwrap();
    dir.finish().unwrap();
    (root, dir)
}

fn journal() -> Arc<Journal> {
    Arc::new(Journal::default())
}

fn copy_to(source: &DataDir, path: &Path) -> Result<Outcome> {
    copy(source, &Target::new(path, false)?, &mut io::sink())
}

/// Every file below, by its path in it, but for the `lock`.
fn contents(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = Listing::new(root, 0).unwrap().files.into_iter();
    let names = files.chain([PathBuf::from("identity")]);
    names.map(|name| (name.clone(), fs::read(root.join(name)).unwrap())).collect()
}

#[test]
fn a_copy_holds_the_same_bytes_and_is_private() {
    let (root, source) = source();
    let to = root.path().join("copy");
    let Outcome::Copied(copied) = copy_to(&source, &to).unwrap() else { panic!("it is sound") };
    let held = contents(&to);
    assert!(held.len() > 5 && held == contents(&source.path), "{held:?}");
    let bytes: usize = held.iter().map(|(_, bytes)| bytes.len()).sum();
    assert_eq!((copied.files, copied.bytes), (held.len() as u64, bytes as u64));
    assert!(!to.join(FILLING).exists(), "zeros that the next open removes");
    assert!(!root.path().join("copy.partial").exists());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for directory in Listing::new(&to, 0).unwrap().directories {
        assert_eq!(mode(&to.join(&directory)), 0o700, "{}", directory.display());
    }
    assert_eq!(mode(&to), 0o700);
    for (name, _) in &held {
        assert_eq!(mode(&to.join(name)), 0o600, "{}", name.display());
    }
    DataDir::existing(&to).unwrap();
}

#[test]
fn the_end_of_a_segment_stays_a_hole_but_one_that_waits_has_its_room() {
    let (root, source) = source();
    let [begun, waiting] = [1, 9].map(|number| source.log().join(format!("{number:020}.seg")));
    for path in [&begun, &waiting] {
        let file = OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(8 << 20).unwrap();
    }
    let to = root.path().join("copy");
    assert!(matches!(copy_to(&source, &to).unwrap(), Outcome::Copied(_)));
    let copy = DataDir::existing(&to).unwrap();
    let blocks = |path: &Path| {
        let found = fs::metadata(copy.log().join(path.file_name().unwrap())).unwrap();
        assert_eq!(found.len(), 8 << 20);
        found.blocks() * 512
    };
    assert!(blocks(&begun) <= 2 << 20, "{}", blocks(&begun));
    assert!(blocks(&waiting) >= 8 << 20, "{}", blocks(&waiting));
}

#[test]
fn a_damaged_log_or_table_is_named_and_nothing_is_made() {
    let damaged = ["shards/0/log/high-water", "shards/0/tables/main/tables/0"];
    for name in damaged {
        let (root, source) = source();
        let path = source.path.join(name);
        let mut bytes = fs::read(&path).unwrap();
        bytes[20] ^= 1;
        fs::write(&path, bytes).unwrap();
        let target = Target::new(&root.path().join("copy"), false).unwrap();
        let mut told = Vec::new();
        assert_eq!(copy(&source, &target, &mut told).unwrap(), Outcome::SourceDamaged);
        let told = String::from_utf8(told).unwrap();
        let name = path.file_name().unwrap().to_string_lossy();
        assert!(
            told.lines().any(|line| line.contains("DAMAGED") && line.contains(&*name)),
            "{told}"
        );
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "the source alone");
    }
}

#[test]
fn a_directory_that_lacks_its_log_is_refused_and_none_is_made() {
    let (_root, source) = source();
    let (path, log) = (source.path.clone(), source.log());
    drop(source);
    fs::remove_dir_all(&log).unwrap();
    let error = DataDir::existing(&path).unwrap_err().to_string();
    assert!(error.contains("shards/0/log is missing"), "{error}");
    assert!(!log.exists());
}

#[test]
fn what_is_there_is_never_written_over() {
    let (root, source) = source();
    let to = root.path().join("copy");
    fs::create_dir(&to).unwrap();
    let error = copy_to(&source, &to).unwrap_err().to_string();
    assert!(error.contains("is there already"), "{error}");
    Target::new(&to, true).unwrap();
    fs::write(to.join("letter.txt"), b"dear reader").unwrap();
    let error = Target::new(&to, true).unwrap_err().to_string();
    assert!(error.contains("is not empty"), "{error}");
    let error = Target::new(&to.join("letter.txt"), true).unwrap_err().to_string();
    assert!(error.contains("is there already"), "{error}");
}

#[test]
fn an_empty_directory_is_taken_for_a_restore() {
    let (root, source) = source();
    let to = root.path().join("copy");
    fs::create_dir(&to).unwrap();
    let target = Target::new(&to, true).unwrap();
    assert!(matches!(copy(&source, &target, &mut io::sink()).unwrap(), Outcome::Copied(_)));
    assert_eq!(contents(&to), contents(&source.path));
}

#[test]
fn a_copy_within_its_source_is_refused() {
    let (_root, source) = source();
    for below in ["copy", "shards/0/copy"] {
        let error = copy_to(&source, &source.path.join(below)).unwrap_err().to_string();
        assert!(error.contains("is within"), "{error}");
        assert!(!source.path.join(format!("{below}.partial")).exists());
    }
}

#[test]
fn what_an_interrupted_copy_left_is_told_of_by_the_next() {
    let (root, source) = source();
    let to = root.path().join("copy");
    fs::create_dir(root.path().join("copy.partial")).unwrap();
    let error = copy_to(&source, &to).unwrap_err().to_string();
    assert!(error.contains("copy.partial is left") && error.contains("remove it"), "{error}");
    assert!(!to.exists());
}

#[test]
fn a_link_that_leads_nowhere_is_named_before_anything_is_made() {
    let (root, source) = source();
    let torn = source.log().join("torn");
    fs::create_dir_all(&torn).unwrap();
    std::os::unix::fs::symlink(root.path().join("nothing"), torn.join("tail")).unwrap();
    let error = copy_to(&source, &root.path().join("copy")).unwrap_err();
    assert!(format!("{error:#}").contains("torn/tail"), "{error:#}");
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "the source alone");
}

#[test]
fn a_first_start_that_has_not_come_to_its_end_is_not_copied() {
    let root = tempfile::tempdir().unwrap();
    let source = DataDir::open(&root.path().join("data"), &MachineClock).unwrap();
    let error = copy_to(&source, &root.path().join("copy")).unwrap_err().to_string();
    assert!(error.contains("has not come to its end"), "{error}");
}
