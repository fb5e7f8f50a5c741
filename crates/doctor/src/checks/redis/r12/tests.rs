use super::*;
use crate::checks::redis::ground::{judged, judged_over, server};
use crate::record::{Record, Status};
use crate::snapshot::{Probed, RedisReplica};

fn replica(status: &str, down: &str, copying: &str) -> Record {
    let info = [
        ("role", "slave"),
        ("master_link_status", status),
        ("master_link_down_since_seconds", down),
        ("master_sync_in_progress", copying),
    ];
    judged(&CHECK, &server(&info, &[("repl-timeout", "60")])).remove(0)
}

#[test]
fn a_replica_is_cut_off_for_good_after_repl_timeout() {
    assert_eq!(replica("up", "0", "0").status, Status::Pass);
    let short = replica("down", "59", "0");
    assert_eq!(short.observed, "the link to its primary has been down for 59 s");
    assert_eq!((short.severity, short.aspect), (Severity::Warning, Some("link")));
    assert_eq!(replica("down", "60", "0").severity, Severity::Critical);
    assert_eq!(replica("down", "600", "1").severity, Severity::Warning);
    assert_eq!(replica("down", "-1", "0").observed, "the link to its primary has not been up yet");
}

fn primary(ms: u64, before: &str, after: &str) -> Record {
    let at = |offset: &str| {
        let info = [("repl_backlog_size", "1048576"), ("master_repl_offset", offset)];
        let replicas = Probed::Seen(vec![RedisReplica::default()]);
        Redis { replicas, ..server(&info, &[("repl-timeout", "60")]) }
    };
    judged_over(&CHECK, ms, at(before), at(after)).remove(0)
}

#[test]
fn a_backlog_covers_what_is_written_in_repl_timeout() {
    // 1 MiB in 60 s is 17,476 bytes a second.
    assert_eq!(primary(100_000, "9000000", "10747600").status, Status::Pass);
    let short = primary(100_000, "9000000", "10747700");
    assert_eq!((short.aspect, short.confidence), (Some("backlog"), Confidence::High));
    let burst = primary(1_000, "0", "5242880");
    assert_eq!(
        burst.observed,
        "the backlog of 1.0 MiB is full after 0 s at 5.0 MiB/s; repl-timeout is 60 s"
    );
    assert_eq!(burst.confidence, Confidence::Low);
    assert!(burst.fix.contains("repl-backlog-size 1500mb"), "{}", burst.fix);
}

#[test]
fn a_server_without_replicas_is_not_for_this_check_and_unknown_ones_are_not_fine() {
    let alone = server(&[], &[("repl-timeout", "60")]);
    assert_eq!(judged(&CHECK, &alone)[0].status, Status::NotApplicable);
    let untold = Redis { replicas: Probed::Denied("+info".to_owned()), ..alone };
    assert_eq!(judged(&CHECK, &untold)[0].status, Status::Skip);
    assert_eq!(judged(&CHECK, &server(&[], &[]))[0].status, Status::Skip);
}
