use super::*;

#[test]
fn a_value_is_found_by_its_whole_name() {
    let text = "oom 1\noom_kill 2\noom_group_kill 3\n";
    assert_eq!(value(text, "oom"), Some(1));
    assert_eq!(value(text, "oom_kill"), Some(2));
    assert_eq!(value(text, "kill"), None);
}

#[test]
fn the_kernel_counts_the_groups_of_a_controller() {
    let text = "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t9\t1\nmemory\t4\t27\t1\n";
    assert_eq!(parse_count(text), Some(27));
    assert_eq!(parse_count("#subsys_name\thierarchy\tnum_cgroups\tenabled\n"), None);
}

#[test]
fn a_file_that_is_not_there_is_nothing() {
    assert_eq!(read(Path::new("/proc/self"), "memory.max").unwrap(), None);
    assert!(read(Path::new("/proc/self"), "comm").unwrap().is_some());
}
