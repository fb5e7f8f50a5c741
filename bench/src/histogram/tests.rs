use super::*;

#[test]
fn every_value_is_within_a_sixty_fourth_of_what_its_bucket_says() {
    let mut last = 0;
    for nanos in
        (0..2000).chain((11..40).flat_map(|power| [(1 << power) - 1, 1 << power, 3 << power >> 1]))
    {
        let at = bucket(nanos);
        let says = upper(at);
        assert!(says >= nanos, "{nanos} lies above {says}");
        assert!((says - nanos) as f64 <= nanos as f64 / 64.0, "{nanos} is taken for {says}");
        assert!(nanos < 2000 || at >= last, "buckets are in order");
        last = at;
    }
}

#[test]
fn a_percentile_is_the_value_of_its_rank() {
    let mut histogram = Histogram::default();
    (1..=1000).for_each(|micros| histogram.record(Duration::from_micros(micros)));
    for (share, micros) in [(0.5, 500.0), (0.99, 990.0), (0.999, 999.0), (1.0, 1000.0), (0.0, 1.0)]
    {
        let got = histogram.micros(share);
        assert!(got >= micros && got <= micros * 1.02, "{share}: {got} and not {micros}");
    }
}

#[test]
fn counting_together_is_counting_each() {
    let (mut one, mut other) = (Histogram::default(), Histogram::default());
    one.record_times(Duration::from_micros(10), 99);
    other.record(Duration::from_millis(5));
    one.add(&other);
    assert_eq!(one.count(), 100);
    assert!(one.micros(0.99) < 11.0);
    assert!(one.micros(0.991) >= 5000.0);
}

#[test]
fn of_nothing_there_is_no_percentile() {
    assert!(Histogram::default().micros(0.5).is_nan());
}
