use super::*;

#[test]
fn sizes_are_told_in_kib_and_kept_in_bytes() {
    let text =
        "MemTotal:       24684084 kB\nMemFree:        23484864 kB\nHugePages_Total:       0\n";
    let sizes = meminfo(text, &["MemTotal", "HugePages_Total"]);
    assert_eq!(sizes, BTreeMap::from([("MemTotal".to_owned(), 25_276_502_016)]));
}

#[test]
fn counters_are_found_by_their_whole_name() {
    let text = "pswpin 7\npswpin_more 8\noom_kill 3\n";
    let found = counters(text, &["pswpin", "oom_kill", "pgmajfault"]);
    let wanted = [("oom_kill".to_owned(), 3), ("pswpin".to_owned(), 7)];
    assert_eq!(found, BTreeMap::from(wanted));
}

#[test]
fn what_a_guest_ran_is_not_counted_twice() {
    let text = "cpu  90283 0 15169 185304 731 0 141 63 40 0\ncpu0 1 2 3\n";
    assert_eq!(ticks(text), Some(Ticks { all: 291_691, steal: 63 }));
    assert_eq!(ticks("cpu  1 2 3 4\n"), None, "no steal is not zero");
}

#[test]
fn the_word_in_brackets_is_chosen() {
    assert_eq!(chosen("always [madvise] never\n").as_deref(), Some("madvise"));
    assert_eq!(chosen("always madvise never\n"), None);
}

#[test]
fn stalls_are_kept_in_hundredths_of_a_percent() {
    let text = "some avg10=6.46 avg60=3.04 avg300=3.12 total=56290828\nfull avg10=0.00 avg60=100.00 avg300=0.00 total=0\n";
    let wanted = Pressure {
        some: Stall { avg10: 646, avg60: 304 },
        full: Some(Stall { avg10: 0, avg60: 10_000 }),
    };
    assert_eq!(pressure(text), Some(wanted));
    let old = pressure("some avg10=1.00 avg60=2.00 avg300=3.00 total=4\n").unwrap();
    assert_eq!(old.full, None, "before Linux 5.13 a processor has no full");
    assert_eq!(pressure("full avg10=1.00 avg60=2.00 avg300=3.00 total=4\n"), None);
}
