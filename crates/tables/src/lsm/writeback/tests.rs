#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs::OpenOptions;
use std::io::Write;

use super::*;

fn grow(dir: &Path, number: u64, bytes: usize) {
    let path = dir.join(number.to_string());
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(&vec![0; bytes]).unwrap();
}

#[test]
fn what_has_grown_is_synced_once_whichever_table_it_is_in() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path();
    grow(dir, 4, 1_000);
    let mut writeback = Writeback::new(dir, 5);
    assert_eq!(writeback.sync(), 0, "what was there before is not its own");
    grow(dir, 5, 100);
    assert_eq!(writeback.sync(), 100);
    assert_eq!(writeback.sync(), 0);
    // 6 and 7 came out empty, and were removed.
    grow(dir, 8, 10);
    grow(dir, 5, 1);
    assert_eq!(writeback.sync(), 11);
    grow(dir, 9, 7);
    assert_eq!(writeback.sync(), 7);
}

#[test]
fn few_tables_are_held_open_however_many_there_are() {
    let place = tempfile::tempdir().unwrap();
    let mut writeback = Writeback::new(place.path(), 1);
    for number in 1..100 {
        grow(place.path(), number, 1);
        assert_eq!(writeback.sync(), 1);
        assert!(writeback.tables.len() <= TABLES_MAX);
    }
    grow(place.path(), 99, 5);
    grow(place.path(), 100, 5);
    assert_eq!(writeback.sync(), 10, "the latest ones");
}
