use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Network, Probed, Process};

fn lock(name: &str, pid: u32, running_ms: u64) -> Xtables {
    let process = Process { pid, name: name.to_owned() };
    Xtables { holder: Some(LockHolder { process, running_ms: Some(running_ms) }), waiting: 2 }
}

fn judged(before: Xtables, after: Xtables, ms: u64) -> Record {
    let of = |at_ms, lock| {
        ground::snapshot(at_ms, Network { xtables: Probed::Seen(lock), ..Network::default() })
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
    let after = ground::snapshot(1, Network { xtables: absent, ..Network::default() });
    let earlier = ground::snapshot(1, Network::default());
    let before = ground::moment(0, ground::host());
    let status =
        |after| CHECK.judge(&Window { before: &before, after }).first().map(|it| it.status);
    assert_eq!(status(&after), Some(Status::NotApplicable));
    assert_eq!(status(&earlier), Some(Status::Skip));
}
