use super::*;

/// `UNIX_TIMESTAMP()` takes what it is given for local time, of which an hour is there twice as clocks go back.
#[test]
fn b09_the_clock_is_asked_for_without_local_time() {
    assert!(CLOCK.contains("UTC_TIMESTAMP(6)"), "{CLOCK}");
    for local in ["UNIX_TIMESTAMP", "SYSDATE", "NOW(", "CURRENT_TIMESTAMP"] {
        assert!(!CLOCK.contains(local), "{CLOCK}");
    }
}
