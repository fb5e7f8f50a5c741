use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Cgroups, Groups, Host, Probed, Snapshot, Stall};

fn group(events: MemoryEvents) -> MemoryGroup {
    let (path, limit_bytes) = ("/shop".to_owned(), Some(64 << 20));
    MemoryGroup { path, version: 2, limit_bytes, events, ..MemoryGroup::default() }
}

fn events(high: u64, oom: u64, oom_kill: u64) -> MemoryEvents {
    let (high, oom, oom_kill) = (Some(high), Some(oom), Some(oom_kill));
    MemoryEvents { high, max: Some(9), oom, oom_kill, under_oom: None }
}

fn moment(at_ms: u64, groups: Vec<MemoryGroup>) -> Snapshot {
    let memory = Probed::Seen(Groups { groups, whole: true, left_out: 0 });
    let cgroups = Probed::Seen(Cgroups { memory, ..Cgroups::default() });
    ground::moment(at_ms, Host { cgroups, ..ground::host() })
}

fn judged(before: Vec<MemoryGroup>, after: Vec<MemoryGroup>) -> Vec<Record> {
    let (before, after) = (moment(1, before), moment(2_001, after));
    CHECK.judge(&Window { before: &before, after: &after })
}

#[test]
fn a_kill_in_the_window_is_critical_and_a_total_is_no_fault() {
    let old = judged(vec![group(events(0, 7, 7))], vec![group(events(0, 7, 7))]);
    assert_eq!(old[0].status, Status::Pass);
    assert_eq!(
        old[0].observed,
        "nothing was killed or held up in 2.0 s in 1 control group of this machine"
    );
    let new = judged(vec![group(events(0, 7, 7))], vec![group(events(0, 8, 9))]);
    assert_eq!((new.len(), new[0].status, new[0].severity), (1, Status::Fail, Severity::Critical));
    assert_eq!(new[0].target, "host /shop");
    assert_eq!(new[0].observed, "/shop lost 2 processes in 2.0 s, of 64 MiB");
    let wanted = "echo 100663296 > /sys/fs/cgroup/shop/memory.max (undo: 67108864)";
    assert!(new[0].fix.contains(wanted), "{}", new[0].fix);
}

#[test]
fn the_own_group_of_a_container_has_its_files_at_the_top() {
    let own = |events| MemoryGroup { path: "/".to_owned(), ..group(events) };
    let found = judged(vec![own(events(0, 0, 0))], vec![own(events(0, 1, 1))]);
    assert!(found[0].fix.contains(" > /sys/fs/cgroup/memory.max "), "{}", found[0].fix);
}

#[test]
fn being_above_high_is_a_warning_only_where_it_is_felt() {
    let severity = |pressure: Option<u32>| {
        let mut after = group(events(474, 0, 0));
        after.high_bytes = Some(48 << 20);
        after.pressure = pressure.map(|avg10| Stall { avg10, avg60: 0 });
        let found = judged(vec![group(events(0, 0, 0))], vec![after]);
        assert_eq!((found.len(), found[0].status), (1, Status::Fail));
        (found[0].severity, found[0].confidence)
    };
    assert_eq!(severity(Some(499)), (Severity::Info, Confidence::High));
    assert_eq!(severity(Some(500)), (Severity::Warning, Confidence::High));
    assert_eq!(severity(None), (Severity::Warning, Confidence::Low));
}

#[test]
fn page_cache_at_the_limit_is_no_fault() {
    let mut after = events(0, 0, 0);
    after.max = Some(90_000);
    assert_eq!(judged(vec![group(events(0, 0, 0))], vec![group(after)])[0].status, Status::Pass);
}

#[test]
fn with_version_1_processes_that_stand_still_are_found() {
    let told = |under_oom| {
        let events = MemoryEvents { oom_kill: Some(0), under_oom, ..MemoryEvents::default() };
        MemoryGroup { version: 1, ..group(events) }
    };
    let found = judged(vec![told(Some(false))], vec![told(Some(true))]);
    assert_eq!((found[0].status, found[0].severity), (Status::Fail, Severity::Critical));
    assert!(found[0].fix.contains("/sys/fs/cgroup/memory/shop/memory.limit_in_bytes"));
    assert_eq!(judged(vec![told(Some(true))], vec![told(Some(false))])[0].status, Status::Pass);
}

#[test]
fn a_group_that_came_meanwhile_or_came_anew_counts_from_zero() {
    let new = judged(Vec::new(), vec![group(events(0, 1, 1))]);
    assert_eq!(new[0].observed, "/shop lost a process in 2.0 s, of 64 MiB");
    let anew = judged(vec![group(events(0, 9, 9))], vec![group(events(0, 1, 1))]);
    assert_eq!(anew[0].observed, "/shop lost a process in 2.0 s, of 64 MiB");
}

#[test]
fn what_a_kernel_does_not_count_is_not_fine() {
    let old = MemoryEvents { under_oom: Some(false), ..MemoryEvents::default() };
    let found = judged(vec![group(old)], vec![group(old)]);
    assert_eq!((found.len(), found[0].status), (1, Status::Skip));
    assert!(found[0].observed.contains("oom_kill of /shop"), "{}", found[0].observed);
}

#[test]
fn groups_that_were_not_looked_at_are_not_fine_and_a_new_run_of_the_machine_is_no_growth() {
    let (before, mut after) = (moment(1, Vec::new()), moment(2_001, Vec::new()));
    let cgroups = ground::seen(&mut after.host.cgroups);
    ground::seen(&mut cgroups.memory).left_out = 3;
    let found = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!((found.len(), found[0].status), (1, Status::Skip));
    after.host.boot = "another".to_owned();
    let found = CHECK.judge(&Window { before: &before, after: &after });
    assert!(found[0].observed.contains("started anew"), "{}", found[0].observed);
}
