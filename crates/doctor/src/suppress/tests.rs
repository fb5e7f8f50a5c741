use super::*;
use crate::ground;
use crate::record::Severity;

const FILE: &str = r#"
[[suppress]]
check = "H14"
target = "host 127.0.0.1:80"
reason = "the old gateway, gone in January"
until = 2027-01-31

[[suppress]]
check = "P01/synchronous_commit"
reason = "a staging database"
until = 2027-06-01
"#;

/// The first millisecond of a day.
fn at(year: i64, month: i64, day: i64) -> u64 {
    u64::try_from(day_of(year, month, day)).unwrap() * 86_400_000
}

fn found(id: &'static str, target: &str, aspect: Option<&'static str>) -> Record {
    let record = ground::record(id, Status::Fail, Severity::Critical);
    Record { target: target.to_owned(), aspect, ..record }
}

#[test]
fn what_is_let_be_is_so_there_alone_and_to_the_end_of_its_last_day() {
    let all = Suppressions::parse(FILE).unwrap();
    let left = |target: &str, at_ms: u64| {
        let mut records = vec![found("H14", target, None)];
        let taken = all.take_from(&mut records, at_ms);
        assert_eq!(records.len() + taken.len(), 1);
        records.len()
    };
    assert_eq!(left("host 127.0.0.1:80", at(2026, 11, 30)), 0);
    assert_eq!(left("host 127.0.0.1:81", at(2026, 11, 30)), 1);
    assert_eq!(left("host 127.0.0.1:80", at(2027, 2, 1) - 1), 0);
    assert_eq!(left("host 127.0.0.1:80", at(2027, 2, 1)), 1);
    assert_eq!(all.over(at(2027, 2, 1)).map(|it| it.check.as_str()).collect::<Vec<_>>(), ["H14"]);
}

#[test]
fn one_face_that_is_let_be_leaves_the_others() {
    let all = Suppressions::parse(FILE).unwrap();
    let mut records = vec![
        found("P01", "postgres :5432", None),
        found("P01", "postgres :5432", Some("synchronous_commit")),
    ];
    let taken = all.take_from(&mut records, at(2026, 11, 30));
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].by.reason, "a staging database");
    assert_eq!(records[0].aspect, None);
}

#[test]
fn nothing_is_let_be_without_a_reason_an_end_and_a_check_that_is_one() {
    let wrong = |text: &str, words: &str| {
        let error = Suppressions::parse(text).unwrap_err();
        assert!(error.contains(words), "{error}");
    };
    wrong("[[suppress]]\ncheck = \"H14\"\nreason = \" \"\nuntil = 2027-01-31", "reason is empty");
    wrong("[[suppress]]\ncheck = \"H14\"\nreason = \"x\"", "until");
    wrong("[[suppress]]\ncheck = \"H14\"\nreason = \"x\"\nuntil = 10:00:00", "until is a day");
    wrong("[[suppress]]\ncheck = \"H999\"\nreason = \"x\"\nuntil = 2027-01-31", "no such check");
    wrong("[[supress]]\ncheck = \"H14\"", "supress");
}

#[test]
fn what_took_nothing_is_told_if_its_check_was_looked_at() {
    let all = Suppressions::parse(FILE).unwrap();
    let idle = |mut records: Vec<Record>| {
        let taken = all.take_from(&mut records, at(2026, 11, 30));
        let idle = all.idle(&taken, &records, at(2026, 11, 30));
        idle.map(|it| it.check.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        idle(vec![found("H14", "host 127.0.0.1:80", None)]),
        [""; 0],
        "P01 was not looked at"
    );
    assert_eq!(idle(vec![found("H14", "host 127.0.0.1:81", None)]), ["H14"]);
    let passed = |id| Record { status: Status::Pass, ..found(id, "host", None) };
    assert_eq!(idle(vec![passed("P01")]), ["P01/synchronous_commit"]);
    let blind = Record { status: Status::Skip, ..passed("P01") };
    assert_eq!(idle(vec![blind, passed("P01")]), [""; 0], "it may be there");
    let elsewhere = Record { target: "postgres :5433".to_owned(), ..found("H14", "", None) };
    assert_eq!(idle(vec![elsewhere]), [""; 0], "it names another place, which was not looked at");
}

#[test]
fn two_entries_for_the_same_have_both_taken_it() {
    let entry = "[[suppress]]\ncheck = \"H14\"\nreason = \"a\"\nuntil = 2027-01-31\n";
    let all = Suppressions::parse(&format!("{FILE}{entry}")).unwrap();
    let mut records =
        vec![found("H14", "host 127.0.0.1:80", None), found("P16", "postgres :1", None)];
    let taken = all.take_from(&mut records, at(2026, 11, 30));
    assert_eq!(all.idle(&taken, &records, at(2026, 11, 30)).count(), 0);
}
