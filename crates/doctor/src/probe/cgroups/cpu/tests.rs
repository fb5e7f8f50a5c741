use super::*;

#[test]
fn no_quota_is_written_in_two_ways() {
    assert_eq!(parse_quota("50000 100000\n"), Some((50_000, 100_000)));
    assert_eq!(parse_quota("max 100000\n"), None);
    assert_eq!(parse_quota("-1 100000"), None);
}

#[test]
fn the_time_is_in_nanoseconds_with_version_1_and_in_microseconds_with_version_2() {
    let one = "nr_periods 53\nnr_throttled 50\nthrottled_time 4700000000\nnr_bursts 0\n";
    let two = "usage_usec 9\nnr_periods 53\nnr_throttled 50\nthrottled_usec 4700000\n";
    for text in [one, two] {
        let seen = parse_stat(text, CpuGroup::default()).unwrap();
        assert_eq!((seen.periods, seen.throttled, seen.throttled_us), (53, 50, 4_700_000));
    }
    assert_eq!(parse_stat("usage_usec 9\n", CpuGroup::default()), None);
}
