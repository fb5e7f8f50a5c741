use super::*;

fn repeated(sessions: &OpenSessions, bytes: u64) -> Vec<u8> {
    sessions.repeated(bytes).map(|record| record[0]).collect()
}

#[test]
fn the_newest_that_fit_a_share_of_the_segment_are_repeated() {
    let mut sessions = OpenSessions::default();
    for number in 1..=4 {
        sessions.note(u64::from(number), Some(&[number; 10]));
    }
    assert_eq!(repeated(&sessions, 8 * 40), [4, 3, 2, 1]);
    assert_eq!(repeated(&sessions, 8 * 39), [4, 3, 2]);
    assert_eq!(repeated(&sessions, 8 * 9), [0; 0]);
    assert_eq!(sessions.repeated_bytes(8 * 39), 39);
}

#[test]
fn what_is_over_or_renamed_is_counted_once() {
    let mut sessions = OpenSessions::default();
    sessions.note(1, Some(&[1; 10]));
    sessions.note(1, Some(&[2; 30]));
    assert_eq!((sessions.repeated_bytes(1 << 20), repeated(&sessions, 1 << 20)), (30, vec![2]));
    sessions.note(1, None);
    sessions.note(1, None);
    assert_eq!(sessions.repeated_bytes(1 << 20), 0);
}
