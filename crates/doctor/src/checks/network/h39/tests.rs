use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Network, Probed, Process, Snapshot};

fn lock(name: &str, pid: u32, running_ms: u64) -> Xtables {
    let process = Process { pid, name: name.to_owned() };
    Xtables { holder: Some(LockHolder { process, running_ms: Some(running_ms) }), waiting: 2 }
}

fn judged(before: Xtables, after: Xtables, ms: u64) -> Record {
    let of = |at_ms, lock| {
        let (xtables, rules) = (Probed::Seen(lock), Probed::Seen(7));
        ground::snapshot(at_ms, Network { xtables, rules, ..Network::default() })
    };
    CHECK.judge(&Window { before: &of(0, before), after: &of(ms, after) }).remove(0)
}

#[test]
fn h39_the_same_process_at_both_looks_a_second_apart_holds_it_for_long() {
    let of = |pid| lock("kube-proxy", pid, 9_000_000);
    assert_eq!(judged(of(7), of(7), 999).status, Status::Pass);
    let record = judged(of(7), of(7), 2_500);
    assert_eq!(record.status, Status::Fail);
    assert_eq!(
        record.observed,
        "pid 7 \"kube-proxy\" holds the lock of iptables for at least 2 s; 2 wait for it"
    );
    assert_eq!(judged(of(7), of(8), 2_500).status, Status::Pass, "each held it for a moment");
}

#[test]
fn h39_a_program_that_only_changes_rules_is_told_by_how_long_it_runs() {
    let of = |ms| lock("iptables-restor", 7, ms);
    assert_eq!(judged(Xtables::default(), of(999), 1_000).status, Status::Pass);
    assert_eq!(judged(Xtables::default(), of(1_000), 1_000).status, Status::Fail);
}

#[test]
fn h39_a_lock_that_nobody_holds_is_fine_and_one_that_was_never_there_out_of_place() {
    assert_eq!(judged(lock("x", 7, 0), Xtables::default(), 2_000).status, Status::Pass);
    let absent = Probed::Absent("/run/xtables.lock".to_owned());
    let after = |rules| {
        ground::snapshot(1, Network { xtables: absent.clone(), rules, ..Network::default() })
    };
    let earlier = ground::snapshot(1, Network::default());
    let before = ground::moment(0, ground::host());
    let status = |after: &Snapshot| {
        CHECK.judge(&Window { before: &before, after }).first().map(|it| it.status)
    };
    assert_eq!(status(&after(Probed::Seen(0))), Some(Status::NotApplicable));
    assert_eq!(status(&after(Probed::Seen(1))), Some(Status::Pass), "iptables on nftables");
    let denied = Probed::Denied("root, to count the rules of nftables".to_owned());
    assert_eq!(status(&after(denied)), Some(Status::Skip));
    assert_eq!(status(&earlier), Some(Status::Skip));
}

#[test]
fn h39_more_than_five_thousand_rules_are_told() {
    let of = |count| {
        let seen = |at_ms| {
            let (xtables, rules) = (Probed::Seen(Xtables::default()), Probed::Seen(count));
            ground::snapshot(at_ms, Network { xtables, rules, ..Network::default() })
        };
        CHECK.judge(&Window { before: &seen(0), after: &seen(2_000) }).remove(0)
    };
    let record = of(5_000);
    assert_eq!(record.status, Status::Pass);
    assert_eq!(record.observed, "nobody holds the lock of iptables; 5000 rules of nftables");
    let record = of(5_001);
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Info));
    assert_eq!((record.aspect, record.confidence), (Some("rules"), Confidence::Low));
    assert_eq!(record.observed, "nftables has 5001 rules here");
}
