use super::*;

#[test]
fn processor_time_is_that_of_the_program_and_of_the_kernel_for_it() {
    let stat = "71 (a (b) c) S 1 71 71 0 -1 4194560 900 0 0 0 250 50 7 8 20 0 9 0 1 2 3";
    assert_eq!(parse_cpu(stat), Some(3.0));
    assert_eq!(parse_cpu("71 (a) S 1"), None);
}

#[test]
fn resident_memory_is_read_in_bytes() {
    assert_eq!(parse_bytes("VmPeak:\t 9 kB\nVmRSS:\t    1024 kB\n", "VmRSS:"), Some(1 << 20));
    assert_eq!(parse_bytes("VmPeak:\t 9 kB\n", "VmRSS:"), None);
}

#[test]
fn a_metric_is_found_by_its_whole_name() {
    let text = "# TYPE a_total counter\na_total_more 9\na_total{shard=\"0\"} 7\nb 1.5\n";
    assert_eq!(parse_metric(text, "a_total"), Some(7.0));
    assert_eq!(parse_metric(text, "b"), Some(1.5));
    assert_eq!(parse_metric(text, "a"), None);
}

#[test]
fn what_was_replayed_is_read_from_the_start_block() {
    assert_eq!(parse_replayed("  log         commit 8127, 12 MiB replayed"), Some(12));
    assert_eq!(parse_replayed("  log         commit 8127, 0 MiB replayed, dropped"), Some(0));
    assert_eq!(parse_replayed("ready"), None);
}

#[test]
fn a_histogram_has_its_bounds_and_counts() {
    let text = "x_bucket{shard=\"0\",le=\"0.00001\"} 3\nx_bucket{shard=\"0\",le=\"+Inf\"} 7\nx_sum{shard=\"0\"} 1.5\n";
    assert_eq!(parse_histogram(text, "x"), [(0.00001, 3.0), (f64::INFINITY, 7.0)]);
}
