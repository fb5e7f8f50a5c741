use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Disks, Host, Probed};

fn judged(kind: &str, features: &str) -> Vec<Record> {
    let mount = Mount {
        point: "/data".to_owned(),
        kind: kind.to_owned(),
        source: "/dev/sdb1".to_owned(),
        features: features.split(',').map(str::to_owned).collect(),
        ..Mount::default()
    };
    let disks = Disks { mounts: Probed::Seen(vec![mount]), ..Disks::default() };
    let host = Host { disks: Probed::Seen(disks), ..ground::host() };
    let (before, after) = (ground::moment(1, host.clone()), ground::moment(1_001, host));
    CHECK.judge(&Window { before: &before, after: &after })
}

fn aspects(features: &str) -> Vec<&'static str> {
    judged("ext4", features).iter().filter_map(|it| it.aspect).collect()
}

#[test]
fn each_option_is_a_face_of_its_own() {
    assert!(aspects("rw,data=ordered,barrier=1").is_empty());
    assert_eq!(aspects("rw,nobarrier"), ["barrier"]);
    assert_eq!(aspects("rw,barrier=0"), ["barrier"]);
    assert_eq!(aspects("rw,data=writeback"), ["data"]);
    assert_eq!(aspects("rw,nobarrier,data=writeback"), ["barrier", "data"]);
    assert!(aspects("ro,nobarrier").is_empty(), "nothing is written to it");
}

#[test]
fn what_is_found_names_the_option() {
    let record = &judged("ext4", "rw,nobarrier")[0];
    assert_eq!((record.severity, record.target.as_str()), (Severity::Warning, "host /data"));
    assert_eq!(record.observed, "ext4 on /dev/sdb1 is mounted with nobarrier");
}

#[test]
fn where_there_is_no_ext4_it_is_out_of_place_and_where_mounts_are_not_seen_it_is_not_fine() {
    assert_eq!(judged("xfs", "rw")[0].status, Status::NotApplicable);
    let disks = Disks { mounts: Probed::Absent("mountinfo".to_owned()), ..Disks::default() };
    let host = Host { disks: Probed::Seen(disks), ..ground::host() };
    let (before, after) = (ground::moment(1, host.clone()), ground::moment(1_001, host));
    let records = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!(records[0].status, Status::Skip);
}
