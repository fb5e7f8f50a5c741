use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{
    Host, Memory, Pressure, Pressures, Probed, Process, Processes, Snapshot, Stall,
};

/// A machine with swap and a database.
fn moment(at_ms: u64, swappiness: u64, pages: u64, avg60: u32) -> Snapshot {
    let some = Stall { avg10: avg60, avg60 };
    let memory = Memory {
        meminfo: Probed::Seen([("SwapTotal".to_owned(), 1 << 30)].into()),
        vmstat: Probed::Seen([("pswpin".to_owned(), pages)].into()),
        swappiness: Probed::Seen(swappiness),
        pressure: Pressures {
            memory: Probed::Seen(Pressure { some, full: None }),
            ..Pressures::default()
        },
        ..Memory::default()
    };
    let known = Known {
        process: Process { pid: 7, name: "postgres".to_owned() },
        kind: Kind::Postgres,
        folder: None,
        cgroup: None,
        resident_bytes: None,
        huge_pages: None,
    };
    let processes = Processes { servers: Probed::Seen(vec![known]), ..Processes::default() };
    let (memory, processes) = (Probed::Seen(memory), Probed::Seen(processes));
    ground::moment(at_ms, Host { memory, processes, ..ground::host() })
}

fn judged(swappiness: u64, pages: u64, avg60: u32) -> Record {
    let before = moment(1, swappiness, 90_000, avg60);
    let after = moment(2_001, swappiness, 90_000 + pages, avg60);
    CHECK.judge(&Window { before: &before, after: &after }).remove(0)
}

#[test]
fn it_is_information_and_only_where_memory_is_short() {
    assert_eq!(judged(60, 0, 999).status, Status::Pass);
    let found = judged(60, 0, 1_000);
    assert_eq!((found.status, found.severity), (Status::Fail, Severity::Info));
    assert_eq!(
        found.observed,
        "vm.swappiness is 60 beside pid 7 \"postgres\", and a task waited for memory for 10.0 % of the last minute"
    );
    assert!(found.fix.contains("sysctl -w vm.swappiness=10 (undo: 60)"), "{}", found.fix);
    assert!(judged(60, 900, 600).observed.contains("900 pages came back"));
}

#[test]
fn ten_is_well_however_short_memory_is() {
    assert_eq!(judged(10, 900, 9_000).status, Status::Pass);
    assert_eq!(judged(11, 900, 9_000).status, Status::Fail);
}

#[test]
fn without_swap_or_a_database_it_does_not_apply() {
    let status = |change: fn(&mut Host)| {
        let (before, mut after) = (moment(1, 60, 0, 9_000), moment(2_001, 60, 900, 9_000));
        change(&mut after.host);
        CHECK.judge(&Window { before: &before, after: &after })[0].status
    };
    let no_swap = |host: &mut Host| {
        let memory = ground::seen(&mut host.memory);
        memory.meminfo = Probed::Seen([("SwapTotal".to_owned(), 0)].into());
    };
    let no_database = |host: &mut Host| {
        ground::seen(&mut host.processes).servers = Probed::Seen(Vec::new());
    };
    assert_eq!(status(no_swap), Status::NotApplicable);
    assert_eq!(status(no_database), Status::NotApplicable);
    let unknown = |host: &mut Host| {
        ground::seen(&mut host.memory).meminfo = Probed::Seen([].into());
    };
    assert_eq!(status(unknown), Status::Skip);
    let no_pressure = |host: &mut Host| {
        ground::seen(&mut host.memory).pressure = Pressures::default();
    };
    assert_eq!(status(no_pressure), Status::Skip);
}
