use super::*;

#[test]
fn a_line_says_how_much_of_what_is_done() {
    let half = line("loading", 0.5, Duration::from_secs(7), "2 of 4 keys");
    assert_eq!(half, "  [############------------]  50 %    7 s  loading  2 of 4 keys");
}

#[test]
fn more_than_all_is_shown_within_the_bar() {
    assert!(line("x", 7.0, Duration::ZERO, "").contains("[########################] 100 %"));
}

#[test]
fn where_the_end_is_not_known_there_is_no_bar() {
    assert_eq!(
        line("resting", f64::NAN, Duration::from_secs(3), "9 MiB"),
        "     3 s  resting  9 MiB"
    );
}
