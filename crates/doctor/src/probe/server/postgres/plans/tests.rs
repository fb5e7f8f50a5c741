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
    let seen = errors_in(TEXT, true, 0);
    assert_eq!(seen, PostgresPlanErrors { times_s: vec![1_796_067_667], ..Default::default() });
    let cut = errors_in(TEXT, false, 0);
    assert_eq!(cut.since_s, Some(1_796_067_667));
    assert_eq!(errors_in(TEXT, true, 3_600).times_s, [1_796_064_067]);
}

#[test]
fn other_forms_of_a_log_are_known() {
    let csv = "2026-11-30 19:41:07.502 UTC,\"app\",\"shop\",9020,\"127.0.0.1:40000\",6566,3,\"EXECUTE\",2026-11-30 19:40:50 UTC,3/7,0,ERROR,0A000,\"cached plan must not change result type\",,,,,,,,,\"\"";
    let json = "{\"timestamp\":\"2026-11-30 19:41:07.502 UTC\",\"error_severity\":\"ERROR\",\"state_code\":\"0A000\",\"message\":\"cached plan must not change result type\"}";
    let verbose =
        "2026-11-30 19:41:07 UTC [9] ERROR:  0A000: cached plan must not change result type";
    for line in [csv, json, verbose] {
        assert_eq!(errors_in(line, true, 0).times_s, [1_796_067_667], "{line}");
    }
    let bare = errors_in("[9] ERROR:  cached plan must not change result type", true, 0);
    assert_eq!((bare.times_s.len(), bare.timeless), (0, 1));
}

#[test]
fn days_are_counted_over_leap_years() {
    assert_eq!(days(1970, 1, 1), Some(0));
    assert_eq!(days(2000, 2, 29), Some(11_016));
    assert_eq!(days(2000, 3, 1), Some(11_017));
    assert_eq!(days(2026, 11, 30), Some(20_787));
    assert_eq!(days(2026, 13, 1), None);
    assert_eq!(days(1969, 12, 31), None);
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
