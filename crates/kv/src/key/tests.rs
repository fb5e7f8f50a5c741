use super::*;

fn header(space: u64, id: &[u8]) -> Vec<u8> {
    let mut key = Vec::new();
    put_header(&mut key, Space(space), id);
    key
}

#[test]
fn header_keys_sort_by_space_and_then_by_id() {
    let keys =
        [header(1, b""), header(1, b"a"), header(1, b"b"), header(2, b"a"), header(256, b"")];
    assert!(keys.is_sorted());
}

#[test]
fn an_owed_row_reads_back_and_a_longer_or_unknown_one_is_refused() {
    for owed in [Owed::Generation(Space(3), Generation(7)), Owed::Space(Space(u64::MAX))] {
        let mut key = Vec::new();
        put_owed(&mut key, owed);
        assert_eq!(parse_owed(&key), Ok(owed));
        let (from, to) = owed_bounds();
        assert!(from.as_slice() < key.as_slice() && key.as_slice() < to.as_slice());
        key.push(0);
        assert!(parse_owed(&key).is_err());
    }
    assert!(parse_owed(&[3, 9, 0, 0, 0, 0, 0, 0, 0, 0]).is_err());
}

#[test]
fn the_expiry_index_is_in_order_of_time_and_its_bound_takes_in_what_is_due_now() {
    let row = |at: u64, id: &[u8]| {
        let mut key = Vec::new();
        put_expiry(&mut key, StoreTime(at), Space(9), id);
        key
    };
    let (from, to) = expiry_bounds(StoreTime(100));
    assert!(
        row(100, b"\xff\xff") < to
            && row(101, b"") >= to
            && row(0, b"").as_slice() >= from.as_slice()
    );
    assert_eq!(parse_expiry(&row(100, b"k")), Ok((StoreTime(100), Space(9), &b"k"[..])));
}

#[test]
fn the_end_of_a_prefix_is_behind_everything_that_begins_with_it() {
    assert_eq!(after_prefix(b"ab"), b"ac");
    assert_eq!(after_prefix(b"a\xff"), b"b");
}

#[test]
fn a_catalogue_row_names_its_namespace() {
    assert_eq!(parse_catalogue(&catalogue(Namespace(5))), Some(Namespace(5)));
    assert_eq!(parse_catalogue(&keys(Space(1))), None);
}
