use base::{Namespace, StoreTime};

use super::*;

#[test]
fn every_row_of_the_stores_own_is_named() {
    let row = |put: &dyn Fn(&mut Vec<u8>)| {
        let mut row = Vec::new();
        put(&mut row);
        row
    };
    let owed = |owed| row(&|out: &mut Vec<u8>| key::put_owed(out, owed));
    let rows = [
        (key::catalogue(Namespace(3)), "catalogue of namespace 3"),
        (key::keys(Space(7)), "count of the objects in space 7"),
        (owed(key::Owed::Space(Space(7))), "owed: space 7"),
        (owed(key::Owed::Generation(Space(7), Generation(9))), "owed: generation 9 in space 7"),
        (
            row(&|out| key::put_expiry(out, StoreTime(5), Space(7), b"a")),
            "deadline 5 of \"a\" in space 7",
        ),
    ];
    for (row, described) in rows {
        assert_eq!(describe_row(&row), described);
        assert_eq!(read_key(&row), RowKey::Internal);
    }
}

#[test]
fn a_row_of_an_object_is_taken_apart_and_half_a_key_is_none() {
    let mut row = Vec::new();
    key::put_header(&mut row, Space(7), b"id");
    assert_eq!(read_key(&row), RowKey::Header { space: Space(7), id: b"id" });
    assert_eq!(read_key(&row[..5]), RowKey::Internal);
    let mut row = Vec::new();
    key::put_content(&mut row, Space(7), Generation(9), b"field");
    let (space, generation, suffix) = (Space(7), Generation(9), &b"field"[..]);
    assert_eq!(read_key(&row), RowKey::Content { space, generation, suffix });
    assert_eq!(read_key(&row[..12]), RowKey::Internal);
}
