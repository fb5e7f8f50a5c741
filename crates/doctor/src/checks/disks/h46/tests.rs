use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Disks, Host, Probed, Snapshot, Space};

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}

fn mount(kind: &str, options: &str, features: &str) -> Mount {
    Mount {
        point: "/data".to_owned(),
        kind: kind.to_owned(),
        source: "/dev/sdb1".to_owned(),
        device: "8:17".to_owned(),
        options: list(options),
        features: list(features),
        space: Probed::Seen(Space::default()),
        ..Mount::default()
    }
}

fn moment(at_ms: u64, mounts: Vec<Mount>) -> Snapshot {
    let disks = Disks { mounts: Probed::Seen(mounts), ..Disks::default() };
    ground::moment(at_ms, Host { disks: Probed::Seen(disks), ..ground::host() })
}

fn judged(before: Vec<Mount>, after: Vec<Mount>) -> Vec<Record> {
    CHECK.judge(&Window { before: &moment(1, before), after: &moment(1_001, after) })
}

fn aspect(mount: Mount) -> Option<&'static str> {
    let records = judged(vec![mount.clone()], vec![mount]);
    (records[0].status == Status::Fail).then_some(records[0].aspect).flatten()
}

#[test]
fn what_refuses_writes_under_a_mount_that_takes_them_is_found_in_each_form() {
    assert_eq!(aspect(mount("ext4", "rw,relatime", "rw")), None);
    assert_eq!(aspect(mount("ext4", "rw,relatime", "rw,emergency_ro")), Some("emergency_ro"));
    assert_eq!(aspect(mount("ext4", "rw,relatime", "ro")), Some("read_only"));
    assert_eq!(aspect(mount("ext4", "rw", "rw,shutdown")), Some("shutdown"));
    let dead = |error| Mount { error: Some(error), ..mount("xfs", "rw", "rw") };
    assert_eq!(aspect(dead(EIO)), Some("shutdown"));
    assert_eq!(aspect(dead(13)), None, "it may not be entered, which is no fault of it");
}

#[test]
fn what_is_read_only_because_somebody_wanted_it_is_well() {
    assert_eq!(aspect(mount("ext4", "ro,relatime", "ro")), None);
    assert_eq!(aspect(mount("squashfs", "rw", "ro")), None);
    let bound = vec![mount("ext4", "ro", "ro"), mount("ext4", "rw", "ro")];
    assert_eq!(judged(bound.clone(), bound)[0].status, Status::Pass);
    let volume = vec![mount("ext4", "rw", "ro"), mount("ext4", "ro", "ro")];
    assert_eq!(judged(volume.clone(), volume)[0].status, Status::Fail, "a volume hides nothing");
}

#[test]
fn counted_errors_warn_and_are_critical_if_they_grow() {
    let with = |faults| vec![Mount { faults: Some(faults), ..mount("ext4", "rw", "rw") }];
    assert_eq!(judged(with(0), with(0))[0].status, Status::Pass);
    let old = &judged(with(3), with(3))[0];
    assert_eq!((old.severity, old.aspect), (Severity::Warning, Some("errors")));
    let new = &judged(with(3), with(5))[0];
    assert_eq!(new.severity, Severity::Critical);
    assert_eq!(
        new.observed,
        "ext4 has counted 5 errors in it since it was last checked, 2 of them just now"
    );
    assert_eq!(new.target, "host /data");
}

#[test]
fn a_local_one_that_does_not_answer_is_not_fine() {
    let silent = |kind: &str| {
        let space = Probed::Absent("answer of the file system /data in time".to_owned());
        vec![Mount { space, ..mount(kind, "rw", "rw") }]
    };
    assert_eq!(judged(silent("ext4"), silent("ext4"))[0].status, Status::Skip);
    let closed = |_| {
        let space = Probed::Denied("the right to read /data: run it as root".to_owned());
        vec![Mount { space, error: Some(13), ..mount("xfs", "rw", "rw") }]
    };
    assert_eq!(judged(closed(0), closed(1))[0].status, Status::Skip);
    assert_eq!(judged(silent("nfs4"), silent("nfs4"))[0].status, Status::Pass);
}
