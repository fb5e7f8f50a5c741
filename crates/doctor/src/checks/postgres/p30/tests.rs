use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PostgresConfiguration, PostgresIdentity, Probed};

fn judged(monitor: bool, pending: &[&str], errors: Probed<Vec<PostgresFileError>>) -> Vec<Record> {
    let pending = Probed::Seen(pending.iter().map(|it| (*it).to_owned()).collect());
    let identity = PostgresIdentity { monitor, ..PostgresIdentity::default() };
    let server = Postgres {
        identity: Probed::Seen(identity),
        configuration: PostgresConfiguration { pending, errors },
        ..Postgres::default()
    };
    ground::judge_postgres(&CHECK, 1, Postgres::default(), server)
}

#[test]
fn settings_that_wait_for_a_restart_are_one_warning() {
    let records = judged(true, &["max_connections", "shared_buffers"], Probed::Seen(Vec::new()));
    assert_eq!(records.len(), 1);
    let record = &records[0];
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(record.observed, "max_connections, shared_buffers wait for a restart");
    assert!(record.fix.contains("ALTER SYSTEM RESET shared_buffers;"), "{}", record.fix);
    let records = judged(true, &["wal_level"], Probed::Seen(Vec::new()));
    assert_eq!(records[0].observed, "wal_level waits for a restart");
}

#[test]
fn a_line_that_cannot_be_read_is_told_by_its_place() {
    let error = PostgresFileError {
        file: Some("/etc/postgresql/15/main/postgresql.conf".to_owned()),
        line: Some(12),
        name: Some("max_conections".to_owned()),
        error: "unrecognized configuration parameter".to_owned(),
    };
    let record = &judged(true, &[], Probed::Seen(vec![error]))[0];
    assert_eq!(record.aspect, Some("file"));
    assert_eq!(record.target, "postgres :5432 /etc/postgresql/15/main/postgresql.conf:12");
    assert_eq!(record.observed, "max_conections: unrecognized configuration parameter");
}

#[test]
fn what_the_role_may_not_see_is_not_fine() {
    let denied = Probed::Denied("to read pg_file_settings".to_owned());
    let records = judged(true, &[], denied.clone());
    assert_eq!((records.len(), records[0].status), (1, Status::Skip));
    let records = judged(false, &[], Probed::Seen(Vec::new()));
    assert_eq!((records.len(), records[0].status), (1, Status::Skip));
    assert!(records[0].observed.contains("pg_monitor"));
    let statuses: Vec<_> =
        judged(true, &["wal_level"], denied).iter().map(|it| it.status).collect();
    assert_eq!(statuses, [Status::Fail, Status::Skip]);
    assert_eq!(judged(true, &[], Probed::Seen(Vec::new()))[0].status, Status::Pass);
}
