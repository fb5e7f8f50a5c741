use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Cgroups, Host, Memory, Probed};

fn judged(slabs_mib: Option<u64>, dying: Probed<u64>) -> Vec<Record> {
    let sizes = [("MemTotal", Some(1_000)), ("SUnreclaim", slabs_mib)];
    let sizes = sizes.into_iter().filter_map(|(name, mib)| Some((name.to_owned(), mib? << 20)));
    let memory = Memory { meminfo: Probed::Seen(sizes.collect()), ..Memory::default() };
    let cgroups = Probed::Seen(Cgroups { dying, ..Cgroups::default() });
    let host = Host { memory: Probed::Seen(memory), cgroups, ..ground::host() };
    let (before, after) = (ground::moment(1, host.clone()), ground::moment(1_001, host));
    CHECK.judge(&Window { before: &before, after: &after })
}

#[test]
fn more_than_a_tenth_of_the_memory_in_slabs_is_a_fault() {
    let well = judged(Some(100), Probed::Seen(0));
    assert_eq!((well.len(), well[0].status), (1, Status::Pass));
    assert_eq!(
        well[0].observed,
        "slabs that cannot be given back take 100 MiB of 1000 MiB; 0 removed control groups are held"
    );
    let found = judged(Some(101), Probed::Seen(0));
    assert_eq!((found[0].status, found[0].aspect), (Status::Fail, Some("slab")));
    assert_eq!(found[0].observed, "slabs that cannot be given back take 101 MiB of 1000 MiB, 10 %");
}

#[test]
fn more_than_ten_thousand_removed_groups_are_one_too() {
    assert_eq!(judged(Some(1), Probed::Seen(10_000))[0].status, Status::Pass);
    let found = judged(Some(1), Probed::Seen(10_001));
    assert_eq!((found[0].status, found[0].severity), (Status::Fail, Severity::Warning));
    assert_eq!(found[0].target, "host control groups");
}

#[test]
fn one_half_that_cannot_be_seen_is_not_fine_and_hides_not_the_other() {
    let absent = || Probed::Absent("cgroup.stat".to_owned());
    assert_eq!(judged(Some(1), absent())[0].status, Status::Skip);
    let both = judged(Some(200), absent());
    assert_eq!([both[0].status, both[1].status], [Status::Fail, Status::Skip]);
    assert_eq!(judged(None, Probed::Seen(0))[0].status, Status::Skip);
}
