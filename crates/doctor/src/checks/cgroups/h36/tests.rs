use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Cgroups, Groups, Host, Probed, Snapshot};

fn moment(at_ms: u64, used: u64, faults: Option<u64>, refaults: Option<u64>) -> Snapshot {
    let parts =
        MemoryParts { file: 40 << 20, major_faults: faults, refaults, ..MemoryParts::default() };
    let group = MemoryGroup {
        path: "/shop".to_owned(),
        version: 1,
        limit_bytes: Some(100 << 20),
        used_bytes: Some(used << 20),
        parts: Some(parts),
        ..MemoryGroup::default()
    };
    let memory = Probed::Seen(Groups { groups: vec![group], whole: true, left_out: 0 });
    let cgroups = Probed::Seen(Cgroups { memory, ..Cgroups::default() });
    ground::moment(at_ms, Host { cgroups, ..ground::host() })
}

/// In two seconds.
fn judged(used: u64, faults: u64, refaults: u64) -> Record {
    let before = moment(1, used, Some(90_000), Some(90_000));
    let after = moment(2_001, used, Some(90_000 + faults), Some(90_000 + refaults));
    let mut records = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!(records.len(), 1);
    records.remove(0)
}

#[test]
fn more_than_five_hundred_in_a_second_at_the_limit_are_a_fault() {
    assert_eq!(judged(90, 1_000, 9_000).status, Status::Pass);
    let found = judged(90, 1_002, 9_000);
    assert_eq!((found.status, found.severity), (Status::Fail, Severity::Warning));
    assert_eq!(
        found.observed,
        "/shop has 501 major faults a second at 90 MiB of 100 MiB, 40 MiB of it page cache; 9000 pages came back in 2.0 s"
    );
    let wanted = "/sys/fs/cgroup/memory/shop/memory.limit_in_bytes (undo: 104857600)";
    assert!(found.fix.contains(wanted), "{}", found.fix);
}

#[test]
fn a_group_with_room_a_start_and_a_total_are_none() {
    assert_eq!(judged(89, 5_000, 5_000).status, Status::Pass);
    assert_eq!(judged(99, 5_000, 1_000).status, Status::Pass, "nothing comes back at a start");
    assert_eq!(judged(99, 0, 0).status, Status::Pass);
}

#[test]
fn what_the_kernel_does_not_count_is_not_fine() {
    let (before, after) = (moment(1, 99, None, None), moment(2_001, 99, None, None));
    let records = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!(records[0].status, Status::Skip);
}
