use super::*;

#[test]
fn memory_that_looks_like_a_file_is_none() {
    assert!(is_file("/var/log/app.log (deleted)"));
    assert!(!is_file("/var/log/app.log"));
    for memory in ["/memfd:x (deleted)", "/dev/zero (deleted)", "/SYSV00000000 (deleted)"] {
        assert!(!is_file(memory), "{memory}");
    }
}

#[test]
fn a_device_is_written_as_mounts_have_it() {
    assert_eq!(number(rustix::fs::makedev(254, 17)), "254:17");
}
