use super::*;

#[test]
fn bytes_after_a_commit_are_never_too_few_and_at_most_a_step_too_many() {
    let mut marks = Marks::new(Sequence::ZERO);
    let bytes = 100_000;
    for last in 1..=200 {
        marks.advance(bytes, Sequence(last));
    }
    for after in 0..=200 {
        let exact = (200 - after) * bytes;
        let told = marks.bytes_after(Sequence(after), Sequence(200));
        assert!(told >= exact && told <= exact + STEP_BYTES + bytes, "{after}: {told} for {exact}");
    }
    assert_eq!(marks.bytes_after(Sequence(200), Sequence(200)), 0);
}

#[test]
fn trimming_bounds_the_marks_and_changes_no_answer_above() {
    let mut marks = Marks::new(Sequence::ZERO);
    for last in 1..=10_000 {
        marks.advance(STEP_BYTES / 2, Sequence(last));
        let before = marks.bytes_after(Sequence(last - 1), Sequence(last));
        marks.trim(Sequence(last - 1));
        assert_eq!(marks.bytes_after(Sequence(last - 1), Sequence(last)), before);
        assert!(marks.marks.len() < 4);
    }
}
