use std::time::Duration;

use super::*;

const fn ms(ms: u64) -> Monotonic {
    Duration::from_millis(ms)
}

#[test]
fn store_time_starts_at_the_wall_clock_but_never_before_the_last_time_stored() {
    assert_eq!(StoreClock::new(ms(7), 1_000, StoreTime(500)).at(ms(7)), StoreTime(1_000));
    assert_eq!(StoreClock::new(ms(7), 1_000, StoreTime(5_000)).at(ms(8)), StoreTime(5_001));
}

#[test]
fn an_hour_of_wall_clock_either_way_moves_store_time_by_a_hundredth_at_most() {
    for wall in [1_000_000 - 3_600_000i64 + 4_000_000, 1_000_000 + 3_600_000] {
        let clock = StoreClock::new(ms(0), 1_000_000, StoreTime(0));
        let mut last = clock.at(ms(0));
        for step in 1..=1_000u64 {
            let now = ms(step * 10);
            clock.correct(now, u64::try_from(wall).unwrap());
            let time = clock.at(now);
            assert!(time >= last, "store time went back");
            assert!(time.0 - last.0 <= 11, "store time jumped");
            last = time;
        }
        assert!(last.0.abs_diff(1_010_000) <= 100 + 10, "{last:?}");
    }
}

#[test]
fn the_skew_is_reported_as_it_is() {
    let clock = StoreClock::new(ms(0), 1_000_000, StoreTime(0));
    assert_eq!(clock.correct(ms(1_000), 1_004_000), 3_000);
    assert_eq!(clock.correct(ms(1_000), 1_004_000), 2_990);
}

#[test]
fn a_millisecond_that_has_begun_counts() {
    let clock = StoreClock::new(ms(7), 1_000, StoreTime(0));
    assert_eq!(clock.at(ms(7) + Duration::from_nanos(1)), StoreTime(1_001));
    assert_eq!(clock.at(ms(8)), StoreTime(1_001));
}
