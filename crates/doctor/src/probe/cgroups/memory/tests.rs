use super::*;

/// Of Linux 6.1, cut.
const TWO: &str = "\
anon 20480
file 1048576
kernel 300000
kernel_stack 16384
pagetables 40960
sock 4096
shmem 8192
workingset_refault_anon 1
workingset_refault_file 77
slab_reclaimable 100000
slab_unreclaimable 60000
slab 160000
pgfault 900
pgmajfault 12
";

/// Of Linux 6.18, cut.
const ONE: &str = "\
cache 3686400
rss 1
shmem 1
pgmajfault 1
total_cache 3686400
total_rss 1839104
total_shmem 12288
total_workingset_refault_file 898
total_pgmajfault 42
";

#[test]
fn the_parts_of_version_2_do_not_overlap() {
    let parts = parse_two(TWO).unwrap();
    let wanted = MemoryParts {
        anon: 20_480,
        file: 1_048_576 - 8_192,
        shmem: 8_192,
        kernel: Some(200_000),
        slab_reclaimable: Some(100_000),
        sock: Some(4_096),
        refaults: Some(77),
        major_faults: Some(12),
    };
    assert_eq!(parts, wanted);
    // Before 5.18 there is no kernel, and before 5.9 one counter of refaults.
    let old =
        TWO.replace("kernel 300000\n", "").replace("workingset_refault_file", "workingset_refault");
    let parts = parse_two(&old).unwrap();
    assert_eq!((parts.kernel, parts.refaults), (Some(16_384 + 40_960 + 60_000), Some(77)));
    let older = old.replace("slab_unreclaimable 60000\n", "");
    assert_eq!(parse_two(&older).unwrap().kernel, None, "not told is not zero");
}

#[test]
fn the_parts_of_version_1_are_those_with_what_is_below() {
    let parts = parse_one(ONE, Some(2_179_072)).unwrap();
    assert_eq!((parts.anon, parts.file, parts.shmem), (1_839_104, 3_674_112, 12_288));
    assert_eq!((parts.kernel, parts.slab_reclaimable), (Some(2_179_072), None));
    assert_eq!((parts.refaults, parts.major_faults), (Some(898), Some(42)));
}

#[test]
fn events_are_read_by_their_whole_names() {
    let events = parse_events("low 0\nhigh 315\nmax 4\noom 1\noom_kill 2\noom_group_kill 9\n");
    let wanted = (Some(315), Some(4), Some(1), Some(2), None);
    assert_eq!((events.high, events.max, events.oom, events.oom_kill, events.under_oom), wanted);
    let events = parse_oom("oom_kill_disable 1\nunder_oom 1\noom_kill 3\n");
    assert_eq!((events.oom_kill, events.under_oom), (Some(3), Some(true)));
    let old = parse_oom("oom_kill_disable 0\nunder_oom 0\n");
    assert_eq!((old.oom_kill, old.under_oom), (None, Some(false)));
}

#[test]
fn max_is_no_limit() {
    assert_eq!(bytes("max\n"), None);
    assert_eq!(bytes("67108864\n"), Some(67_108_864));
    let is_none = |bytes: u64| bytes >= NO_LIMIT_LEAST;
    assert!(is_none(9_223_372_036_854_771_712) && is_none(9_223_372_036_854_710_272));
    assert!(!is_none(64 << 40));
}
