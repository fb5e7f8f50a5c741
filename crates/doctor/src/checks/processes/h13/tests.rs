use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Counts, Host, Probed, Processes};

const fn of(used: u64) -> Use {
    Use { used, most: 1_000 }
}

fn judged(counts: Counts) -> Vec<Record> {
    let counts = Probed::Seen(counts);
    let processes = Probed::Seen(Processes { counts, ..Processes::default() });
    let host = Host { processes, ..ground::host() };
    let (before, after) = (ground::moment(1, host.clone()), ground::moment(1_001, host));
    CHECK.judge(&Window { before: &before, after: &after })
}

fn counts(threads: u64, numbers: u64, group: u64) -> Counts {
    let group = GroupCount { group: "/system.slice/api.service".to_owned(), tasks: of(group) };
    Counts {
        threads: Probed::Seen(of(threads)),
        numbers: Probed::Seen(of(numbers)),
        groups: Probed::Seen(vec![group]),
    }
}

fn found(counts: Counts) -> Option<(Severity, &'static str)> {
    let records = judged(counts);
    (records[0].status == Status::Fail).then(|| (records[0].severity, records[0].aspect.unwrap()))
}

#[test]
fn seventy_percent_are_a_warning_and_ninety_critical_of_each() {
    assert_eq!(found(counts(699, 699, 699)), None);
    assert_eq!(found(counts(700, 1, 1)), Some((Severity::Warning, "threads")));
    assert_eq!(found(counts(1, 700, 1)), Some((Severity::Warning, "numbers")));
    assert_eq!(found(counts(1, 1, 700)), Some((Severity::Warning, "group")));
    assert_eq!(found(counts(1, 1, 899)), Some((Severity::Warning, "group")));
    assert_eq!(found(counts(1, 1, 900)), Some((Severity::Critical, "group")));
}

#[test]
fn what_is_found_names_the_group_and_how_its_service_may_have_more() {
    let record = &judged(counts(1, 1, 950))[0];
    assert_eq!(record.target, "host group /system.slice/api.service");
    assert_eq!(record.observed, "950 of 1000 tasks, 95 %, are taken in /system.slice/api.service");
    assert!(record.impact.starts_with("after 50 more"), "{}", record.impact);
    assert!(
        record.fix.contains("set-property --runtime api.service TasksMax=2000, until it is started anew; for good in its unit (undo: 1000)"),
        "{}",
        record.fix
    );
}

#[test]
fn a_machine_without_groups_is_well_and_one_whose_limits_are_not_seen_is_not() {
    let mut without = counts(1, 1, 1);
    without.groups = Probed::Absent("control groups".to_owned());
    assert_eq!(judged(without.clone())[0].status, Status::Pass);
    without.numbers = Probed::Absent("/proc/sys/kernel/pid_max".to_owned());
    assert_eq!(judged(without)[0].status, Status::Skip);
}
