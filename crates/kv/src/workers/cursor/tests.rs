#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use base::Sequence;
use tables::{Change, ModelTables, Tables};

use super::*;

/// The last bytes of the keys behind a place, of those that begin with 2.
fn seen(cursor: &Cursor, tables: &ModelTables) -> Vec<u8> {
    let view = tables.view();
    cursor.rows(&*view, &[2], &[3]).map(|row| row.unwrap().0[1]).collect()
}

fn ten_rows() -> ModelTables {
    let tables = ModelTables::new();
    let rows = (0..10_u8).map(|number| Change::put(&[2, number], &[1]));
    tables.apply(rows.collect(), Sequence(1)).unwrap();
    tables
}

#[test]
fn it_goes_on_behind_what_was_passed_and_begins_again_now_and_then() {
    let (tables, mut cursor) = (ten_rows(), Cursor::default());
    let at = Duration::from_secs;
    assert!(cursor.rewind(at(5)));
    assert_eq!(seen(&cursor, &tables).len(), 10);
    cursor.pass(&[2, 6]);
    assert_eq!(seen(&cursor, &tables), [7, 8, 9]);
    assert!(!cursor.rewind(at(5)), "at once");
    // What took a second is not done again for half a minute.
    cursor.rewound(at(1), at(6));
    assert!(!cursor.rewind(at(35)));
    assert!(cursor.rewind(at(36)));
    assert_eq!(seen(&cursor, &tables).len(), 10);
    cursor.pass(&[2, 3]);
    assert_eq!(seen(&cursor, &tables).len(), 6);
    cursor.meet_end();
    assert_eq!(seen(&cursor, &tables), [7, 8, 9], "what was passed before is not looked at again");
}

#[test]
fn a_range_that_lies_before_it_has_no_rows() {
    let (tables, mut cursor) = (ten_rows(), Cursor::default());
    cursor.pass(&[3, 0]);
    assert_eq!(seen(&cursor, &tables), [0_u8; 0]);
    cursor.pass(&[1, 0]);
    assert_eq!(seen(&cursor, &tables).len(), 10, "one behind it has all");
}
