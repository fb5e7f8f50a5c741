use base::{Generation, Namespace, Space, StoreTime};

use super::*;

/// The row of a string: commit 7, packed, one row with an empty suffix.
const STRING: &[u8] = b"\x07\0\0\0\0\0\0\0\x01\0\0\x05value";

fn header() -> Vec<u8> {
    let mut row = Vec::new();
    key::put_header(&mut row, Space(3), b"id");
    row
}

#[test]
fn rows_as_the_store_writes_them_are_read() {
    assert_eq!(check_row(&header(), STRING), Ok(()));
    let mut rows = [Vec::new(), Vec::new(), Vec::new()];
    key::put_content(&mut rows[0], Space(3), Generation(4), b"suffix");
    key::put_owed(&mut rows[1], key::Owed::Space(Space(3)));
    key::put_expiry(&mut rows[2], StoreTime(9), Space(3), b"id");
    for row in &rows {
        assert_eq!(check_row(row, b""), Ok(()));
    }
}

#[test]
fn a_row_that_is_cut_short_is_refused_wherever_it_is_cut() {
    for len in 0..STRING.len() {
        // Without its only row it is an empty object, well formed.
        let is_whole = len == STRING.len() - 7;
        assert_eq!(check_row(&header(), &STRING[..len]).is_ok(), is_whole, "{len} bytes");
    }
    assert!(check_row(&header()[..5], STRING).is_err());
    assert!(check_row(&key::catalogue(Namespace(0)), b"").is_err());
    let mut owed = Vec::new();
    key::put_owed(&mut owed, key::Owed::Space(Space(3)));
    assert!(check_row(&owed[..5], b"").is_err());
}
