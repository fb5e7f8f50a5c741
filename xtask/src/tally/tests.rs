use super::{Runner, Tally};

fn tally(passed: u64, failed: u64, skipped: u64) -> Tally {
    Tally { passed, failed, skipped }
}

#[test]
fn the_closing_line_of_cargo_test_is_counted() {
    let line = "test result: FAILED. 12 passed; 2 failed; 3 ignored; 0 measured; 40 filtered out; finished in 0.05s";
    assert_eq!(Runner::CargoTest.closing_line(line), Some(tally(12, 2, 3)));
}

#[test]
fn the_closing_line_of_pytest_is_counted() {
    for (line, expected) in [
        ("======= 1 failed, 3 passed, 2 skipped in 0.12s =======", tally(3, 1, 2)),
        ("3 passed in 61.20s (0:01:01)", tally(3, 0, 0)),
        ("==== 2 passed, 4 deselected, 1 warning, 3 errors in 1.00s ====", tally(2, 3, 0)),
    ] {
        assert_eq!(Runner::Pytest.closing_line(line), Some(expected), "{line}");
    }
}

#[test]
fn other_lines_count_nothing() {
    for line in [
        "",
        "running 3 tests",
        "3 passed",
        "5 keys lost in transit",
        "test a::b ... ok",
        "=== no tests ran in 0.01s ===",
        "=== 4 deselected in 0.01s ===",
    ] {
        assert_eq!(Runner::Pytest.closing_line(line), None, "{line}");
        assert_eq!(Runner::CargoTest.closing_line(line), None, "{line}");
    }
}

#[test]
fn a_tally_is_printed_as_the_plain_closing_line() {
    let mut sum = tally(1, 0, 2);
    sum += tally(3, 4, 5);
    assert_eq!(sum.to_string(), "4 passed, 4 failed, 7 skipped");
}
