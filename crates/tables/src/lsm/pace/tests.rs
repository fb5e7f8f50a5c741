#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use super::*;

#[test]
fn pauses_add_up_to_the_rate_and_stop_in_a_hurry() {
    let pace = Pace::new(NonZeroU64::new(100 * 1024 * 1024));
    assert_eq!(pace.pause(1024 * 1024), Some(Duration::from_millis(10)));
    pace.hurry(true);
    assert_eq!(pace.pause(1024 * 1024), None);
    pace.hurry(false);
    assert_eq!(pace.pause(512 * 1024), Some(Duration::from_millis(5)));
    assert_eq!(Pace::new(None).pause(u64::MAX), None);
}

#[test]
fn bytes_are_counted_across_rows() {
    let place = tempfile::tempdir().unwrap();
    let table = place.path().join("7");
    std::fs::write(&table, [0; 300]).unwrap();
    let pace = Arc::new(Pace::new(NonZeroU64::new(u64::MAX)));
    let mut stride = Stride::new(&pace, Writeback::new(place.path(), 7));
    assert!(!stride.step(600 * 1024));
    assert_eq!(stride.bytes, 600 * 1024);
    assert!(stride.step(600 * 1024));
    assert_eq!(stride.bytes, 0, "the pause was taken");
    assert_eq!(stride.writeback.sync(), 0, "the table was synced");
}
