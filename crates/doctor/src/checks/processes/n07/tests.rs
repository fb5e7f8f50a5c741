use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Host, Probed, Process, Processes};

fn judged(files: Probed<Use>, inotify: Probed<Inotify>) -> Vec<Record> {
    let processes = Processes { files, inotify, ..Processes::default() };
    let host = Host { processes: Probed::Seen(processes), ..ground::host() };
    let (before, after) = (ground::moment(1, host.clone()), ground::moment(1_001, host));
    CHECK.judge(&Window { before: &before, after: &after })
}

fn inotify(instances: u64, watches: u64) -> Probed<Inotify> {
    let largest = Process { pid: 812, name: "kubelet".to_owned() };
    let users = vec![InotifyUser { uid: 0, instances, watches, largest }];
    Probed::Seen(Inotify { users, instances_max: 100, watches_max: 8_000, unseen: 0 })
}

const fn files(used: u64) -> Probed<Use> {
    Probed::Seen(Use { used, most: 1_000 })
}

fn found(records: &[Record]) -> Option<(Severity, &'static str)> {
    (records[0].status == Status::Fail).then(|| (records[0].severity, records[0].aspect.unwrap()))
}

#[test]
fn seventy_percent_are_a_warning_and_ninety_critical_of_each() {
    assert_eq!(found(&judged(files(699), inotify(69, 5_599))), None);
    assert_eq!(found(&judged(files(700), inotify(1, 1))), Some((Severity::Warning, "files")));
    assert_eq!(found(&judged(files(900), inotify(1, 1))), Some((Severity::Critical, "files")));
    assert_eq!(found(&judged(files(1), inotify(70, 1))), Some((Severity::Warning, "instances")));
    assert_eq!(found(&judged(files(1), inotify(90, 1))), Some((Severity::Critical, "instances")));
    assert_eq!(found(&judged(files(1), inotify(1, 5_600))), Some((Severity::Warning, "watches")));
}

#[test]
fn what_is_found_names_the_user_and_who_has_most() {
    let record = &judged(files(1), inotify(95, 1))[0];
    assert_eq!(record.target, "host user 0 instances");
    assert_eq!(
        record.observed,
        "user 0 (most: pid 812 \"kubelet\") has 95 of 100 instances of inotify, 95 %"
    );
    assert!(record.fix.contains("max_user_instances=200 (undo: 100)"), "{}", record.fix);
}

#[test]
fn what_could_not_be_looked_at_is_not_fine() {
    let denied = || Probed::Denied("root".to_owned());
    assert_eq!(judged(files(1), denied())[0].status, Status::Skip);
    let both = judged(files(950), denied());
    assert_eq!([both[0].status, both[1].status], [Status::Fail, Status::Skip]);
    let hidden = Probed::Seen(Inotify { unseen: 7, ..Inotify::default() });
    assert!(judged(files(1), hidden)[0].observed.contains("7 processes"));
}
