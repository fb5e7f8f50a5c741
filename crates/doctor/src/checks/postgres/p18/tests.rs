use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PostgresConnections, PostgresIdentity, Probed};

fn server(temp_bytes: Option<u64>, work_mem_kb: u64, active: u64, hidden: u64) -> Postgres {
    let settings = [
        ("work_mem", work_mem_kb.to_string()),
        ("hash_mem_multiplier", "2".to_owned()),
        ("max_parallel_workers_per_gather", "3".to_owned()),
    ];
    let setting = |(name, setting): (&str, String)| ground::setting(name, &setting);
    let database = PostgresDatabase {
        name: Some("app".to_owned()),
        temp_bytes,
        temp_files: Some(7),
        ..PostgresDatabase::default()
    };
    let identity = PostgresIdentity { version: 150_000, ..PostgresIdentity::default() };
    let connections = PostgresConnections { active, hidden, ..PostgresConnections::default() };
    Postgres {
        identity: Probed::Seen(identity),
        settings: Probed::Seen(settings.map(setting).into()),
        databases: Probed::Seen(vec![database]),
        connections: Probed::Seen(connections),
        ..Postgres::default()
    }
}

fn spilled(seconds: u64, bytes: u64) -> Record {
    let before = server(Some(9_000_000_000), 4_096, 1, 0);
    let after = server(Some(9_000_000_000 + bytes), 4_096, 1, 0);
    ground::judge_postgres(&CHECK, seconds, before, after).remove(0)
}

#[test]
fn much_in_little_time_is_a_warning() {
    let record = spilled(1, 64 << 20);
    assert_eq!(
        (record.status, record.severity, record.aspect),
        (Status::Fail, Severity::Warning, Some("spill"))
    );
    assert_eq!(record.target, "postgres :5432 database app");
    assert_eq!(record.observed, "67,108,864 bytes in 0 temporary files were written in 1.0 s");
    assert_eq!(spilled(1, (64 << 20) - 1).status, Status::Pass);
    assert_eq!(spilled(10, 100_000_000).status, Status::Fail);
    assert_eq!(spilled(10, 99_999_999).status, Status::Pass);
}

#[test]
fn totals_are_no_fault_and_what_is_not_counted_is_not_fine() {
    assert_eq!(spilled(1, 0).status, Status::Pass);
    let (before, after) = (server(Some(5), 4_096, 1, 0), server(None, 4_096, 1, 0));
    assert_eq!(ground::judge_postgres(&CHECK, 1, before, after)[0].status, Status::Skip);
}

/// On the machine of 64 GiB.
fn memory(work_mem_kb: u64, earlier: u64, later: u64, hidden: u64) -> Record {
    let before = server(Some(0), work_mem_kb, earlier, hidden);
    let after = server(Some(0), work_mem_kb, later, hidden);
    ground::judge_postgres(&CHECK, 1, before, after).remove(0)
}

#[test]
fn what_active_sessions_may_take_is_held_against_the_memory() {
    // 256 MiB, twice for a hash, by a leader and three workers: 2 GiB each.
    assert_eq!(memory(262_144, 32, 1, 0).status, Status::Pass);
    let record = memory(262_144, 33, 1, 0);
    assert_eq!(
        (record.status, record.severity, record.aspect),
        (Status::Fail, Severity::Info, Some("memory"))
    );
    assert_eq!(record.observed, "33 active sessions may take 71 GB by work_mem, of 69 GB");
    assert_eq!(record.confidence, Confidence::Low);
    assert_eq!(memory(262_144, 1, 33, 0).status, Status::Fail);
}

#[test]
fn sessions_that_may_not_be_seen_are_not_fine() {
    assert_eq!(memory(4_096, 1, 1, 1).status, Status::Skip);
}
