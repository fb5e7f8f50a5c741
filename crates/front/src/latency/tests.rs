use super::*;

fn note(latencies: &Latencies, at_ms: u64, took_ms: u64) {
    latencies.note("command", StoreTime(at_ms), Duration::from_millis(took_ms));
}

#[test]
fn of_each_second_the_longest_is_kept_and_of_all_the_longest_is_known() {
    let latencies = Latencies::default();
    for (at, took) in [(1_000, 5), (1_900, 9), (1_999, 7), (3_000, 2)] {
        note(&latencies, at, took);
    }
    let (name, event) = latencies.events().pop().unwrap();
    assert_eq!((name, event.worst_ms), ("command", 9));
    let samples = [Sample { second: 1, ms: 9 }, Sample { second: 3, ms: 2 }];
    assert_eq!(event.samples, samples);
}

#[test]
fn the_oldest_seconds_go() {
    let latencies = Latencies::default();
    (0..200).for_each(|second| note(&latencies, second * 1000, second + 1));
    let (_, event) = latencies.events().pop().unwrap();
    assert_eq!(event.samples.len(), 160);
    assert_eq!(event.samples[0], Sample { second: 40, ms: 41 });
}

#[test]
fn nothing_is_wanted_until_there_is_a_threshold() {
    let latencies = Latencies::default();
    assert!(!latencies.wants(Duration::MAX));
    latencies.threshold_ms.store(5, Ordering::Relaxed);
    assert!(
        latencies.wants(Duration::from_millis(5)) && !latencies.wants(Duration::from_millis(4))
    );
}

#[test]
fn events_are_forgotten_by_name_or_all() {
    let latencies = Latencies::default();
    note(&latencies, 0, 1);
    latencies.note("fast-command", StoreTime(0), Duration::from_millis(1));
    assert_eq!(latencies.forget(&[b"nothing", b"COMMAND"]), 1);
    assert_eq!(latencies.events().len(), 1);
    assert_eq!(latencies.forget(&[]), 1);
}

#[test]
fn a_graph_has_a_column_for_each_sample_and_shows_the_least_and_the_greatest() {
    let latencies = Latencies::default();
    for (second, took) in [(1_000, 10), (1_030, 20), (4_000, 45), (4_590, 80), (4_600, 10)] {
        note(&latencies, second * 1000, took);
    }
    let (name, event) = latencies.events().pop().unwrap();
    let expected = [
        "command - high 80 ms, low 10 ms (all time high 80 ms)",
        &"-".repeat(80),
        "   |",
        "   |",
        "  ||",
        "_|||_",
        "",
        "15110",
        "h900s",
        " mms",
        "",
    ];
    assert_eq!(graph(name, &event, 4_600), expected.join("\n"));
}
