use super::*;

#[test]
fn the_slowest_second_is_compared_with_the_median() {
    let seconds = Seconds(vec![100, 20, 110, 90, 100]);
    assert_eq!(seconds.median(), 100);
    assert!((seconds.slowest_share() - 0.2).abs() < 1e-9);
}

#[test]
fn of_two_in_the_middle_the_lower_counts() {
    assert_eq!(Seconds(vec![4, 1, 2, 3]).median(), 2);
}

#[test]
fn of_no_second_nothing_is_said() {
    assert_eq!(Seconds::default().median(), 0);
    assert_eq!(Seconds::default().table(), "");
}

#[test]
fn a_table_has_twelve_seconds_to_a_line() {
    assert_eq!(Seconds((0..25).collect()).table().lines().count(), 3);
}
