use super::*;
use crate::checks::mysql::looks::{judged, mariadb, mysql};
use crate::record::{Record, Status};
use crate::snapshot::{MysqlChannel, Probed};

fn of(server: Mysql) -> Record {
    let channels = Probed::Seen(vec![MysqlChannel::default()]);
    judged(&CHECK, &Mysql { channels, ..server }).remove(0)
}

#[test]
fn a_replica_that_may_be_written_is_a_warning() {
    let record = of(mariadb(&[("read_only", "OFF")]));
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(record.observed, "it is a replica, and read_only is OFF");
    assert_eq!(of(mariadb(&[("read_only", "ON")])).status, Status::Pass);
    assert_eq!(of(mariadb(&[("read_only", "NO_LOCK_NO_ADMIN")])).status, Status::Pass);
}

#[test]
fn in_mysql_who_administers_has_to_be_bound_as_well() {
    let record = of(mysql(&[("read_only", "ON"), ("super_read_only", "OFF")]));
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Info));
    assert_eq!(of(mysql(&[("read_only", "ON"), ("super_read_only", "ON")])).status, Status::Pass);
    assert_eq!(of(mysql(&[("read_only", "ON")])).status, Status::Skip);
}

#[test]
fn what_is_no_replica_or_is_a_cluster_is_out_of_place() {
    let none = Mysql { channels: Probed::Seen(Vec::new()), ..mariadb(&[("read_only", "OFF")]) };
    assert_eq!(judged(&CHECK, &none)[0].status, Status::NotApplicable);
    let cluster = mariadb(&[("read_only", "OFF"), ("wsrep_on", "ON")]);
    assert_eq!(of(cluster).status, Status::NotApplicable);
}

#[test]
fn whether_it_is_a_replica_may_not_be_seen_and_that_is_not_fine() {
    let channels = Probed::Denied("the privilege SLAVE MONITOR".to_owned());
    let server = Mysql { channels, ..mariadb(&[("read_only", "OFF")]) };
    assert_eq!(judged(&CHECK, &server)[0].status, Status::Skip);
}
