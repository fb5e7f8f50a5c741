use base::{StoreId, StoreTime};
use log::{Directory, Group, Log, record};
use tables::{Change, Existing, Tables};
use tempfile::TempDir;

use super::*;
use crate::copy::{Outcome, Target, copy};
use crate::machine::MachineClock;
use crate::observer::Journal;

/// What a store stands on, in a data directory, and the staging of it.
pub(crate) struct Ground {
    pub(crate) root: TempDir,
    pub(crate) dir: DataDir,
    pub(crate) staging: Staging,
    next: u64,
}

impl Ground {
    pub(crate) fn new() -> Self {
        Self::within("data")
    }

    /// In a directory of that name.
    pub(crate) fn within(name: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut dir = DataDir::open(&root.path().join(name), &MachineClock).unwrap();
        let tables = tables::Settings::default();
        let tables = LsmTables::open(
            &dir.tables(),
            &tables,
            Existing::Possible,
            Arc::new(Journal::default()),
        );
        let log = open_log(&dir.path, dir.identity.store, Sequence::ZERO);
        dir.finish().unwrap();
        let (log, tables) = (Arc::new(log), Arc::new(tables.unwrap()));
        let staging = Staging { root: dir.path.clone(), log, tables };
        Self { root, dir, staging, next: 1 }
    }

    /// Some commits more; those up to `flushed` of them are in tables on disk.
    pub(crate) fn commit(&mut self, count: u64, flushed: u64) {
        for at in self.next..self.next + count {
            let mut changes = Vec::new();
            record::put(&mut changes, &at.to_be_bytes(), &[7; 5000]);
            let mut group = Group::new(Sequence(at), StoreTime(1));
            group.push_commit(StoreTime(1), 0, 0, 0, &changes);
            self.staging.log.append(&mut group).unwrap();
            if at < self.next + flushed {
                let change = Change::put(&at.to_be_bytes(), &[7; 5000]);
                self.staging.tables.apply(vec![change], Sequence(at)).unwrap();
            }
        }
        self.next += count;
        let durable = self.staging.log.sync().unwrap();
        self.staging.tables.rotate();
        let flush = self.staging.tables.flush(durable).unwrap();
        self.staging.log.trim(flush.through).unwrap();
    }

    pub(crate) fn ground(&self) -> (&FileLog, &LsmTables) {
        (&self.staging.log, &self.staging.tables)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path.join(NAME)
    }
}

fn open_log(root: &Path, store: StoreId, applied: Sequence) -> FileLog {
    let medium = Arc::new(Directory::new(log_in(root)).unwrap());
    let settings =
        log::Settings { segment_bytes: 1 << 14, history_bytes: 0, ..log::Settings::default() };
    let observer = Arc::new(Journal::default());
    FileLog::open(medium, settings, store, applied, StoreTime(1), observer).unwrap().0
}

#[test]
fn what_is_staged_is_copied_as_it_was_whatever_is_written_meanwhile() {
    let mut ground = Ground::new();
    ground.commit(20, 10);
    assert_eq!(ground.staging.make().unwrap(), Sequence(20));
    let source = DataDir::existing(&ground.path()).unwrap();
    ground.commit(20, 20);
    let mut now = std::time::Duration::ZERO;
    for _ in 0..200 {
        now += std::time::Duration::from_secs(1);
        ground.staging.log.maintain(now).unwrap();
    }
    ground.staging.tables.maintain();
    let to = ground.root.path().join("copy");
    let target = Target::new(&to, false).unwrap();
    let outcome = copy(&source, &target, &mut io::sink()).unwrap();
    assert!(matches!(outcome, Outcome::Copied(copied) if copied.last == 20), "{outcome:?}");
    let copy = DataDir::existing(&to).unwrap();
    let log = open_log(&to, copy.identity.store, Sequence(10));
    let frames = log.read(Sequence(11)).unwrap().map(Result::unwrap);
    let commits = frames.filter(|frame| frame.header().has_commits());
    assert_eq!(commits.map(|frame| frame.last()).max(), Some(Sequence(20)));
    drop(source);
    ground.staging.remove().unwrap();
    assert!(!ground.path().exists());
    ground.staging.remove().unwrap();
}

#[test]
fn what_was_left_is_replaced() {
    let mut ground = Ground::new();
    ground.commit(2, 1);
    ground.staging.make().unwrap();
    ground.commit(1, 1);
    assert_eq!(ground.staging.make().unwrap(), Sequence(3));
    remove_left(&ground.dir.path);
    assert!(!ground.path().exists());
}

#[test]
fn a_log_on_another_disk_is_refused_by_name() {
    let ground = Ground::new();
    let log = log_in(&ground.dir.path);
    fs::rename(&log, ground.root.path().join("moved")).unwrap();
    std::os::unix::fs::symlink("/proc", &log).unwrap();
    let error = ground.staging.make().unwrap_err().to_string();
    assert!(error.contains("shards/0/log is on another file system"), "{error}");
    assert!(!ground.path().exists());
}
