//! Rows read from a directory without opening it: those that were flushed, as they were then.

use std::ops::Bound;

use base::Sequence;

use super::yard::{Chance, History, assert_same, batch, compact_all, flush_all, key, open};
use crate::{AtRest, Existing, Tables, Value};

type Row = (Value, Value);

fn scan(tables: &AtRest, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Vec<Row> {
    tables.scan(from, to).collect::<Result<_, _>>().unwrap()
}

#[test]
fn rows_at_rest_are_those_that_were_flushed() {
    let dir = tempfile::tempdir().unwrap();
    let tables = open(dir.path(), Existing::Possible);
    let (mut history, mut chance) = (History::default(), Chance(11));
    let (mut runs, mut deep) = (0, 0);
    for at in 1..600 {
        history.commits.push((Sequence(at), batch(&mut chance, 600)));
        history.replay(&tables);
        if chance.one_in(12) {
            flush_all(&tables);
        }
        if chance.one_in(60) {
            compact_all(&tables);
        }
        if !chance.one_in(10) || tables.flushed() == Sequence::ZERO {
            continue;
        }
        let rest = AtRest::read(dir.path()).unwrap();
        let expected = history.rows_at(tables.flushed());
        assert_same(&scan(&rest, Bound::Unbounded, Bound::Unbounded), &expected, "all rows");
        let (low, high) = (key(&mut chance, 600), key(&mut chance, 600));
        let within = |row: &&Row| *low <= *row.0 && *row.0 < *high;
        let some: Vec<Row> = expected.iter().filter(within).cloned().collect();
        let found = scan(&rest, Bound::Included(&low), Bound::Excluded(&high));
        assert_same(&found, &some, "rows of a range");
        runs += usize::from(tables.top_runs() > 1);
        deep += usize::from(tables.stats().tables > tables.top_runs());
    }
    assert!(runs > 5 && deep > 5, "{runs} {deep}");
}

#[test]
fn a_tree_that_was_never_flushed_has_no_rows_at_rest() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path(), Existing::Possible));
    let rest = AtRest::read(dir.path()).unwrap();
    assert_eq!(scan(&rest, Bound::Unbounded, Bound::Unbounded), []);
}
