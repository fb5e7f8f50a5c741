use super::*;

#[test]
fn lengths_of_time_have_the_largest_unit_of_which_there_are_two() {
    let told = |ms| span(Duration::from_millis(ms));
    for (ms, wanted) in [
        (0, "0 s"),
        (1_500, "1.5 s"),
        (119_999, "119.999 s"),
        (120_000, "2 min"),
        (7_199_999, "119 min"),
        (7_200_000, "2 h"),
        (172_800_000, "2 d"),
    ] {
        assert_eq!(told(ms), wanted);
    }
}

#[test]
fn a_share_of_nothing_is_none_and_one_of_much_does_not_overflow() {
    assert_eq!((percent(3, 0), percent(1, 3), percent(u64::MAX, u64::MAX)), (0, 33, 100));
}

#[test]
fn days_and_dates_are_those_of_the_calendar_and_of_each_other() {
    assert_eq!((day_of(1970, 1, 1), day_of(2026, 11, 30)), (0, 20_787));
    assert_eq!((day_of(2000, 2, 29), day_of(2000, 3, 1)), (11_016, 11_017));
    for day in (0..80_000).step_by(17) {
        let (year, month, of_month) = date_of(day * DAY_MS);
        let signed = |number: u64| i64::try_from(number).unwrap();
        assert_eq!(day_of(signed(year), signed(month), signed(of_month)), signed(day));
    }
    assert_eq!(moment(1_796_062_323_456), "2026-11-30 18:12:03 UTC");
}
