use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Host, Memory, Pressure, Pressures, Probed, Snapshot, Stall};

fn moment(at_ms: u64, pages: u64, avg10: Option<u32>) -> Snapshot {
    let some = avg10.map(|avg10| Stall { avg10, avg60: 0 });
    let seen = some.map(|some| Probed::Seen(Pressure { some, full: None }));
    let absent = || Probed::Absent("/proc/pressure/memory".to_owned());
    let memory = Memory {
        vmstat: Probed::Seen([("pswpin".to_owned(), pages)].into()),
        pressure: Pressures { memory: seen.unwrap_or_else(absent), ..Pressures::default() },
        ..Memory::default()
    };
    ground::moment(at_ms, Host { memory: Probed::Seen(memory), ..ground::host() })
}

fn judged(ms: u64, pages: u64, avg10: Option<u32>) -> Record {
    let (before, after) = (moment(1, 90_000, avg10), moment(1 + ms, 90_000 + pages, avg10));
    CHECK.judge(&Window { before: &before, after: &after }).remove(0)
}

#[test]
fn more_than_a_hundred_pages_a_second_are_a_fault_where_tasks_wait() {
    assert_eq!(judged(4_000, 400, Some(600)).status, Status::Pass);
    let found = judged(4_000, 404, Some(600));
    assert_eq!((found.status, found.severity), (Status::Fail, Severity::Warning));
    assert_eq!(
        found.observed,
        "101 pages a second came back from swap in 4.0 s, and a task waited for memory for 6.0 % of the last 10 s"
    );
    assert_eq!(judged(4_000, 404, Some(500)).status, Status::Pass);
    assert_eq!(judged(4_000, 404, Some(501)).status, Status::Fail);
}

#[test]
fn a_short_window_has_to_bring_as_many_as_one_of_two_seconds() {
    assert_eq!(judged(1_000, 200, Some(9_000)).status, Status::Pass);
    assert_eq!(judged(1_000, 201, Some(9_000)).status, Status::Fail);
}

#[test]
fn a_total_is_no_fault_and_without_pressure_it_is_not_sure() {
    assert_eq!(judged(2_000, 0, Some(9_000)).status, Status::Pass);
    assert_eq!(judged(2_000, 0, None).status, Status::Pass);
    assert_eq!(judged(2_000, 9_000, None).status, Status::Skip);
}

#[test]
fn a_counter_that_is_not_there_is_not_zero() {
    let (before, mut after) = (moment(1, 0, Some(0)), moment(2_001, 0, Some(0)));
    ground::seen(&mut after.host.memory).vmstat = Probed::Seen([].into());
    assert_eq!(CHECK.judge(&Window { before: &before, after: &after })[0].status, Status::Skip);
}
