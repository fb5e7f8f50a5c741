use super::*;

fn applied(tables: &ModelTables, through: u64, key: &[u8], value: &[u8]) {
    tables.apply(vec![Change::put(key, value)], Sequence(through)).unwrap();
}

#[test]
fn a_crash_leaves_what_was_flushed() {
    let tables = ModelTables::new();
    applied(&tables, 1, b"a", b"1");
    assert!(tables.rotate());
    applied(&tables, 2, b"a", b"2");
    assert_eq!(tables.crash().applied(), Sequence::ZERO);
    let flush = tables.flush(Sequence(1)).unwrap();
    assert_eq!((flush.through, flush.more), (Sequence(1), false));
    let found = tables.crash();
    assert_eq!(found.applied(), Sequence(1));
    assert_eq!(found.get(b"a").unwrap().as_deref(), Some(b"1".as_slice()));
    assert_eq!(tables.get(b"a").unwrap().as_deref(), Some(b"2".as_slice()));
}

#[test]
fn a_removal_that_was_not_flushed_is_undone_by_a_crash_and_a_flushed_one_is_not() {
    let tables = ModelTables::new();
    applied(&tables, 1, b"a", b"1");
    tables.rotate();
    tables.flush(Sequence(1)).unwrap();
    tables.apply(vec![Change::remove(b"a")], Sequence(2)).unwrap();
    tables.maintain();
    assert!(tables.crash().get(b"a").unwrap().is_some());
    tables.rotate();
    tables.flush(Sequence(2)).unwrap();
    tables.maintain();
    assert!(tables.crash().get(b"a").unwrap().is_none());
    assert_eq!(tables.stats().entries, 1, "only the row `applied` is left");
}

#[test]
fn a_view_stands_still_and_a_scan_may_be_walked_from_both_ends() {
    let tables = ModelTables::new();
    for (through, key) in [(1, b"a"), (2, b"b"), (3, b"c"), (4, b"d")] {
        applied(&tables, through, key, b"1");
    }
    let view = tables.view();
    tables.apply(vec![Change::remove(b"b"), Change::put(b"e", b"2")], Sequence(5)).unwrap();
    tables.maintain();
    let key = |row: Option<Result<(Value, Value), Error>>| row.map(|row| row.unwrap().0.to_vec());
    let mut rows = view.range(Bound::Excluded(APPLIED_KEY), Bound::Unbounded);
    assert_eq!(key(rows.next()), Some(b"a".to_vec()));
    assert_eq!(key(rows.next_back()), Some(b"d".to_vec()));
    assert_eq!(key(rows.next_back()), Some(b"c".to_vec()));
    assert_eq!(key(rows.next()), Some(b"b".to_vec()));
    assert_eq!(key(rows.next()), None);
    assert_eq!(key(rows.next_back()), None);
    drop(rows);
    drop(view);
    assert_eq!(tables.stats().views, 0);
}

#[test]
fn a_flush_is_told_once_and_nothing_to_flush_is_not() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tables = ModelTables::new();
    let heard = Arc::clone(&told);
    tables.tell(Arc::new(move |event: &Event| heard.lock().push(event.clone())));
    applied(&tables, 1, b"a", b"1");
    tables.rotate();
    tables.flush(Sequence::ZERO).unwrap();
    assert!(told.lock().is_empty(), "the log was not durable so far");
    tables.flush(Sequence(1)).unwrap();
    tables.flush(Sequence(1)).unwrap();
    assert_eq!(*told.lock(), [Event::Flushed { through: Sequence(1) }]);
}
