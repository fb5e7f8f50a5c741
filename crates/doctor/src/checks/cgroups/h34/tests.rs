use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Cgroups, Groups, Host, Memory, Probed};

const MIB: u64 = 1 << 20;

fn group(anon: u64, shmem: u64, kernel: Option<u64>) -> MemoryGroup {
    let parts = MemoryParts {
        anon: anon * MIB,
        file: 900 * MIB,
        shmem: shmem * MIB,
        kernel: kernel.map(|kernel| kernel * MIB),
        slab_reclaimable: Some(0),
        ..MemoryParts::default()
    };
    MemoryGroup {
        path: "/shop".to_owned(),
        version: 2,
        limit_bytes: Some(1_000 * MIB),
        used_bytes: Some(1_000 * MIB),
        parts: Some(parts),
        ..MemoryGroup::default()
    }
}

fn judged(group: MemoryGroup, swap_free: u64) -> Vec<Record> {
    let memory = Probed::Seen(Groups { groups: vec![group], whole: true, left_out: 0 });
    let cgroups = Probed::Seen(Cgroups { memory, ..Cgroups::default() });
    let sizes = [("SwapFree".to_owned(), swap_free)];
    let memory = Memory { meminfo: Probed::Seen(sizes.into()), ..Memory::default() };
    let memory = Probed::Seen(memory);
    let host = Host { memory, cgroups, ..ground::host() };
    let (before, after) = (ground::moment(1, host.clone()), ground::moment(1_001, host));
    CHECK.judge(&Window { before: &before, after: &after })
}

#[test]
fn above_eighty_five_percent_it_is_a_fault_that_names_the_largest_part() {
    assert_eq!(judged(group(400, 440, Some(10)), 0)[0].status, Status::Pass);
    let found = &judged(group(400, 441, Some(10)), 0)[0];
    assert_eq!((found.status, found.severity), (Status::Fail, Severity::Warning));
    assert_eq!((found.aspect, &*found.target), (Some("shmem"), "host /shop"));
    assert_eq!(
        found.observed,
        "/shop cannot give back 851 MiB of 1000 MiB, 85 %; most of it is shared memory and files in a tmpfs, 441 MiB"
    );
    assert!(found.impact.starts_with("after 149 MiB more"), "{}", found.impact);
    assert_eq!(judged(group(900, 0, Some(10)), 0)[0].aspect, Some("anon"));
}

#[test]
fn page_cache_does_not_count() {
    let found = judged(group(10, 0, Some(1)), 0);
    assert_eq!(found[0].status, Status::Pass);
    assert!(found[0].observed.contains("none holds more than 1 %"), "{}", found[0].observed);
}

#[test]
fn what_swap_would_take_is_taken_off_but_not_of_the_kernel() {
    assert_eq!(judged(group(900, 0, Some(10)), 100 * MIB)[0].status, Status::Pass);
    assert_eq!(judged(group(0, 0, Some(900)), 5_000 * MIB)[0].status, Status::Fail);
    let mut may_not_swap = group(900, 0, Some(10));
    may_not_swap.swap_left_bytes = Some(0);
    assert_eq!(judged(may_not_swap, 5_000 * MIB)[0].status, Status::Fail);
}

#[test]
fn with_version_1_it_may_be_slabs_that_can_be_given_back() {
    let old = |anon, kernel| {
        let mut group = group(anon, 0, Some(kernel));
        group.version = 1;
        group.parts.as_mut().unwrap().slab_reclaimable = None;
        judged(group, 0).remove(0)
    };
    assert_eq!((old(100, 800).status, old(100, 800).confidence), (Status::Fail, Confidence::Low));
    assert_eq!(old(860, 10).confidence, Confidence::High);
}

#[test]
fn a_limit_above_the_memory_of_the_machine_is_none_and_no_limit_neither() {
    let mut above = group(900, 0, Some(10));
    above.limit_bytes = Some((64 << 30) + 1);
    above.parts.as_mut().unwrap().anon = 63 << 30;
    assert_eq!(judged(above.clone(), 0)[0].status, Status::Pass);
    above.limit_bytes = None;
    assert_eq!(judged(above, 0)[0].status, Status::Pass);
}

#[test]
fn what_the_kernel_does_not_tell_is_not_fine() {
    assert_eq!(judged(group(10, 0, None), 0)[0].status, Status::Skip);
    let mut blind = group(10, 0, Some(1));
    blind.parts = None;
    assert_eq!(judged(blind, 0)[0].status, Status::Skip);
}
