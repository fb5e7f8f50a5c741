use super::*;

const LOCKS: &str = "\
1: POSIX  ADVISORY  WRITE 2121 fe:00:10013729 0 EOF
2: FLOCK  ADVISORY  WRITE 812 00:18:1329 0 EOF
2: -> FLOCK  ADVISORY  WRITE 900 00:18:1329 0 EOF
2: -> FLOCK  ADVISORY  WRITE 901 00:18:1329 0 EOF
";

#[test]
fn who_holds_the_lock_is_told_from_those_that_wait() {
    assert_eq!(parse(LOCKS, "00:18:1329"), (Some(812), 2));
    assert_eq!(parse(LOCKS, "00:18:1330"), (None, 0));
}

#[test]
fn a_process_runs_since_it_was_started_whatever_it_is_called() {
    let stat =
        "812 (a (b) c) S 1 812 812 0 -1 4194304 98 0 0 0 0 0 0 0 20 0 1 0 133000 2703360 262";
    assert_eq!(running_ms(stat, "1335.42 2600.10\n"), Some(5_420));
    assert_eq!(running_ms("", "1335.42 2600.10\n"), None);
}
