use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Data, Disks, Host, Kind, Probed, Process, Processes, Snapshot};

fn device(name: &str, device: &str, disk: &str) -> Device {
    Device {
        name: name.to_owned(),
        device: device.to_owned(),
        disks: vec![disk.to_owned()],
        ..Device::default()
    }
}

fn moment(at_ms: u64, kind: Kind, disk: &Device) -> Snapshot {
    let folder = DataFolder {
        process: Process { pid: 812, name: "postgres".to_owned() },
        kind,
        folder: "/data".to_owned(),
        sign: "PG_VERSION".to_owned(),
        mount: None,
        log_device: Some("8:1".to_owned()),
    };
    let data = Probed::Seen(Data { folders: vec![folder], hidden: Vec::new() });
    let devices = vec![device("sda1", "8:1", "sda"), disk.clone()];
    let host = Host {
        processes: Probed::Seen(Processes { data, ..Processes::default() }),
        disks: Probed::Seen(Disks { devices: Probed::Seen(devices), ..Disks::default() }),
        ..ground::host()
    };
    ground::moment(at_ms, host)
}

fn judged(kind: Kind, rotates: bool, (count, took): (u64, u64)) -> Record {
    let disk = |flushes, ms| Device {
        flushes: Some(flushes),
        flush_ms: Some(ms),
        rotates: Some(rotates),
        ..device("sda", "8:0", "sda")
    };
    let before = moment(1, kind, &disk(1_000, 900_000));
    let after = moment(2_001, kind, &disk(1_000 + count, 900_000 + took));
    CHECK.judge(&Window { before: &before, after: &after }).remove(0)
}

#[test]
fn the_mean_over_the_window_counts_and_not_that_since_the_start() {
    let status = |seen| judged(Kind::Postgres, false, seen).status;
    assert_eq!(status((10, 99)), Status::Pass);
    assert_eq!(status((10, 100)), Status::Fail);
    assert_eq!(status((0, 0)), Status::Pass, "900 ms each, but long ago");
    assert_eq!(status((4, 4_000)), Status::Pass, "too few");
    assert_eq!(status((5, 5_000)), Status::Fail);
}

#[test]
fn a_disk_that_turns_may_take_longer_unless_it_is_for_etcd() {
    let status = |kind, took| judged(kind, true, (10, took)).status;
    assert_eq!(status(Kind::Postgres, 499), Status::Pass);
    assert_eq!(status(Kind::Postgres, 500), Status::Fail);
    assert_eq!(status(Kind::Etcd, 100), Status::Fail);
    assert_eq!(status(Kind::Etcd, 99), Status::Pass);
}

#[test]
fn what_is_found_names_the_disk_and_who_waits() {
    let record = judged(Kind::Postgres, false, (20, 500));
    assert_eq!(
        (record.severity, record.target.as_str()),
        (Severity::Warning, "host sda of pid 812")
    );
    assert_eq!(
        record.observed,
        "a flush of sda takes 25 ms on the mean (20 in 2.0 s), and pid 812 \"postgres\" waits for it"
    );
}

#[test]
fn a_kernel_that_does_not_count_flushes_is_not_fine() {
    let old = device("sda", "8:0", "sda");
    let (before, after) = (moment(1, Kind::Redis, &old), moment(2_001, Kind::Redis, &old));
    let record = &CHECK.judge(&Window { before: &before, after: &after })[0];
    assert_eq!(record.status, Status::Skip);
    assert!(record.observed.contains("counter flushes of sda"), "{}", record.observed);
}
