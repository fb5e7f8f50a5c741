use super::*;

#[test]
fn what_fails_again_and_again_is_told_once_a_minute_with_a_count() {
    let mut repeats = Repeats::default();
    let compact = |free: u64| format!("cannot compact the tables of /data: {free} MiB are free");
    let at = Duration::from_secs;
    assert_eq!(repeats.tell(&compact(7), at(1)), Some(0));
    for second in 2..=30 {
        assert_eq!(repeats.tell(&compact(second), at(second)), None);
    }
    assert_eq!(repeats.tell("cannot flush to the tables of /data: no space", at(30)), Some(0));
    assert_eq!(repeats.tell(&compact(6), at(61)), Some(29));
    assert_eq!(repeats.tell(&compact(6), at(62)), None);
}
