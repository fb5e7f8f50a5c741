use std::fs;
use std::time::Duration;

use base::{Sequence, StoreTime};
use log::{Group, Log};
use tables::{Change, Tables};

use super::*;
use crate::staging::tests::Ground;

/// What is told of a data directory, and whether it is sound.
fn told(ground: &Ground) -> (String, bool) {
    let findings = check(&ground.dir).unwrap();
    let mut out = Vec::new();
    findings.show(&mut out).unwrap();
    (String::from_utf8(out).unwrap(), findings.is_sound())
}

#[test]
fn tables_that_are_ahead_of_the_log_are_named() {
    let mut ground = Ground::new();
    ground.commit(10, 10);
    let (text, is_sound) = told(&ground);
    assert!(is_sound && text.contains("commits up to 10\n"), "{text}");
    let (_, tables) = ground.ground();
    tables.apply(vec![Change::put(b"a", b"1")], Sequence(11)).unwrap();
    tables.rotate();
    tables.flush(Sequence(11)).unwrap();
    let (text, is_sound) = told(&ground);
    assert!(text.contains("they hold commits up to 11, but the log ends at 10"), "{text}");
    assert!(!is_sound);
}

#[test]
fn a_log_that_does_not_reach_back_to_the_tables_is_named() {
    let mut ground = Ground::new();
    ground.commit(2, 2);
    let old = ground.root.path().join("old");
    ground.ground().1.stage(&old).unwrap();
    ground.commit(40, 40);
    let mut now = Duration::ZERO;
    for _ in 0..200 {
        now += Duration::from_secs(1);
        ground.ground().0.maintain(now).unwrap();
    }
    let (text, is_sound) = told(&ground);
    assert!(is_sound, "{text}");
    fs::remove_dir_all(ground.dir.tables()).unwrap();
    fs::rename(&old, ground.dir.tables()).unwrap();
    let (text, is_sound) = told(&ground);
    assert!(text.contains("they end with commit 2, but the log begins with"), "{text}");
    assert!(!is_sound);
}

/// What is told of the rows of a data directory, and whether they fit one another.
fn told_of_rows(ground: &Ground) -> (String, bool) {
    let rows = check(&ground.dir).unwrap().audit(&ground.dir).unwrap();
    let mut out = Vec::new();
    write_rows(&mut out, rows.as_ref()).unwrap();
    (String::from_utf8(out).unwrap(), rows.is_some_and(|rows| rows.is_sound()))
}

/// A commit whose rows are in tables on disk, after which generations below `ceiling` had been given out.
fn commit(ground: &Ground, at: u64, ceiling: u64, changes: Vec<Change>) {
    let (log, tables) = ground.ground();
    let mut group = Group::new(Sequence(at), StoreTime(1));
    group.push_commit(StoreTime(1), 0, 0, 0, &[]);
    group.set_generations(Generation(ceiling));
    log.append(&mut group).unwrap();
    let durable = log.sync().unwrap();
    tables.apply(changes, Sequence(at)).unwrap();
    tables.rotate();
    tables.flush(durable).unwrap();
}

/// A row of generation 5, and the row that says that it is owed.
fn orphan() -> (Vec<u8>, Vec<u8>) {
    let life = [3_u64.to_be_bytes(), 5_u64.to_be_bytes()].concat();
    ([&[2], &*life, b"row"].concat(), [&[3, 1], &*life].concat())
}

#[test]
fn a_row_that_nothing_names_is_told_of() {
    let ground = Ground::new();
    let (row, owed) = orphan();
    let value = &[7; 100];
    commit(&ground, 1, 6, vec![Change::put(&*row, value), Change::put(&*owed, b"")]);
    let (text, is_sound) = told_of_rows(&ground);
    assert!(is_sound && text == "rows    0 objects in the tables, 1 rows of their own\n", "{text}");
    commit(&ground, 2, 6, vec![Change::remove(&*owed)]);
    let (text, is_sound) = told_of_rows(&ground);
    let expected =
        "DAMAGED generation 5 in space 3, 1 rows of 103 bytes: no object names its generation";
    assert!(!is_sound && text.contains(expected), "{text}");
}

#[test]
fn a_generation_that_the_log_never_gave_out_is_told_of() {
    let ground = Ground::new();
    let (row, owed) = orphan();
    commit(&ground, 1, 5, vec![Change::put(&*row, b""), Change::put(&*owed, b"")]);
    let (text, is_sound) = told_of_rows(&ground);
    assert!(!is_sound && text.contains("was never given out"), "{text}");
}

#[test]
fn rows_of_damaged_tables_are_not_compared() {
    let ground = Ground::new();
    commit(&ground, 1, 5, Vec::new());
    let table = fs::read_dir(ground.dir.tables().join("tables")).unwrap().next().unwrap().unwrap();
    fs::remove_file(table.path()).unwrap();
    let (text, is_sound) = told_of_rows(&ground);
    assert!(!is_sound && text.contains("not compared"), "{text}");
}
