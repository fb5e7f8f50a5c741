use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Host, Memory, Probed, Process, Snapshot};

const HOUR_MS: u64 = 3_600_000;

fn kill(up_ms: u64, group: Option<&str>) -> Kill {
    Kill {
        up_ms,
        victim: Process { pid: 4_242, name: "java".to_owned() },
        machine: group.is_none(),
        limit_of: group.map(str::to_owned),
        group: group.map(|group| format!("{group}/api")),
        resident_bytes: Some(62 << 20),
    }
}

fn moment(up_ms: u64, total: u64, kills: Probed<Kills>) -> Snapshot {
    let vmstat = Probed::Seen([("oom_kill".to_owned(), total)].into());
    let memory = Probed::Seen(Memory { vmstat, kills, ..Memory::default() });
    ground::moment(up_ms, Host { memory, ..ground::host() })
}

/// A hundred hours after the start.
fn judged(total: u64, since_up_ms: u64, killed: Vec<Kill>) -> Vec<Record> {
    let kills = Probed::Seen(Kills { killed, since_up_ms });
    let (before, after) = (100 * HOUR_MS - 1_000, 100 * HOUR_MS);
    let (before, after) = (moment(before, total, kills.clone()), moment(after, total, kills));
    CHECK.judge(&Window { before: &before, after: &after })
}

#[test]
fn a_kill_of_the_last_day_is_a_fault_and_one_before_is_not() {
    let found = &judged(1, 0, vec![kill(76 * HOUR_MS + 1, Some("/shop"))])[0];
    assert_eq!((found.status, found.severity), (Status::Fail, Severity::Warning));
    assert_eq!(found.target, "host /shop");
    assert_eq!(
        found.observed,
        "1 process was killed in the last 24 h as /shop was at its limit, the last 23 h ago: pid 4242 \"java\" with 62 MiB"
    );
    let old = &judged(1, 0, vec![kill(76 * HOUR_MS, Some("/shop"))])[0];
    assert_eq!(old.status, Status::Pass);
    assert_eq!(
        old.observed,
        "no process was killed for want of memory in the last 24 h; 1 since the machine was started"
    );
}

#[test]
fn where_the_machine_had_none_left_it_is_critical() {
    let found = judged(
        3,
        0,
        vec![
            kill(99 * HOUR_MS, None),
            kill(99 * HOUR_MS + 30 * 60_000, None),
            kill(98 * HOUR_MS, Some("/shop")),
        ],
    );
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].severity, &*found[0].target), (Severity::Critical, "host"));
    assert!(
        found[0].observed.starts_with("2 processes were killed in the last 24 h as the machine")
    );
    assert!(found[0].observed.contains("the last 30 min ago"), "{}", found[0].observed);
    assert_eq!(found[1].target, "host /shop");
}

#[test]
fn a_log_that_was_overwritten_is_not_fine_if_more_was_counted_than_it_has() {
    let found = judged(5, 99 * HOUR_MS, Vec::new());
    assert_eq!((found.len(), found[0].status), (1, Status::Skip));
    assert!(found[0].observed.contains("of 5 kills"), "{}", found[0].observed);
    assert!(found[0].observed.contains("goes back 60 min only"), "{}", found[0].observed);
    assert_eq!(judged(0, 99 * HOUR_MS, Vec::new())[0].status, Status::Pass);
    assert_eq!(judged(5, 10 * HOUR_MS, Vec::new())[0].status, Status::Pass, "those are older");
}

#[test]
fn without_the_log_what_was_counted_meanwhile_is_told() {
    let denied = || Probed::Denied("root".to_owned());
    let judge = |before, after| {
        let (before, after) = (moment(1, before, denied()), moment(2_001, after, denied()));
        CHECK.judge(&Window { before: &before, after: &after })
    };
    let found = judge(7, 9);
    assert_eq!([found[0].status, found[1].status], [Status::Fail, Status::Skip]);
    assert!(found[0].observed.starts_with("2 processes were killed"), "{}", found[0].observed);
    let quiet = judge(7, 7);
    assert_eq!((quiet.len(), quiet[0].status), (1, Status::Skip));
    assert!(quiet[0].observed.contains("root"), "{}", quiet[0].observed);
}
