use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::time::Duration;

use log::Log;

use super::*;
use crate::staging::tests::Ground;

/// Every file below, with its bytes.
fn contents(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut contents(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

fn flip(path: &Path, offset: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[offset] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn damage_a_table(ground: &Ground) {
    let tables = fs::read_dir(ground.dir.tables().join("tables")).unwrap();
    flip(&tables.map(|entry| entry.unwrap().path()).min().unwrap(), 100);
}

/// Repairs it, and sees to it that nothing of the damaged directory has changed.
fn repair_to(ground: &Ground, accepts_loss: bool) -> (Result<Outcome>, String, PathBuf) {
    let to = ground.root.path().join("repaired");
    let before = contents(&ground.dir.path);
    let mut said = Vec::new();
    let outcome =
        repair(&ground.dir, &Target::new(&to, true).unwrap(), accepts_loss, None, &mut said);
    assert!(contents(&ground.dir.path) == before, "nothing of it is changed");
    (outcome, String::from_utf8(said).unwrap(), to)
}

#[test]
fn what_is_sound_is_not_repaired() {
    let mut ground = Ground::new();
    ground.commit(5, 2);
    let (outcome, _, to) = repair_to(&ground, true);
    let error = outcome.unwrap_err().to_string();
    assert!(error.contains("nothing in") && error.contains("is damaged"), "{error}");
    assert!(!to.exists());
}

#[test]
fn a_loss_that_is_not_accepted_is_told_and_nothing_is_written() {
    let mut ground = Ground::new();
    ground.commit(2, 2);
    ground.commit(6, 0);
    let log = ground.dir.log();
    // Each commit is a frame of 5,120 bytes, three of which a segment takes behind its first.
    flip(&log.join("00000000000000000002.seg"), 512 + 300);
    let (outcome, said, to) = repair_to(&ground, false);
    assert_eq!(outcome.unwrap(), Outcome::Loss);
    assert!(
        said.contains("kept    commits up to 3: 1 from the log behind 2, the last made at 1\n"),
        "{said}"
    );
    assert!(
        said.contains("LOST    commits 4 to 8: 4 of them can be read, the last made at 1"),
        "{said}"
    );
    assert!(
        said.contains("not trusted from 00000000000000000002.seg at 512 on: the checksum"),
        "{said}"
    );
    assert_eq!(fs::read_dir(ground.root.path()).unwrap().count(), 1, "{}", to.display());

    let (outcome, _, to) = repair_to(&ground, true);
    assert_eq!(outcome.unwrap(), Outcome::Made(Sequence(3)));
    let made = DataDir::existing(&to).unwrap();
    let findings = verify::check(&made).unwrap();
    assert!(findings.is_sound());
    assert_eq!((findings.last(), findings.tables.applied), (3, Sequence(2)));
    assert_eq!(made.identity.hash_key, ground.dir.identity.hash_key);
    assert_ne!(made.identity.store, ground.dir.identity.store);
}

#[test]
fn damaged_tables_are_made_anew_where_the_log_reaches_back_to_the_first_commit() {
    let mut ground = Ground::new();
    ground.commit(9, 5);
    damage_a_table(&ground);
    let (outcome, said, to) = repair_to(&ground, false);
    assert_eq!(outcome.unwrap(), Outcome::Made(Sequence(9)), "{said}");
    assert!(said.contains("made anew from the log"), "{said}");
    let findings = verify::check(&DataDir::existing(&to).unwrap()).unwrap();
    assert!(findings.is_sound());
    assert_eq!((findings.last(), findings.tables.applied), (9, Sequence::ZERO));
    assert_eq!(findings.log.commits, 9);
}

#[test]
fn damaged_tables_and_a_log_that_was_trimmed_are_refused_by_name() {
    let mut ground = Ground::new();
    ground.commit(40, 40);
    let mut now = Duration::ZERO;
    for _ in 0..200 {
        now += Duration::from_secs(1);
        ground.ground().0.maintain(now).unwrap();
    }
    damage_a_table(&ground);
    let (outcome, said, to) = repair_to(&ground, true);
    let Outcome::TablesLost(file) = outcome.unwrap() else { panic!("{said}") };
    assert!(said.contains(&format!("DAMAGED {file}")), "{said}");
    assert!(!to.exists() && !to.with_extension("partial").exists());
}

#[test]
fn nobody_else_may_have_the_directory_and_no_lock_is_made() {
    let mut ground = Ground::new();
    ground.commit(1, 0);
    let error = DataDir::untouched(&ground.dir.path).unwrap_err();
    assert!(error.is::<crate::data_dir::InUse>());
    fs::remove_file(ground.dir.path.join("lock")).unwrap();
    drop(DataDir::untouched(&ground.dir.path).unwrap());
    assert!(!ground.dir.path.join("lock").exists());
}

#[test]
fn what_would_stand_in_the_damaged_directory_is_refused() {
    let mut ground = Ground::new();
    ground.commit(1, 0);
    let to = Target::new(&ground.dir.path.join("repaired"), true).unwrap();
    let error = repair(&ground.dir, &to, true, None, &mut io::sink()).unwrap_err();
    assert!(error.to_string().contains("is within"), "{error}");
}
