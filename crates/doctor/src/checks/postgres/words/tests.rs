use super::*;
use crate::ground;
use crate::snapshot::{PostgresSetting, Probed};

#[test]
fn numbers_are_grouped_by_thousands() {
    let told: Vec<_> = [0, 999, 1_000, 12_345, 1_234_567].map(grouped).into();
    assert_eq!(told, ["0", "999", "1,000", "12,345", "1,234,567"]);
}

#[test]
fn sizes_have_the_unit_that_keeps_them_short() {
    let told: Vec<_> =
        [1, 999, 1_000, 9_949, 9_950, 999_499, 999_500, 412_000_000_000].map(size).into();
    let wanted =
        ["1 bytes", "999 bytes", "1.0 kB", "9.9 kB", "10 kB", "999 kB", "1.0 MB", "412 GB"];
    assert_eq!(told, wanted);
}

#[test]
fn spans_are_rounded_down() {
    let told: Vec<_> = [59, 119, 120, 7_199, 7_200, 172_799, 172_800].map(span).into();
    assert_eq!(told, ["59 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 d"]);
}

#[test]
fn names_are_quoted_where_they_have_to_be() {
    assert_eq!(quoted("app_1"), "app_1");
    assert_eq!(quoted("App \"x\""), "\"App \"\"x\"\"\"");
    assert_eq!(quoted("1a"), "\"1a\"");
}

#[test]
fn numbers_become_fractions_of_the_same_size() {
    let told: Vec<_> = [0, 7, u64::from(u32::MAX), 1 << 40].map(float).into();
    assert_eq!(told, [0.0, 7.0, 4_294_967_295.0, 1_099_511_627_776.0]);
}

#[test]
fn powers_of_1024_and_rough_numbers_have_the_unit_in_which_they_are_read() {
    let told = [1_023, 64 << 20, (3 << 30) / 2].map(binary);
    assert_eq!(told, ["1023 B", "64.0 MB", "1.5 GB"]);
    let told = [999_999, 3_190_000, 1_600_000_000].map(rough);
    assert_eq!(told, ["999999", "3.1 M", "1.60 G"]);
}

#[test]
fn what_is_named_cannot_end_its_quotes() {
    assert_eq!(within("a", "b\"c"), "\"a\".\"b\"\"c\"");
    assert_eq!(literal("it's"), "'it''s'");
}

#[test]
fn a_pace_needs_a_minute_and_says_when() {
    assert!(Pace::of(600, 59.9).is_none() && Pace::of(0, 60.0).is_none());
    let pace = Pace::of(600, 60.0).unwrap();
    assert_eq!((pace.per_second(), pace.time_for(120_000)), (10, 12_000));
}

#[test]
fn what_alter_system_has_set_is_set_again_and_what_a_file_says_counts_again() {
    let actions = |source: &str, is_altered| {
        let (name, setting) = ground::setting("autovacuum", "off");
        let setting = PostgresSetting { source: source.to_owned(), is_altered, ..setting };
        let settings = Probed::Seen([(name, setting)].into());
        let server = Postgres { settings, ..Postgres::default() };
        let actions = altered(&server, "autovacuum", "on");
        actions.first().map(|it| (it.run.clone(), it.undo.clone().unwrap_or_default()))
    };
    let told = |undo: &str| Some(("ALTER SYSTEM SET autovacuum = on".to_owned(), undo.to_owned()));
    let reset = told("ALTER SYSTEM RESET autovacuum");
    let again = told("ALTER SYSTEM SET autovacuum = off");
    assert_eq!(actions("configuration file", Some(true)), again);
    assert_eq!(actions("configuration file", Some(false)), reset);
    assert_eq!(actions("configuration file", None), again, "it may have");
    assert_eq!(actions("default", None), reset);
    assert_eq!(actions("command line", None), None, "it would have no effect");
    assert!(altered(&Postgres::default(), "autovacuum", "on").is_empty());
}
