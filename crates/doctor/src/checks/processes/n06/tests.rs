use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Host, Probed, Process, Processes};

fn process(name: &str) -> Process {
    Process { pid: 812, name: name.to_owned() }
}

fn ended(count: u64) -> Tasks {
    Tasks { parents: vec![Brood { parent: process("app"), ended: count }], ..Tasks::default() }
}

fn waiting(switches: Option<u64>) -> Tasks {
    let place = Some("io_schedule".to_owned());
    let blocked = vec![Blocked { process: process("dd"), thread: 813, switches, place }];
    Tasks { blocked, ..Tasks::default() }
}

fn judged(seconds: u64, before: Tasks, after: Tasks) -> Vec<Record> {
    let moment = |at_ms, tasks| {
        let processes = Processes { tasks: Probed::Seen(tasks), ..Processes::default() };
        ground::moment(at_ms, Host { processes: Probed::Seen(processes), ..ground::host() })
    };
    let (before, after) = (moment(1, before), moment(1 + seconds * 1_000, after));
    CHECK.judge(&Window { before: &before, after: &after })
}

fn found(records: &[Record]) -> Option<(Severity, &'static str)> {
    (records[0].status == Status::Fail).then(|| (records[0].severity, records[0].aspect.unwrap()))
}

#[test]
fn more_than_a_hundred_ended_children_are_a_fault_and_so_are_ten_more_in_a_minute() {
    let warned = Some((Severity::Warning, "ended"));
    assert_eq!(found(&judged(1, ended(100), ended(100))), None);
    assert_eq!(found(&judged(1, ended(101), ended(101))), warned);
    assert_eq!(found(&judged(60, ended(1), ended(11))), warned);
    assert_eq!(found(&judged(60, ended(1), ended(10))), None);
    assert_eq!(found(&judged(59, ended(1), ended(11))), None, "too short a time");
    let record = &judged(60, ended(100), ended(130))[0];
    assert_eq!(record.target, "host pid 812");
    assert_eq!(
        record.observed,
        "130 children of pid 812 \"app\" have ended and it has not asked after them, 30 more in 60 s"
    );
}

#[test]
fn a_wait_without_a_break_is_told_of_after_a_second_and_warns_after_thirty() {
    let of = |seconds| found(&judged(seconds, waiting(Some(7)), waiting(Some(7))));
    assert_eq!(of(1), Some((Severity::Info, "blocked")));
    assert_eq!(of(29), Some((Severity::Info, "blocked")));
    assert_eq!(of(30), Some((Severity::Warning, "blocked")));
    let record = &judged(30, waiting(Some(7)), waiting(Some(7)))[0];
    assert_eq!(record.target, "host pid 812 thread 813");
    assert_eq!(
        record.observed,
        "pid 812 \"dd\" has waited in the kernel in io_schedule for all of 30.0 s"
    );
}

#[test]
fn one_that_has_run_meanwhile_or_was_not_there_or_cannot_be_told_is_none() {
    assert_eq!(found(&judged(30, waiting(Some(7)), waiting(Some(8)))), None);
    assert_eq!(found(&judged(30, Tasks::default(), waiting(Some(7)))), None);
    assert_eq!(found(&judged(30, waiting(None), waiting(None))), None);
}

#[test]
fn hung_tasks_count_by_what_they_grew() {
    let hung = |hung| Tasks { hung: Some(hung), ..Tasks::default() };
    assert_eq!(found(&judged(1, hung(40), hung(40))), None);
    assert_eq!(found(&judged(1, hung(40), hung(42))), Some((Severity::Warning, "hung")));
}

#[test]
fn processes_that_may_not_be_seen_are_not_fine() {
    let hidden = Tasks { unseen: 1, ..Tasks::default() };
    let records = judged(1, hidden.clone(), hidden);
    assert_eq!(records[0].status, Status::Skip);
    assert!(records[0].observed.contains("root"), "{}", records[0].observed);
}
