use std::collections::BTreeMap;

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Disks, Host, Probed, Snapshot};

fn moment(at_ms: u64, health: Health) -> Snapshot {
    let disks = Disks { health: Probed::Seen(health), ..Disks::default() };
    ground::moment(at_ms, Host { disks: Probed::Seen(disks), ..ground::host() })
}

fn judged(before: Health, after: Health) -> Vec<Record> {
    CHECK.judge(&Window { before: &moment(0, before), after: &moment(2_000, after) })
}

fn array(level: &str, disks: u64, missing: Option<u64>) -> Health {
    let array = Array {
        name: "md0".to_owned(),
        level: level.to_owned(),
        metadata: "1.2".to_owned(),
        state: "clean".to_owned(),
        disks,
        missing,
        action: "idle".to_owned(),
    };
    Health { arrays: vec![array], ..Health::default() }
}

fn drive(state: &str, is_hot: Option<bool>) -> Health {
    let drive = Drive { name: "nvme0".to_owned(), state: state.to_owned(), is_hot };
    Health { drives: vec![drive], ..Health::default() }
}

fn memory(corrected: u64, uncorrected: u64) -> Health {
    let (corrected, uncorrected) = (Some(corrected), Some(uncorrected));
    let controller = MemoryController { name: "mc0".to_owned(), corrected, uncorrected };
    Health { memory: vec![controller], ..Health::default() }
}

fn volume(corruption: u64, read: u64) -> Health {
    let errors = BTreeMap::from([
        ("corruption_errs".to_owned(), corruption),
        ("read_errs".to_owned(), read),
    ]);
    let (id, devices) = ("10e4".to_owned(), vec!["sdb".to_owned()]);
    Health { volumes: vec![Volume { id, disk: 1, devices, errors }], ..Health::default() }
}

#[test]
fn h31_an_array_is_critical_when_no_other_disk_may_fail() {
    let severity = |level, disks, missing| {
        let record = &judged(Health::default(), array(level, disks, Some(missing)))[0];
        (record.status == Status::Fail).then_some(record.severity)
    };
    assert_eq!(severity("raid1", 2, 0), None);
    assert_eq!(severity("raid1", 2, 1), Some(Severity::Critical));
    assert_eq!(severity("raid1", 3, 1), Some(Severity::Warning));
    assert_eq!(severity("raid5", 4, 1), Some(Severity::Critical));
    assert_eq!(severity("raid6", 6, 1), Some(Severity::Warning));
    assert_eq!(severity("raid6", 6, 2), Some(Severity::Critical));
    let record = judged(Health::default(), array("raid5", 4, Some(1))).remove(0);
    assert_eq!(record.observed, "raid5 md0 of 4 disks lacks 1; it is clean, nothing rebuilds it");
    assert_eq!(record.target, "host md0");
}

#[test]
fn h31_an_array_without_spares_is_told_of_when_it_is_broken() {
    let mut striped = array("raid0", 2, None);
    assert_eq!(judged(Health::default(), striped.clone())[0].status, Status::Pass);
    striped.arrays[0].state = "broken".to_owned();
    let record = judged(Health::default(), striped).remove(0);
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Critical));
}

#[test]
fn h31_an_array_that_did_not_start_is_critical_unless_it_is_a_container() {
    let of = |state: &str, metadata: &str, level: &str, disks| {
        let mut found = array(level, disks, None);
        found.arrays[0].state = state.to_owned();
        found.arrays[0].metadata = metadata.to_owned();
        judged(Health::default(), found).remove(0)
    };
    let record = of("inactive", "1.2", "raid5", 4);
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Critical));
    assert_eq!(record.observed, "raid5 md0 of 4 disks did not start: it is inactive");
    assert_eq!(of("inactive", "1.2", "", 0).observed, "array md0 did not start: it is inactive");
    assert_eq!(of("inactive", "external:imsm", "", 0).status, Status::Pass);
    assert_eq!(of("inactive", "external:/md127/0", "raid1", 2).status, Status::Fail);
    assert_eq!(of("clear", "none", "", 0).status, Status::Pass);
    assert_eq!(of("clear", "1.2", "raid1", 2).status, Status::Fail);
}

#[test]
fn h31_of_a_level_with_spares_it_has_to_be_known_what_it_lacks() {
    for level in ["raid1", "raid4", "raid5", "raid6", "raid10"] {
        assert_eq!(judged(Health::default(), array(level, 4, None))[0].status, Status::Skip);
    }
    for level in ["raid0", "linear"] {
        assert_eq!(judged(Health::default(), array(level, 4, None))[0].status, Status::Pass);
    }
}

#[test]
fn h31_a_disk_that_does_not_work_is_critical_and_one_that_is_reset_if_that_lasts() {
    let of = |before: &str, after: &str| {
        let record = judged(drive(before, None), drive(after, None)).remove(0);
        (record.status == Status::Fail).then_some(record.severity)
    };
    assert_eq!(of("live", "live"), None);
    assert_eq!(of("live", "dead"), Some(Severity::Critical));
    assert_eq!(of("running", "offline"), Some(Severity::Critical));
    assert_eq!(of("live", "resetting"), None);
    assert_eq!(of("resetting", "resetting"), Some(Severity::Warning));
    let hot = judged(drive("live", None), drive("live", Some(true))).remove(0);
    assert_eq!((hot.severity, hot.aspect), (Severity::Warning, Some("heat")));
    assert_eq!(judged(drive("live", None), drive("live", Some(false)))[0].status, Status::Pass);
}

#[test]
fn h31_errors_of_memory_are_judged_by_what_they_grew() {
    let of = |corrected: u64, uncorrected: u64| {
        let record = judged(memory(500, 7), memory(500 + corrected, 7 + uncorrected)).remove(0);
        (record.status == Status::Fail).then_some(record.severity)
    };
    assert_eq!(of(0, 0), None);
    assert_eq!(of(9, 0), Some(Severity::Info));
    assert_eq!(of(10, 0), Some(Severity::Warning));
    assert_eq!(of(0, 1), Some(Severity::Critical));
    assert_eq!(judged(Health::default(), memory(9, 9))[0].status, Status::Skip, "a total");
    let mut blind = memory(500, 7);
    blind.memory[0].uncorrected = None;
    assert_eq!(judged(memory(500, 7), blind)[0].status, Status::Skip);
}

#[test]
fn h31_one_new_error_of_btrfs_is_critical_and_old_ones_are_not_told_of() {
    assert_eq!(judged(volume(4, 2), volume(4, 2))[0].status, Status::Pass);
    let record = judged(volume(4, 2), volume(5, 4)).remove(0);
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Critical));
    assert_eq!(record.observed, "disk 1 of btrfs on sdb: 1 corruption_errs, 2 read_errs in 2.0 s");
    assert_eq!(judged(volume(4, 2), volume(0, 0))[0].status, Status::Skip, "set back");
}

#[test]
fn h31_where_nothing_tells_of_itself_it_is_out_of_place() {
    let record = judged(Health::default(), Health::default()).remove(0);
    assert_eq!(record.status, Status::NotApplicable);
    assert!(record.observed.starts_with("nothing here tells of itself"));
}
