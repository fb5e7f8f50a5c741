use super::*;
use crate::checks::mysql::looks::{judged_over, mariadb};
use crate::record::{Record, Status};
use crate::snapshot::Probed;

fn server(examined: u64, sent: u64, no_index: u64) -> Mysql {
    let digest = MysqlDigest {
        schema: Some("shop".to_owned()),
        digest: "0123456789abcdef".to_owned(),
        text: "SELECT * FROM `orders` WHERE DATE ( `created` ) = ?".to_owned(),
        count: no_index,
        no_index,
        rows_examined: examined,
        rows_sent: sent,
        rows_affected: 0,
    };
    Mysql { digests: Probed::Seen(vec![digest]), ..mariadb(&[]) }
}

fn after(examined: u64, sent: u64, no_index: u64) -> Record {
    judged_over(&CHECK, 2, &server(0, 0, 0), &server(examined, sent, no_index)).remove(0)
}

#[test]
fn a_thousand_rows_for_each_that_is_answered_are_too_many() {
    assert_eq!(after(99_900, 100, 3).status, Status::Pass);
    let record = after(100_000, 100, 3);
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(
        record.observed,
        "run 3 times in 2.0 s it read 100000 rows for 100; DATE() around a column in the condition hides it from its index"
    );
}

#[test]
fn few_rows_or_an_index_are_fine() {
    assert_eq!(after(9_999, 1, 3).status, Status::Pass);
    assert_eq!(after(10_000, 1, 3).status, Status::Fail);
    assert_eq!(after(100_000, 1, 0).status, Status::Pass);
}

#[test]
fn totals_since_the_start_are_no_fault() {
    let old = server(900_000_000, 1, 7_000);
    assert_eq!(judged_over(&CHECK, 2, &old, &old)[0].status, Status::Pass);
    let none = Mysql { digests: Probed::Seen(Vec::new()), ..mariadb(&[]) };
    assert_eq!(judged_over(&CHECK, 2, &none, &old)[0].status, Status::Pass);
}

#[test]
fn what_is_told_is_of_the_window() {
    let (before, after) = (server(900_000_000, 500, 7_000), server(900_100_000, 600, 7_003));
    let record = &judged_over(&CHECK, 2, &before, &after)[0];
    assert!(
        record.observed.starts_with("run 3 times in 2.0 s it read 100000 rows for 100"),
        "{}",
        record.observed
    );
}

#[test]
fn a_list_is_no_function() {
    assert_eq!(function("SELECT ? FROM `t` WHERE `a` IN ( `b` ) AND ( `c` )"), None);
    assert_eq!(function("SELECT LOWER ( `a` ) FROM `t` WHERE `a` = ?"), None);
    assert_eq!(function("SELECT ? FROM `t` WHERE LOWER ( `a` ) = ?"), Some("LOWER"));
    assert_eq!(function("SELECT ID FROM `t` WHERE `ABS` ( ID ) = ? "), Some("ABS"));
    assert_eq!(function("SELECT ID FROM `t` WHERE `ABS` ( ? ) = ID"), None);
    assert_eq!(function("SELECT ? FROM `t` WHERE `f` ( SELECT ID )"), None);
    assert_eq!(function("SELECT `id` FROM `t` WHERE `ABS` ( `id` ) = ?"), Some("ABS"));
}

#[test]
fn without_the_schema_it_is_not_fine() {
    let digests = Probed::Absent("performance_schema: it is OFF".to_owned());
    let server = Mysql { digests, ..mariadb(&[]) };
    assert_eq!(judged_over(&CHECK, 2, &server, &server)[0].status, Status::Skip);
}
