use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Host, Probed, Process, Processes};

fn judged(open: u64, limit: u64, unseen: u64) -> Vec<Record> {
    let process = Process { pid: 812, name: "api".to_owned() };
    let processes = vec![Holder { process, open, limit, hard: Some(4_096) }];
    let descriptors = Probed::Seen(Descriptors { processes, most: 1, unseen });
    let processes = Processes { descriptors, ..Processes::default() };
    let host = Host { processes: Probed::Seen(processes), ..ground::host() };
    let (before, after) = (ground::moment(1, host.clone()), ground::moment(1_001, host));
    CHECK.judge(&Window { before: &before, after: &after })
}

#[test]
fn seventy_percent_are_a_warning_and_ninety_critical() {
    let severity = |open| {
        let records = judged(open, 1_000, 0);
        (records[0].status == Status::Fail).then(|| records[0].severity)
    };
    assert_eq!(severity(699), None);
    assert_eq!(severity(700), Some(Severity::Warning));
    assert_eq!(severity(899), Some(Severity::Warning));
    assert_eq!(severity(900), Some(Severity::Critical));
}

#[test]
fn what_is_found_names_the_process_and_both_numbers() {
    let record = &judged(972, 1_024, 0)[0];
    assert_eq!(record.target, "host pid 812");
    assert_eq!(record.observed, "pid 812 \"api\" holds 972 of 1024 descriptors, 94 %");
    assert!(record.impact.starts_with("after 52 more"), "{}", record.impact);
    assert!(record.fix.contains("--nofile=2048:4096 (undo: 1024:4096)"), "{}", record.fix);
}

#[test]
fn processes_that_could_not_be_looked_at_are_not_fine() {
    let records = judged(1, 1_000, 7);
    assert_eq!((records.len(), records[0].status), (1, Status::Skip));
    assert!(records[0].observed.contains("7 processes"), "{}", records[0].observed);
    let both = judged(950, 1_000, 7);
    assert_eq!([both[0].status, both[1].status], [Status::Fail, Status::Skip]);
}

#[test]
fn a_process_that_may_have_none_divides_by_nothing() {
    assert_eq!(judged(3, 0, 0)[0].status, Status::Pass);
}
