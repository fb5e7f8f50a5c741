use std::net::TcpListener;

use super::*;
use crate::check::Target;
use crate::snapshot::{EtcdAlarm, EtcdBucket};

/// Of etcd 3.4.23.
const METRICS: &str = "# HELP etcd_disk_wal_fsync_duration_seconds The latency distributions of fsync called by WAL.\n\
    # TYPE etcd_disk_wal_fsync_duration_seconds histogram\n\
    etcd_disk_wal_fsync_duration_seconds_bucket{le=\"0.001\"} 3\n\
    etcd_disk_wal_fsync_duration_seconds_bucket{le=\"0.002\"} 5\n\
    etcd_disk_wal_fsync_duration_seconds_bucket{le=\"+Inf\"} 6\n\
    etcd_disk_wal_fsync_duration_seconds_sum 0.009439962\n\
    etcd_disk_wal_fsync_duration_seconds_count 6\n\
    etcd_mvcc_db_total_size_in_bytes 2.215936e+06\n\
    etcd_mvcc_db_total_size_in_use_in_bytes 2.043904e+06\n\
    etcd_server_has_leader 1\n\
    etcd_server_leader_changes_seen_total 1\n\
    etcd_server_quota_backend_bytes 2e+06\n\
    grpc_server_started_total{grpc_method=\"Alarm\"} 3\n";

#[test]
fn of_metrics_those_families_are_kept_that_are_named() {
    let Probed::Seen(seen) = answers::metrics(200, METRICS) else { panic!("it is etcd") };
    assert_eq!((seen.db_bytes, seen.in_use_bytes), (Some(2_215_936), Some(2_043_904)));
    assert_eq!((seen.quota_bytes, seen.has_leader), (Some(2_000_000), Some(true)));
    assert_eq!((seen.leader_changes, seen.backend_commit), (Some(1), None));
    let wal = seen.wal_fsync.unwrap();
    let bucket = |upto_us, count| EtcdBucket { upto_us, count };
    assert_eq!((wal.count, wal.sum_us), (6, 9_440));
    assert_eq!(wal.buckets, [bucket(1_000, 3), bucket(2_000, 5)]);
}

#[test]
fn a_quota_that_is_off_is_no_bound_and_metrics_of_others_are_not_etcd() {
    let off = answers::metrics(200, "etcd_server_quota_backend_bytes -1\n");
    assert_eq!(off.seen().unwrap().quota_bytes, Some(0));
    assert!(matches!(answers::metrics(200, "node_load1 0.2\n"), Probed::Failed(_)));
}

#[test]
fn alarms_are_told_by_member_as_etcdctl_does() {
    let none = answers::alarms(200, "{}");
    assert_eq!(none, Probed::Seen(Vec::new()));
    let text = "{\"alarms\":[{\"memberID\":\"3319814642761637952\",\"alarm\":\"NOSPACE\"}]}";
    let alarm = EtcdAlarm { member: "2e12579fbe9c7840".to_owned(), alarm: "NOSPACE".to_owned() };
    let Probed::Seen(seen) = answers::alarms(200, text) else { panic!("it is a list") };
    assert_eq!(seen[0].alarm, alarm.alarm);
    assert_eq!(u64::from_str_radix(&seen[0].member, 16), Ok(3_319_814_642_761_637_952));
}

#[test]
fn who_may_not_ask_is_told_what_it_takes() {
    let tls = answers::metrics(400, "Client sent an HTTP request to an HTTPS server.\n");
    assert!(matches!(&tls, Probed::Denied(needs) if needs.contains("--listen-metrics-urls")));
    let user = "{\"error\":\"etcdserver: user name is empty\",\"code\":3}";
    assert!(matches!(answers::alarms(400, user), Probed::Denied(_)));
    assert!(matches!(answers::alarms(404, "Not Found"), Probed::Absent(_)));
    assert!(matches!(answers::version(500, ""), Probed::Failed(_)));
    let version = "{\"etcdserver\":\"3.4.23\",\"etcdcluster\":\"3.4.0\"}";
    assert_eq!(answers::version(200, version), Probed::Seen("3.4.23".to_owned()));
}

async fn looked_at(url: String) -> Server<snapshot::Etcd> {
    let mut session = Etcd::open(Endpoint { kind: Target::Etcd, url, named: true }).await;
    session.look(false, Instant::now() + LOOK).await
}

#[tokio::test]
async fn a_member_that_does_not_answer_is_failed_and_holds_up_nobody() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let began = Instant::now();
    let seen = looked_at(format!("http://127.0.0.1:{port}")).await;
    assert_eq!(seen.seen, Probed::Failed(NO_ANSWER.to_owned()));
    assert!(began.elapsed() < LOOK * 2, "{:?}", began.elapsed());
    drop(silent);
    let seen = looked_at(format!("http://127.0.0.1:{port}")).await;
    assert!(matches!(&seen.seen, Probed::Failed(why) if why.contains("refused")), "{seen:?}");
    assert_eq!(seen.at, format!(":{port}"));
    let seen = looked_at("etcd".to_owned()).await;
    assert!(matches!(seen.seen, Probed::Failed(_)));
}
