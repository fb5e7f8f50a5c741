use super::*;

#[test]
fn figures_of_the_process_are_read_from_what_linux_tells() {
    assert_eq!(resident_bytes("VmSize:\t 9 kB\nVmRSS:\t    5120 kB\n"), Some(5120 * 1024));
    assert_eq!(resident_bytes("VmSize:\t 9 kB\n"), None);
    let stat = "12 (a) b) S 1 2 3 4 5 6 7 8 9 10 250 31 0 0 20 0";
    let times = (Duration::from_millis(2500), Duration::from_millis(310));
    assert_eq!(cpu_times(stat), Some(times));
    assert_eq!(cpu_times("12 (a) S 1"), None);
}
