use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Disks, Host, Probed, Snapshot};

const GIB: u64 = 1 << 30;

fn space(size: u64, available: u64) -> Space {
    Space { size, free: available, available, inodes: 1_000, inodes_free: 900 }
}

fn mount(space: Probed<Space>) -> Mount {
    Mount {
        point: "/data".to_owned(),
        kind: "ext4".to_owned(),
        source: "/dev/sdb1".to_owned(),
        device: "8:17".to_owned(),
        options: vec!["rw".to_owned()],
        features: vec!["rw".to_owned()],
        space,
        ..Mount::default()
    }
}

fn moment(at_ms: u64, mounts: Vec<Mount>) -> Snapshot {
    let disks = Disks { mounts: Probed::Seen(mounts), ..Disks::default() };
    ground::moment(at_ms, Host { disks: Probed::Seen(disks), ..ground::host() })
}

fn judged(space: Space) -> Vec<Record> {
    let of = |at_ms| moment(at_ms, vec![mount(Probed::Seen(space))]);
    CHECK.judge(&Window { before: &of(1), after: &of(1_001) })
}

fn severity(records: &[Record]) -> Option<Severity> {
    (records[0].status == Status::Fail).then(|| records[0].severity)
}

#[test]
fn below_five_percent_warns_and_below_three_is_critical() {
    let of = |available| severity(&judged(space(1_000 * GIB, available)));
    assert_eq!(of(50 * GIB), None);
    assert_eq!(of(50 * GIB - 1), Some(Severity::Warning));
    assert_eq!(of(30 * GIB), Some(Severity::Warning));
    assert_eq!(of(30 * GIB - 1), Some(Severity::Critical));
}

#[test]
fn ten_gib_are_little_unless_they_are_a_tenth() {
    let of = |size, available| severity(&judged(space(size, available)));
    assert_eq!(of(150 * GIB, 10 * GIB), None);
    assert_eq!(of(150 * GIB, 10 * GIB - 1), Some(Severity::Warning));
    assert_eq!(of(20 * GIB, 2 * GIB), None, "a small disk of which a tenth is left");
    assert_eq!(of(20 * GIB, 2 * GIB - 1), Some(Severity::Warning));
    assert_eq!(of(20_480 * GIB, 4_096 * GIB), None, "four fifths of a large one are taken");
}

#[test]
fn inodes_are_a_face_of_their_own_and_none_is_no_limit() {
    let of = |inodes, inodes_free| judged(Space { inodes, inodes_free, ..space(GIB, GIB) });
    assert_eq!(severity(&of(1_000, 50)), None);
    let records = of(1_000, 49);
    assert_eq!((severity(&records), records[0].aspect), (Some(Severity::Warning), Some("inodes")));
    assert_eq!(severity(&of(1_000, 29)), Some(Severity::Critical));
    assert_eq!(severity(&of(0, 0)), None);
}

#[test]
fn what_is_found_says_how_much_is_left_and_what_root_has() {
    let full = Space { free: 60 * GIB, ..space(1_000 * GIB, 10 * GIB) };
    let record = &judged(full)[0];
    assert_eq!(record.target, "host /data");
    assert_eq!(record.observed, "10.0 GiB of 1000.0 GiB left, 1 %; 50.0 GiB more for root alone");
}

#[test]
fn when_it_is_full_is_told_from_a_minute_on_and_for_a_day() {
    let of = |seconds: u64, before, after| {
        let look = |at_ms, left| moment(at_ms, vec![mount(Probed::Seen(space(100 * GIB, left)))]);
        CHECK.judge(&Window { before: &look(1, before), after: &look(1 + seconds * 1_000, after) })
    };
    // A GiB an hour: 23 left are less than a day.
    let filling = of(3_600, 24 * GIB, 23 * GIB);
    assert_eq!((severity(&filling), filling[0].aspect), (Some(Severity::Warning), Some("filling")));
    assert_eq!(
        filling[0].observed,
        "23.0 GiB left, and 1.0 GiB less than 3600 s ago: full in 23.0 h"
    );
    assert_eq!(filling[0].confidence, Confidence::High);
    assert_eq!(severity(&of(3_600, 25 * GIB, 24 * GIB)), None, "a day");
    assert_eq!(severity(&of(59, 24 * GIB, 23 * GIB)), None, "too short a time");
    assert_eq!(of(60, 24 * GIB, 23 * GIB)[0].confidence, Confidence::Low);
    assert_eq!(severity(&of(3_600, 44 * GIB, 40 * GIB)), None, "much is left");
    assert_eq!(severity(&of(3_600, 23 * GIB, 24 * GIB)), None, "it empties");
    assert_eq!(severity(&of(3_600, 23 * GIB, 23 * GIB)), None, "nothing is written");
}

#[test]
fn one_that_does_not_answer_is_not_fine_and_one_that_is_read_only_is_none() {
    let window = |mounts: Vec<Mount>| {
        let (before, after) = (moment(1, mounts.clone()), moment(1_001, mounts));
        CHECK.judge(&Window { before: &before, after: &after })
    };
    let silent =
        mount(Probed::Absent("answer of the network file system /data in time".to_owned()));
    assert_eq!(window(vec![silent])[0].status, Status::Skip);
    let full = mount(Probed::Seen(space(GIB, 0)));
    let read_only = Mount { options: vec!["ro".to_owned()], ..full.clone() };
    assert_eq!(window(vec![read_only])[0].status, Status::Pass);
    assert_eq!(window(vec![full.clone(), full]).len(), 1, "it is mounted twice");
}
