use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Host, Probed};

fn judged(system: System) -> Vec<Record> {
    let host = Host { system: Probed::Seen(system), ..ground::host() };
    let (before, after) = (ground::moment(1, host.clone()), ground::moment(1_001, host));
    CHECK.judge(&Window { before: &before, after: &after })
}

fn system(handler: Option<&str>, works: bool, journal: Probed<Journal>) -> System {
    let cores = Probed::Seen(Cores { handler: handler.map(str::to_owned), works });
    System { sealed: Probed::Seen(false), cores, journal, ..System::default() }
}

fn none() -> Probed<Journal> {
    Probed::Absent("/var/log/journal".to_owned())
}

const fn journal(used_bytes: u64, disk_bytes: u64) -> Probed<Journal> {
    Probed::Seen(Journal { used_bytes, disk_bytes, cut: false })
}

#[test]
fn a_handler_that_is_gone_is_a_warning_and_none_is_fine() {
    let found = judged(system(Some("/usr/share/apport/apport"), false, none()));
    assert_eq!(
        (found.len(), found[0].status, found[0].severity),
        (1, Status::Fail, Severity::Warning)
    );
    assert_eq!(found[0].aspect, Some("core"));
    assert_eq!(
        found[0].observed,
        "core_pattern pipes to /usr/share/apport/apport, which is no program that can be run"
    );
    assert_eq!(judged(system(Some("/bin/it"), true, none()))[0].status, Status::Pass);
    assert_eq!(judged(system(None, false, none()))[0].status, Status::Pass);
}

#[test]
fn the_journal_is_too_large_above_both_limits_only() {
    let is_wrong =
        |used, disk| judged(system(None, false, journal(used, disk)))[0].status == Status::Fail;
    assert!(is_wrong((4 << 30) + 1, 40 << 30));
    assert!(!is_wrong(4 << 30, 20 << 30));
    assert!(!is_wrong((4 << 30) + 1, 41 << 30));
    assert!(!is_wrong(5 << 30, 50 << 30));
    assert!(is_wrong((5 << 30) + 1, 50 << 30));
    assert!(!is_wrong(1 << 30, 2 << 30));
    let found = judged(system(None, false, journal(6 << 30, 20 << 30)));
    assert_eq!(found[0].observed, "/var/log/journal takes 6.0 GiB of 20.0 GiB, 30 %");
}

#[test]
fn what_could_not_be_looked_at_is_not_fine() {
    let denied = judged(system(None, false, Probed::Denied("root".to_owned())));
    assert_eq!((denied.len(), denied[0].status), (1, Status::Skip));
    let cut = Probed::Seen(Journal { used_bytes: 1, disk_bytes: 1 << 40, cut: true });
    assert_eq!(judged(system(None, false, cut))[0].status, Status::Skip);
    let hidden = System { cores: Probed::Denied("root".to_owned()), ..system(None, false, none()) };
    assert_eq!(judged(hidden)[0].status, Status::Skip);
}

#[test]
fn in_a_container_the_handler_is_that_of_another_and_the_journal_its_own() {
    let sealed = |journal| System {
        sealed: Probed::Seen(true),
        ..system(Some("/usr/share/apport/apport"), false, journal)
    };
    assert_eq!(judged(sealed(none()))[0].status, Status::NotApplicable);
    assert_eq!(judged(sealed(journal(1, 1 << 40)))[0].status, Status::Pass);
    assert_eq!(judged(sealed(journal(6 << 30, 20 << 30)))[0].aspect, Some("journal"));
}
