use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Deleted, Disks, Host, Probed, Process, Processes, Space};

const MIB: u64 = 1 << 20;

fn judged(bytes: u64, size: u64, unseen: u64) -> Vec<Record> {
    let held = vec![Held {
        process: Process { pid: 812, name: "api".to_owned() },
        device: "8:1".to_owned(),
        bytes,
        files: 2,
        largest: "/var/log/api.log".to_owned(),
    }];
    let space = Probed::Seen(Space { size, ..Space::default() });
    let mount =
        Mount { point: "/var".to_owned(), device: "8:1".to_owned(), space, ..Mount::default() };
    let deleted = Probed::Seen(Deleted { held, unseen });
    let host = Host {
        processes: Probed::Seen(Processes { deleted, ..Processes::default() }),
        disks: Probed::Seen(Disks { mounts: Probed::Seen(vec![mount]), ..Disks::default() }),
        ..ground::host()
    };
    let (before, after) = (ground::moment(1, host.clone()), ground::moment(1_001, host));
    CHECK.judge(&Window { before: &before, after: &after })
}

#[test]
fn five_percent_of_the_file_system_are_told_of() {
    assert_eq!(judged(50 * MIB - 1, 1_000 * MIB, 0)[0].status, Status::Pass);
    let record = &judged(50 * MIB, 1_000 * MIB, 0)[0];
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(record.target, "host /var pid 812");
    assert_eq!(record.observed, "pid 812 \"api\" holds 50.0 MiB in 2 deleted files, 5 % of /var");
}

#[test]
fn a_little_is_not_told_of_however_small_the_file_system() {
    assert_eq!(judged(16 * MIB - 1, 32 * MIB, 0)[0].status, Status::Pass);
    assert_eq!(judged(16 * MIB, 32 * MIB, 0)[0].status, Status::Fail);
}

#[test]
fn processes_that_could_not_be_looked_at_are_not_fine() {
    let records = judged(0, 1_000 * MIB, 7);
    assert_eq!(records[0].status, Status::Skip);
    assert!(records[0].observed.contains("root, to look at 7 processes"), "{records:?}");
}
