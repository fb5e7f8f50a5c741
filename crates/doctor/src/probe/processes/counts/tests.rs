use super::*;

#[test]
fn threads_are_what_stands_behind_those_that_run() {
    assert_eq!(parse_threads("0.20 0.18 0.12 1/80 11206\n"), Some(80));
    assert_eq!(parse_threads("0.20 0.18\n"), None);
}

#[test]
fn files_that_older_kernels_keep_without_use_are_not_counted() {
    assert_eq!(parse_files("995\t0\t2466170\n"), Some(Use { used: 995, most: 2_466_170 }));
    assert_eq!(parse_files("900\t100\t1000\n"), Some(Use { used: 800, most: 1_000 }));
    assert_eq!(parse_files("995\n"), None);
}

#[test]
fn a_share_does_not_overflow_where_there_is_no_real_limit() {
    assert_eq!(Use { used: u64::MAX, most: u64::MAX }.share(), 100);
    assert_eq!(Use { used: 3, most: 0 }.share(), 0);
}
