use super::*;

/// As 15 writes it with `log_line_prefix = '%m [%p] '`.
const TEXT: &str = "2026-11-30 19:40:01.218 UTC [9001] LOG:  database system is ready to accept connections
2026-11-30 19:41:07.502 UTC [9020] ERROR:  cached plan must not change result type
2026-11-30 19:41:07.502 UTC [9020] STATEMENT:  EXECUTE lab;
2026-11-30 19:41:08.001 UTC [9020] ERROR:  cannot alter type of a column used by a view
2026-11-30 19:41:09.001 UTC [9021] STATEMENT:  SELECT 'ERROR: cached plan must not change result type'
";

#[test]
fn only_the_error_itself_counts_with_its_time() {
    let seen = errors_in(TEXT, true, 0, STARTED_S);
    assert_eq!((seen.times_s.as_slice(), seen.timeless), (&[1_796_067_667][..], 0));
    let cut = errors_in(TEXT, false, 0, STARTED_S);
    assert_eq!(cut.since_s, Some(1_796_067_667));
    assert_eq!(errors_in(TEXT, true, 3_600, STARTED_S).times_s, [1_796_064_067]);
}

/// When a server was started whose log [`TEXT`] is.
const STARTED_S: u64 = 1_796_067_601;

fn log(ahead_s: i64) -> Log {
    Log {
        collected: false,
        language: "C".to_owned(),
        destination: "stderr".to_owned(),
        level: "warning".to_owned(),
        ahead_s,
    }
}

#[test]
fn a_whole_file_reaches_back_no_further_than_its_first_time_unless_the_server_started_then() {
    let of = |text: &str, is_whole, started_s| {
        let seen = errors_in(text, is_whole, 0, started_s);
        (seen.since_s, seen.from_start)
    };
    let first = 1_796_067_601;
    assert_eq!(of(TEXT, true, first), (Some(first), true));
    assert_eq!(of(TEXT, true, first - 1), (Some(first), false), "rotated");
    assert_eq!(of(TEXT, true, first + 9_000), (Some(first), true));
    assert_eq!(of(TEXT, false, first), (Some(first + 66), false));
    assert_eq!(of("", true, first), (None, false), "just emptied");
    assert_eq!(of("[9] LOG:  ready", true, first), (None, false));
}

#[test]
fn where_errors_are_not_written_to_a_file_nothing_is_read() {
    let of = |destination: &str, level: &str| {
        let (destination, level) = (destination.to_owned(), level.to_owned());
        missing(&Log { destination, level, ..log(0) })
    };
    for destination in ["stderr", "csvlog", "syslog, jsonlog", "stderr,syslog"] {
        assert_eq!(of(destination, "warning"), None, "{destination}");
    }
    let none = of("syslog", "warning");
    assert_eq!(none.as_deref(), Some("file to which it logs: log_destination is syslog"));
    for level in ["fatal", "panic", "log", "warning, backend:fatal", "backend:log, error"] {
        let wanted = format!("error in its log: log_min_messages is {level}");
        assert_eq!(of("stderr", level), Some(wanted));
    }
    for level in ["debug5", "error", "fatal, backend:error", "walsender:fatal, warning"] {
        assert_eq!(of("stderr", level), None, "{level}");
    }
    assert!(missing(&Log { language: "de_DE.UTF-8".to_owned(), ..log(0) }).is_some());
}

#[test]
fn other_forms_of_a_log_are_known() {
    let csv = "2026-11-30 19:41:07.502 UTC,\"app\",\"shop\",9020,\"127.0.0.1:40000\",6566,3,\"EXECUTE\",2026-11-30 19:40:50 UTC,3/7,0,ERROR,0A000,\"cached plan must not change result type\",,,,,,,,,\"\"";
    let json = "{\"timestamp\":\"2026-11-30 19:41:07.502 UTC\",\"error_severity\":\"ERROR\",\"state_code\":\"0A000\",\"message\":\"cached plan must not change result type\"}";
    let verbose =
        "2026-11-30 19:41:07 UTC [9] ERROR:  0A000: cached plan must not change result type";
    for line in [csv, json, verbose] {
        assert_eq!(errors_in(line, true, 0, STARTED_S).times_s, [1_796_067_667], "{line}");
    }
    let bare = errors_in("[9] ERROR:  cached plan must not change result type", true, 0, STARTED_S);
    assert_eq!((bare.times_s.len(), bare.timeless), (0, 1));
}

#[test]
fn what_is_no_day_of_this_era_is_no_time() {
    assert_eq!(time_s("2000-02-29 00:00:00", 0), Some(11_016 * 86_400));
    assert_eq!(time_s("2026-13-01 00:00:00", 0), None);
    assert_eq!(time_s("1969-12-31 00:00:00", 0), None);
}

#[test]
fn the_file_of_the_collector_is_below_the_folder_of_data_unless_it_says_more() {
    assert_eq!(
        collected("stderr log/a.log\ncsvlog log/a.csv\n", "/data").as_deref(),
        Some("/data/log/a.log")
    );
    assert_eq!(collected("csvlog /var/log/a.csv\n", "/data").as_deref(), Some("/var/log/a.csv"));
    assert_eq!(collected("", "/data"), None);
}

#[test]
fn only_english_is_read() {
    for language in ["", "C", "POSIX", "C.UTF-8", "en_US.UTF-8"] {
        assert!(is_english(language), "{language}");
    }
    assert!(!is_english("de_DE.UTF-8"));
}
