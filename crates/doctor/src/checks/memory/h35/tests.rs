use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Host, Memory, Pressures, Probed, Process, Runners, Snapshot, Stall};

fn moment(at_ms: u64, ran_ms: u64, waited_ms: u64, avg10: Option<u32>) -> Snapshot {
    let process = Process { pid: 812, name: "api".to_owned() };
    let (ran_ns, waited_ns) = (ran_ms * 1_000_000, waited_ms * 1_000_000);
    let processes = vec![Runner { process, ran_ns, waited_ns, threads: 4 }];
    let stall = |avg10| Stall { avg10, avg60: 0 };
    let cpu = avg10.map(|avg10| Pressure { some: stall(avg10), full: None });
    let cpu = cpu.map_or_else(|| Probed::Absent("/proc/pressure/cpu".to_owned()), Probed::Seen);
    let memory = Memory {
        runners: Probed::Seen(Runners { processes, left_out: 0 }),
        pressure: Pressures { cpu, ..Pressures::default() },
        ..Memory::default()
    };
    ground::moment(at_ms, Host { memory: Probed::Seen(memory), ..ground::host() })
}

/// In two seconds; it has waited for long before.
fn judged(ran_ms: u64, waited_ms: u64, avg10: Option<u32>) -> Record {
    let before = moment(1, 70_000, 90_000, avg10);
    let after = moment(2_001, 70_000 + ran_ms, 90_000 + waited_ms, avg10);
    let mut records = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!(records.len(), 1);
    records.remove(0)
}

#[test]
fn above_twenty_percent_of_the_time_that_it_could_run_it_is_a_fault() {
    assert_eq!(judged(800, 200, Some(2_000)).status, Status::Pass);
    let found = judged(799, 201, Some(2_000));
    assert_eq!((found.status, found.severity), (Status::Fail, Severity::Warning));
    assert_eq!(found.target, "host pid 812");
    assert_eq!(
        found.observed,
        "pid 812 \"api\" waited 201 ms for a processor and ran 799 ms in 2.0 s, 20 % of the time that it could run"
    );
    assert!(found.impact.contains("about 1.3 times"), "{}", found.impact);
}

#[test]
fn one_that_hardly_runs_and_a_calm_machine_are_none() {
    assert_eq!(judged(10, 199, Some(2_000)).status, Status::Pass);
    assert_eq!(judged(10, 200, Some(2_000)).status, Status::Fail);
    assert_eq!(judged(10, 900, Some(1_000)).status, Status::Pass);
    assert_eq!(judged(10, 900, Some(1_001)).status, Status::Fail);
}

#[test]
fn a_total_is_no_fault_and_without_pressure_it_is_not_sure() {
    assert_eq!(judged(900, 0, Some(9_000)).status, Status::Pass);
    assert_eq!(judged(900, 0, None).status, Status::Pass);
    let found = judged(100, 900, None);
    assert_eq!(found.status, Status::Skip);
    assert!(found.observed.contains("/proc/pressure/cpu"), "{}", found.observed);
}

#[test]
fn a_window_that_is_too_short_is_no_verdict() {
    let (before, after) = (moment(1, 0, 0, Some(9_000)), moment(901, 100, 800, Some(9_000)));
    let records = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!(records[0].status, Status::Skip);
    assert!(records[0].observed.contains("it is 0.90 s"), "{}", records[0].observed);
}

#[test]
fn of_many_the_five_that_waited_the_largest_part_are_told_and_those_left_out_are_not_fine() {
    let (before, mut after) = (moment(1, 0, 0, Some(9_000)), moment(2_001, 0, 0, Some(9_000)));
    let runners = ground::seen(&mut ground::seen(&mut after.host.memory).runners);
    let of = |pid: u32| Runner {
        process: Process { pid, name: "w".to_owned() },
        ran_ns: 100_000_000,
        waited_ns: u64::from(pid) * 1_000_000,
        threads: 1,
    };
    runners.processes = (901..908).map(of).collect();
    runners.left_out = 2;
    let found = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!((found.len(), &*found[0].target), (6, "host pid 907"));
    assert!(found[0].observed.ends_with("; 6 others wait, too"), "{}", found[0].observed);
    assert_eq!(found[5].status, Status::Skip);
}
