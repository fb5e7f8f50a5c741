use super::*;
use crate::checks::mysql::looks::{judged, look, mariadb, mysql};
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Probed, Snapshot, Window};

fn channel(using: &str) -> Probed<Vec<MysqlChannel>> {
    let using_gtid = Some(using.to_owned());
    let source = "db-1:3306".to_owned();
    Probed::Seen(vec![MysqlChannel { source, source_id: 1, using_gtid, ..MysqlChannel::default() }])
}

fn of_mariadb(using: &str, written: &str, applied: &str) -> Record {
    let variables = [
        ("log_bin", "ON"),
        ("server_id", "2"),
        ("gtid_binlog_pos", written),
        ("gtid_slave_pos", applied),
    ];
    judged(&CHECK, &Mysql { channels: channel(using), ..mariadb(&variables) }).remove(0)
}

#[test]
fn a_transaction_of_its_own_after_those_of_the_source_is_a_warning() {
    let record = of_mariadb("Slave_Pos", "0-2-8", "0-1-7");
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(record.observed, "it wrote 0-2-8 itself; of its source it has 0-1-7");
    // The source has written another one of the same number meanwhile.
    assert_eq!(of_mariadb("Slave_Pos", "0-2-8", "0-1-8").status, Status::Fail);
}

#[test]
fn what_it_wrote_when_it_was_the_source_or_in_a_domain_of_its_own_is_fine() {
    assert_eq!(of_mariadb("Slave_Pos", "0-1-7", "0-1-7").status, Status::Pass);
    assert_eq!(of_mariadb("Slave_Pos", "0-2-8", "0-2-8").status, Status::Pass);
    assert_eq!(of_mariadb("Slave_Pos", "0-2-8", "0-1-9").status, Status::Pass);
    assert_eq!(of_mariadb("Slave_Pos", "0-1-7,5-2-9", "0-1-7").status, Status::Pass);
}

#[test]
fn where_both_are_one_position_it_cannot_be_told() {
    assert_eq!(of_mariadb("Current_Pos", "0-2-8", "0-1-7").status, Status::Skip);
}

fn snapshot(at_ms: u64, replica: &str, source: Option<&str>) -> Snapshot {
    let of = |id, executed| {
        mysql(&[("server_id", id), ("gtid_mode", "ON"), ("gtid_executed", executed)])
    };
    let mut snapshot = look(at_ms, &Mysql { channels: channel("No"), ..of("2", replica) });
    let source =
        source.map(|executed| Mysql { channels: Probed::Seen(Vec::new()), ..of("1", executed) });
    snapshot.mysql.extend(source.map(|it| ground::server("db-1:3306", it)));
    snapshot
}

fn of_mysql(before: &Snapshot, after: &Snapshot) -> Record {
    CHECK.judge(&Window { before, after }).remove(0)
}

#[test]
fn the_first_look_at_a_replica_is_held_against_the_second_at_its_source() {
    let before = snapshot(1_000, "a:1-10,b:1-2", Some("a:1-9"));
    let after = snapshot(2_000, "a:1-20,b:1-2", Some("a:1-12"));
    let record = of_mysql(&before, &after);
    assert_eq!(record.status, Status::Fail);
    assert_eq!(record.observed, "2 transactions that its source does not have");
    assert_eq!(record.evidence[0].value, "b:1-2");
    let before = snapshot(1_000, "a:1-10", Some("a:1-9"));
    assert_eq!(of_mysql(&before, &after).status, Status::Pass);
}

#[test]
fn a_source_that_was_not_looked_at_is_not_fine() {
    let (before, after) = (snapshot(1_000, "a:1", None), snapshot(2_000, "a:1", None));
    let record = of_mysql(&before, &after);
    assert_eq!(record.status, Status::Skip);
    assert!(record.observed.contains("db-1:3306"), "{}", record.observed);
}

#[test]
fn what_is_missing_below_others_in_both_looks_is_a_gap() {
    let gap = |first: &str, second: &str, source: &str| {
        let before = snapshot(1_000, first, Some("a:1-20"));
        of_mysql(&before, &snapshot(2_000, second, Some(source)))
    };
    let record = gap("a:1-5:8-10", "a:1-5:8-12", "a:1-20");
    assert_eq!((record.status, record.aspect), (Status::Fail, Some("gap")));
    assert_eq!(record.confidence, Confidence::Low);
    assert_eq!(
        record.observed,
        "2 transactions of its source are missing below others that it has"
    );
    assert_eq!(record.evidence[0].value, "a:6-7");
    assert_eq!(gap("a:1-5:8-10", "a:1-12", "a:1-20").status, Status::Pass, "it came meanwhile");
    assert_eq!(gap("a:1-10", "a:1-10:12", "a:1-20").status, Status::Pass, "it may still come");
    assert_eq!(gap("a:1-5:8-10", "a:1-5:8-10", "a:1-5:8-20").status, Status::Pass, "nobody has it");
}
