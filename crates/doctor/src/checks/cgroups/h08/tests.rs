use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Cgroups, Groups, Host, Probed, Snapshot, Stall};

fn moment(at_ms: u64, periods: u64, throttled: u64, avg10: Option<u32>) -> Snapshot {
    let group = CpuGroup {
        path: "/shop/api".to_owned(),
        version: 2,
        quota_us: 50_000,
        period_us: 100_000,
        periods,
        throttled,
        throttled_us: throttled * 40_000,
        pressure: avg10.map(|avg10| Stall { avg10, avg60: 0 }),
    };
    let cpu = Probed::Seen(Groups { groups: vec![group], whole: false, left_out: 0 });
    let cgroups = Probed::Seen(Cgroups { cpu, ..Cgroups::default() });
    ground::moment(at_ms, Host { cgroups, ..ground::host() })
}

/// With many of both long before.
fn judged(periods: u64, throttled: u64, avg10: Option<u32>) -> Record {
    let before = moment(1, 9_000, 8_000, None);
    let after = moment(10_001, 9_000 + periods, 8_000 + throttled, avg10);
    let mut records = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!(records.len(), 1);
    records.remove(0)
}

#[test]
fn more_than_a_quarter_of_the_periods_is_a_fault() {
    assert_eq!(judged(100, 25, None).status, Status::Pass);
    let found = judged(100, 26, None);
    assert_eq!((found.status, found.severity), (Status::Fail, Severity::Warning));
    assert_eq!(found.target, "host /shop/api");
    assert_eq!(
        found.observed,
        "/shop/api was stopped in 26 of 100 periods, 26 %, with a quota of 0.50 processors"
    );
    let wanted =
        "echo \"100000 100000\" > /sys/fs/cgroup/shop/api/cpu.max (undo: \"50000 100000\")";
    assert!(found.fix.contains(wanted), "{}", found.fix);
    assert!(found.evidence[0].value.contains("stopped for 1040 ms in 10.0 s"));
}

#[test]
fn where_its_tasks_wait_five_percent_are_one_too() {
    assert_eq!(judged(100, 4, Some(5_000)).status, Status::Pass);
    assert_eq!(judged(100, 5, Some(1_001)).status, Status::Fail);
    assert_eq!(judged(100, 5, Some(1_000)).status, Status::Pass);
    assert_eq!(judged(100, 5, None).status, Status::Pass);
}

#[test]
fn a_total_is_no_fault_and_a_few_periods_are_none() {
    assert_eq!(judged(100, 0, None).status, Status::Pass);
    assert_eq!(judged(7, 7, None).status, Status::Pass);
    assert_eq!(judged(8, 8, None).status, Status::Fail);
    assert_eq!(judged(0, 0, Some(9_000)).status, Status::Pass);
}

#[test]
fn it_says_from_where_it_looks() {
    let told = judged(100, 0, None).observed;
    assert!(
        told.ends_with("1 control group with a quota of this container, which sees no others"),
        "{told}"
    );
}

#[test]
fn without_the_controller_it_is_not_fine() {
    let (before, mut after) = (moment(1, 1, 1, None), moment(2, 1, 1, None));
    ground::seen(&mut after.host.cgroups).cpu = Probed::Absent("controller".to_owned());
    let records = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!(records[0].status, Status::Skip);
}
