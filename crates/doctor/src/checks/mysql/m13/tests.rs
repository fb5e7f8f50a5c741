use super::*;
use crate::checks::mysql::looks::{judged, judged_over, mariadb, mysql, texts};
use crate::record::{Record, Status};
use crate::snapshot::Probed;

const CALM: [(&str, &str); 5] = [
    ("innodb_buffer_pool_wait_free", "700"),
    ("innodb_log_waits", "700"),
    ("table_open_cache_overflows", "700"),
    ("innodb_checkpoint_age", "100"),
    ("innodb_checkpoint_max_age", "800"),
];

fn server(changed: &[(&str, &str)]) -> Mysql {
    let mut status = texts(&CALM);
    status.extend(texts(changed));
    Mysql { status: Probed::Seen(status), ..mariadb(&[("table_open_cache", "400")]) }
}

fn after(seconds: u64, changed: &[(&str, &str)]) -> Record {
    judged_over(&CHECK, seconds, &server(&[]), &server(changed)).remove(0)
}

#[test]
fn totals_since_the_start_are_no_fault() {
    assert_eq!(judged(&CHECK, &server(&[]))[0].status, Status::Pass);
}

#[test]
fn one_wait_in_the_window_is_a_fault() {
    let record = after(2, &[("innodb_log_waits", "701")]);
    assert_eq!((record.status, record.aspect), (Status::Fail, Some("log buffer")));
    assert_eq!(record.observed, "1 waits for room in the log buffer in 2.0 s");
    let record = after(2, &[("innodb_buffer_pool_wait_free", "703")]);
    assert_eq!((record.status, record.aspect), (Status::Fail, Some("pool")));
}

#[test]
fn tables_are_a_fault_from_ten_in_a_second_on() {
    assert_eq!(after(2, &[("table_open_cache_overflows", "719")]).status, Status::Pass);
    let record = after(2, &[("table_open_cache_overflows", "720")]);
    assert_eq!((record.status, record.aspect), (Status::Fail, Some("tables")));
    assert_eq!(record.fix, "a larger table_open_cache (undo: 400)");
}

#[test]
fn the_redo_log_is_judged_at_both_looks() {
    let full = server(&[("innodb_checkpoint_age", "701")]);
    let at_the_limit = server(&[("innodb_checkpoint_age", "700")]);
    assert_eq!(judged(&CHECK, &at_the_limit)[0].status, Status::Pass);
    assert_eq!(judged_over(&CHECK, 2, &server(&[]), &full)[0].status, Status::Pass);
    let record = &judged(&CHECK, &full)[0];
    assert_eq!((record.status, record.aspect), (Status::Fail, Some("redo")));
    assert_eq!(record.observed, "the redo log is 87 % full, at both looks");
}

#[test]
fn what_mysql_does_not_tell_is_no_gap_and_what_mariadb_does_not_is() {
    let status = Probed::Seen(texts(&CALM[..3]));
    let of = |server: Mysql| {
        judged(&CHECK, &Mysql { status: status.clone(), ..server }).remove(0).status
    };
    assert_eq!(of(mysql(&[])), Status::Pass);
    assert_eq!(of(mariadb(&[])), Status::Skip);
    let server = Mysql { status: Probed::Seen(texts(&CALM[1..])), ..mariadb(&[]) };
    assert_eq!(judged(&CHECK, &server)[0].status, Status::Skip);
}
