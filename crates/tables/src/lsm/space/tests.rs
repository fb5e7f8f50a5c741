#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use super::*;

#[test]
fn what_is_to_stay_free_stays_and_a_compaction_that_was_given_up_is_not_begun_at_once() {
    let place = tempfile::tempdir().unwrap();
    let plenty = Space::new(place.path(), 1);
    plenty.begin(Purpose::Shape).unwrap();
    assert!(plenty.may_go_on());
    assert!(plenty.given_up().is_none());

    let mut space = Space::new(place.path(), 1);
    space.begin(Purpose::Shape).unwrap();
    space.free_bytes_min = u64::MAX;
    assert!(!space.may_go_on());
    let error = space.given_up().unwrap();
    assert!(matches!(error, Error::NoRoom { .. }), "{error}");
    assert!(error.to_string().contains(&place.path().display().to_string()), "{error}");
    assert!(space.given_up().is_none(), "told once");
    space.free_bytes_min = 1;
    // As if nothing had come free since: others use this disk, too.
    space.short.lock().began_with = Some(u64::MAX);
    for _ in 0..DECLINED_MAX {
        space.begin(Purpose::Shape).unwrap_err();
        // All of it may fit where a piece does not, and whether it does says nothing about pieces.
        space.begin(Purpose::Space).unwrap();
    }
    space.begin(Purpose::Shape).unwrap();
    assert!(space.may_go_on());
}

#[test]
fn memtables_are_to_find_their_place_beside_a_compaction() {
    let place = tempfile::tempdir().unwrap();
    let space = Space::new(place.path(), 1);
    space.begin(Purpose::Shape).unwrap();
    space.note_memtables(u64::MAX);
    assert!(!space.may_go_on());
    space.note_memtables(0);
    assert!(space.may_go_on());
}
