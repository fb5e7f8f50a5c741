use super::*;
use crate::checks::redis::ground::{judged, server};
use crate::record::Status;
use crate::snapshot::Probed;

fn with(info: &[(&str, &str)], stops: &str, save: &str) -> Redis {
    let mut all = vec![
        ("rdb_last_bgsave_status", "ok"),
        ("rdb_changes_since_last_save", "7"),
        ("aof_enabled", "0"),
        ("aof_last_write_status", "ok"),
        ("aof_last_bgrewrite_status", "ok"),
    ];
    all.extend(info);
    server(&all, &[("stop-writes-on-bgsave-error", stops), ("save", save)])
}

fn told(server: &Redis) -> Vec<(Severity, Option<&'static str>)> {
    judged(&CHECK, server).iter().map(|it| (it.severity, it.aspect)).collect()
}

#[test]
fn a_failed_snapshot_is_critical_where_it_stops_writes() {
    let failed = [("rdb_last_bgsave_status", "err")];
    let record = &judged(&CHECK, &with(&failed, "yes", "3600 1"))[0];
    assert_eq!(record.observed, "the last snapshot failed; 7 changes are not on disk");
    assert_eq!((record.severity, record.aspect), (Severity::Critical, Some("rdb")));
    assert!(record.impact.contains("MISCONF"));
    assert_eq!(told(&with(&failed, "no", "3600 1")), [(Severity::Warning, Some("rdb"))]);
    assert_eq!(told(&with(&failed, "yes", "")), [(Severity::Warning, Some("rdb"))]);
    let replica = [("rdb_last_bgsave_status", "err"), ("role", "slave")];
    assert_eq!(told(&with(&replica, "yes", "3600 1")), [(Severity::Warning, Some("rdb"))]);
}

#[test]
fn the_append_only_file_is_judged_only_where_there_is_one() {
    let failed = [
        ("aof_enabled", "1"),
        ("aof_last_write_status", "err"),
        ("aof_last_bgrewrite_status", "err"),
    ];
    assert_eq!(
        told(&with(&failed, "yes", "")),
        [(Severity::Critical, Some("aof")), (Severity::Warning, Some("rewrite"))]
    );
    assert_eq!(judged(&CHECK, &with(&failed[1..], "yes", ""))[0].status, Status::Pass);
}

#[test]
fn what_is_not_told_is_not_fine() {
    let bare = Redis { info: Probed::Denied("+info".to_owned()), ..Redis::default() };
    assert_eq!(judged(&CHECK, &bare)[0].status, Status::Skip);
    let untold = server(&[("rdb_last_bgsave_status", "ok")], &[]);
    assert_eq!(judged(&CHECK, &untold)[0].status, Status::Skip);
}
