use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Data, Disks, Host, Probed, Process, Processes, Snapshot};

/// The number of its device, what it is, and its process.
type Folder = (&'static str, Kind, u32);

fn folder((device, kind, pid): Folder) -> DataFolder {
    DataFolder {
        process: Process { pid, name: format!("{kind:?}").to_lowercase() },
        kind,
        folder: format!("/data/{pid}"),
        sign: "PG_VERSION".to_owned(),
        mount: None,
        log_device: Some(device.to_owned()),
    }
}

fn device(name: &str, device: &str, disk: &str) -> Device {
    Device {
        name: name.to_owned(),
        device: device.to_owned(),
        disks: vec![disk.to_owned()],
        ..Device::default()
    }
}

/// Two partitions of one disk, and another disk, each with so many flushes of so many ms since the start.
fn moment(at_ms: u64, folders: &[Folder], rotates: bool, flushes: (u64, u64)) -> Snapshot {
    let disk = |name, number| Device {
        flushes: Some(flushes.0),
        flush_ms: Some(flushes.1),
        rotates: Some(rotates),
        ..device(name, number, name)
    };
    let devices = vec![
        device("sda1", "8:1", "sda"),
        device("sda2", "8:2", "sda"),
        disk("sda", "8:0"),
        disk("sdb", "8:16"),
    ];
    let folders = folders.iter().copied().map(folder).collect();
    let data = Probed::Seen(Data { folders, hidden: Vec::new() });
    let host = Host {
        processes: Probed::Seen(Processes { data, ..Processes::default() }),
        disks: Probed::Seen(Disks { devices: Probed::Seen(devices), ..Disks::default() }),
        ..ground::host()
    };
    ground::moment(at_ms, host)
}

fn judged(folders: &[Folder], rotates: bool, (count, took): (u64, u64)) -> Record {
    let before = moment(1, folders, rotates, (1_000, 900_000));
    let after = moment(2_001, folders, rotates, (1_000 + count, 900_000 + took));
    CHECK.judge(&Window { before: &before, after: &after }).remove(0)
}

const POSTGRES: Folder = ("8:1", Kind::Postgres, 812);
const REDIS: Folder = ("8:2", Kind::Redis, 813);

#[test]
fn two_on_partitions_of_one_disk_wait_for_each_other_once_it_is_slow() {
    let status = |seen| judged(&[POSTGRES, REDIS], false, seen).status;
    assert_eq!(status((10, 99)), Status::Pass);
    assert_eq!(status((10, 100)), Status::Fail);
    assert_eq!(status((0, 0)), Status::Pass, "900 ms each, but long ago");
    assert_eq!(status((4, 4_000)), Status::Pass, "too few");
    let record = judged(&[POSTGRES, REDIS], false, (20, 500));
    assert_eq!(record.target, "boundary disk sda");
    assert_eq!(
        record.observed,
        "pid 812 \"postgres\" and pid 813 \"redis\" wait for sda, whose flush takes 25 ms on the mean (20 flushes, 500 ms in 2.0 s)"
    );
    assert_eq!(record.evidence.len(), 3);
}

#[test]
fn one_server_or_two_disks_are_another_matter() {
    let other = ("8:16", Kind::Redis, 813);
    assert_eq!(judged(&[POSTGRES, other], false, (10, 9_000)).status, Status::Pass);
    assert_eq!(judged(&[POSTGRES], false, (10, 9_000)).status, Status::NotApplicable);
}

#[test]
fn a_disk_that_turns_may_take_longer_unless_etcd_waits_for_it_too() {
    let status = |second, took| judged(&[POSTGRES, second], true, (10, took)).status;
    assert_eq!(status(REDIS, 499), Status::Pass);
    assert_eq!(status(REDIS, 500), Status::Fail);
    assert_eq!(status(("8:2", Kind::Etcd, 9), 100), Status::Fail);
}

#[test]
fn who_may_not_be_seen_into_is_not_fine() {
    let moment = |at_ms| {
        let mut moment = moment(at_ms, &[POSTGRES], false, (1, 1));
        let processes = ground::seen(&mut moment.host.processes);
        ground::seen(&mut processes.data).hidden =
            vec![Process { pid: 7, name: "redis".to_owned() }];
        moment
    };
    let record = &CHECK.judge(&Window { before: &moment(1), after: &moment(2_001) })[0];
    assert_eq!(record.status, Status::Skip);
    assert!(record.observed.contains("root"), "{}", record.observed);
}
