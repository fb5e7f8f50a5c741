use super::*;

#[test]
fn the_answer_is_taken_for_the_middle_between_question_and_answer() {
    let offset = |told| Offset::between(1_000_000, told, 1_000_400);
    assert_eq!(offset(1_000_200), Offset { ahead_us: 0, delay_us: 400 });
    assert_eq!(offset(1_500_200), Offset { ahead_us: 500_000, delay_us: 400 });
    assert_eq!(offset(0), Offset { ahead_us: -1_000_200, delay_us: 400 });
    // Our own clock was set back in between.
    assert_eq!(Offset::between(1_000, 900, 800), Offset { ahead_us: 0, delay_us: 0 });
}
