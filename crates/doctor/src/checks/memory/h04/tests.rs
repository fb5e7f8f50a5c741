use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Host, Probed, Process, Processes};

const MIB: u64 = 1 << 20;

/// 1000 MiB available; 1000 MiB may be promised, and so many are. Sizes in MiB.
fn judged(mode: u64, committed: u64, servers: &[(Kind, Option<u64>)]) -> Record {
    let known = |(kind, resident): &(Kind, Option<u64>)| Known {
        process: Process { pid: 812, name: "redis-server".to_owned() },
        kind: *kind,
        folder: None,
        cgroup: None,
        resident_bytes: resident.map(|mib| mib * MIB),
        huge_pages: None,
    };
    let servers = Probed::Seen(servers.iter().map(known).collect());
    let sizes = [("MemAvailable", 1_000), ("CommitLimit", 1_000), ("Committed_AS", committed)];
    let memory = Memory {
        overcommit: Probed::Seen(mode),
        meminfo: Probed::Seen(
            sizes.into_iter().map(|(name, mib)| (name.to_owned(), mib * MIB)).collect(),
        ),
        ..Memory::default()
    };
    let processes = Probed::Seen(Processes { servers, ..Processes::default() });
    let host = Host { memory: Probed::Seen(memory), processes, ..ground::host() };
    let (before, after) = (ground::moment(1, host.clone()), ground::moment(1_001, host));
    CHECK.judge(&Window { before: &before, after: &after }).remove(0)
}

#[test]
fn with_0_it_is_information_until_a_redis_is_larger_than_what_is_available() {
    let found = judged(0, 0, &[(Kind::Redis, Some(1_000))]);
    assert_eq!((found.status, found.severity), (Status::Fail, Severity::Info));
    assert_eq!(found.target, "host pid 812");
    assert_eq!(
        found.observed,
        "vm.overcommit_memory is 0 beside pid 812 \"redis-server\" with 1000 MiB resident; 1000 MiB are available"
    );
    assert_eq!(judged(0, 0, &[(Kind::Redis, Some(1_001))]).severity, Severity::Warning);
    let largest = judged(0, 0, &[(Kind::Redis, Some(3)), (Kind::Redis, Some(1_001))]);
    assert_eq!(largest.severity, Severity::Warning);
}

#[test]
fn with_1_nothing_is_refused() {
    assert_eq!(judged(1, 2_000, &[(Kind::Redis, Some(5_000))]).status, Status::Pass);
}

#[test]
fn with_2_what_is_left_to_promise_decides() {
    let found = judged(2, 800, &[(Kind::Redis, Some(201))]);
    assert_eq!((found.status, found.severity), (Status::Fail, Severity::Critical));
    assert_eq!(
        found.observed,
        "vm.overcommit_memory is 2 with 200 MiB left to promise, and pid 812 \"redis-server\" has 201 MiB resident"
    );
    assert_eq!(judged(2, 800, &[(Kind::Redis, Some(200))]).status, Status::Pass);
    assert_eq!(judged(2, 900, &[(Kind::Postgres, None)]).status, Status::Pass);
    let full = judged(2, 901, &[(Kind::Postgres, None)]);
    assert_eq!((full.severity, &*full.target), (Severity::Warning, "host"));
    assert!(full.impact.starts_with("after 99 MiB more"), "{}", full.impact);
}

#[test]
fn without_such_a_server_it_does_not_apply_and_without_its_size_it_is_not_sure() {
    assert_eq!(judged(0, 0, &[(Kind::Postgres, None)]).status, Status::NotApplicable);
    assert_eq!(judged(2, 999, &[]).status, Status::NotApplicable);
    assert_eq!(judged(0, 0, &[(Kind::Redis, None)]).status, Status::Skip);
}
