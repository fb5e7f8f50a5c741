use base::rng::SplitMix64;

use super::*;

const fn read(now_ms: u64, wall_ms: u64) -> Reading {
    Reading { now: Duration::from_millis(now_ms), wall: Duration::from_millis(wall_ms) }
}

const fn ms(ms: u64) -> Monotonic {
    Duration::from_millis(ms)
}

#[test]
fn store_time_starts_at_the_wall_clock_but_never_before_the_last_time_stored() {
    assert_eq!(StoreClock::new(read(7, 1_000), StoreTime(500)).at(ms(7)), StoreTime(1_000));
    assert_eq!(StoreClock::new(read(7, 1_000), StoreTime(5_000)).at(ms(8)), StoreTime(5_001));
}

#[test]
fn an_hour_of_wall_clock_either_way_moves_store_time_by_a_hundredth_at_most() {
    for wall in [1_000_000 - 3_600_000i64 + 4_000_000, 1_000_000 + 3_600_000] {
        let clock = StoreClock::new(read(0, 1_000_000), StoreTime(0));
        let mut last = clock.at(ms(0));
        for step in 1..=1_000u64 {
            let now = step * 10;
            clock.correct(read(now, u64::try_from(wall).unwrap()));
            let time = clock.at(ms(now));
            assert!(time >= last, "store time went back");
            assert!(time.0 - last.0 <= 11, "store time jumped");
            last = time;
        }
        assert!(last.0.abs_diff(1_010_000) <= 100 + 10, "{last:?}");
    }
}

#[test]
fn the_skew_is_reported_as_it_is() {
    let clock = StoreClock::new(read(0, 1_000_000), StoreTime(0));
    assert_eq!(clock.correct(read(1_000, 1_004_000)), 3_000);
    assert_eq!(clock.correct(read(1_000, 1_004_000)), 2_999);
    assert_eq!(clock.skew_ms(read(1_000, 1_004_000)), 2_999);
}

#[test]
fn a_correction_that_comes_late_moves_store_time_by_a_millisecond_all_the_same() {
    let clock = StoreClock::new(read(0, 1_000_000), StoreTime(0));
    let before = clock.at(ms(60_000));
    clock.correct(read(60_000, 5_000_000));
    assert_eq!(clock.at(ms(60_000)).0 - before.0, 1);
}

/// Whatever fractions of a millisecond the two clocks stood at, also after corrections: who reads the wall clock and
/// then asks the store is not told an earlier millisecond than it read.
#[test]
fn store_time_never_lags_the_millisecond_that_the_wall_clock_has_just_shown() {
    let mut rng = SplitMix64::new(1);
    for _ in 0..200 {
        let begin = Duration::from_nanos(rng.below(1 << 40));
        let wall_ahead = Duration::from_secs(1 << 30) + Duration::from_nanos(rng.below(1 << 40));
        let late = Duration::from_nanos(rng.below(500));
        let clock =
            StoreClock::new(Reading { now: begin, wall: begin + wall_ahead + late }, StoreTime(0));
        let mut now = begin;
        for _ in 0..200 {
            now += Duration::from_nanos(rng.below(3_000_000));
            let shown = (now + wall_ahead).as_millis();
            assert!(u128::from(clock.at(now).0) >= shown, "{begin:?} {wall_ahead:?} {now:?}");
            if rng.below(4) == 0 {
                clock.correct(Reading { now, wall: now + wall_ahead });
            }
        }
    }
}
