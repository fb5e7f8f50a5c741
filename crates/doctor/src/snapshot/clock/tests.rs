use super::*;

#[test]
fn the_answer_is_taken_for_the_middle_between_question_and_answer() {
    let offset = |told| Offset::between(1_000_000, told, 1_000_400, 410);
    let seen = |ahead_us| Probed::Seen(Offset { ahead_us, delay_us: 410 });
    assert_eq!(offset(1_000_200), seen(0));
    assert_eq!(offset(1_500_200), seen(500_000));
    assert_eq!(offset(0), seen(-1_000_200));
}

#[test]
fn an_answer_during_which_our_own_clock_was_set_tells_nothing() {
    let is_seen = |came_us, delay_us| {
        let offset = Offset::between(1_000_000, 1_000_000, came_us, delay_us);
        matches!(offset, Probed::Seen(_))
    };
    assert!(is_seen(1_010_000, 0) && !is_seen(1_010_001, 0), "forwards");
    assert!(is_seen(1_000_000, 10_000) && !is_seen(1_000_000, 10_001), "backwards");
    assert!(!is_seen(900_000, 400) && is_seen(1_500_000, 500_000), "a slow one is none");
}
