use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn commit(time_delta: i64, session: u64, count: u64, command: u32) -> CommitHead {
    CommitHead { time_delta, session, count, command }
}

#[derive(Clone, Debug)]
enum Owned {
    Put(Vec<u8>, Vec<u8>),
    Remove(Vec<u8>),
    Add(Vec<u8>, i64),
}

fn any_change() -> impl Strategy<Value = Owned> {
    let bytes = || vec(any::<u8>(), 0..200);
    prop_oneof![
        (bytes(), bytes()).prop_map(|(key, value)| Owned::Put(key, value)),
        bytes().prop_map(Owned::Remove),
        (bytes(), any::<i64>()).prop_map(|(key, delta)| Owned::Add(key, delta)),
    ]
}

proptest! {
    #[test]
    fn changes_read_back_as_they_were_written(changes in vec(any_change(), 0..20)) {
        let mut bytes = Vec::new();
        for change in &changes {
            match change {
                Owned::Put(key, value) => put(&mut bytes, key, value),
                Owned::Remove(key) => remove(&mut bytes, key),
                Owned::Add(key, delta) => add(&mut bytes, key, *delta),
            }
        }
        let found: Result<Vec<Change<'_>>, Malformed> = Changes::new(&bytes).collect();
        let found = found.unwrap();
        prop_assert_eq!(found.len(), changes.len());
        for (found, change) in found.iter().zip(&changes) {
            let same = match (found, change) {
                (Change::Put { key, value }, Owned::Put(k, v)) => key == k && value == v,
                (Change::Remove { key }, Owned::Remove(k)) => key == k,
                (Change::Add { key, delta }, Owned::Add(k, d)) => key == k && delta == d,
                _ => false,
            };
            prop_assert!(same);
        }
    }

    #[test]
    fn any_bytes_decode_or_are_refused_and_end(bytes in vec(any::<u8>(), 0..400)) {
        let records = Records::new(&bytes, Sequence(1), StoreTime(0));
        prop_assert!(records.count() <= bytes.len());
        prop_assert!(Changes::new(&bytes).count() <= bytes.len());
    }

    #[test]
    fn a_commits_time_reads_back_whatever_the_frames_time(frame in any::<u64>(), at in any::<u64>()) {
        let mut bytes = Vec::new();
        put_commit(&mut bytes, commit(at.wrapping_sub(frame).cast_signed(), 0, 0, 0), b"");
        let mut records = Records::new(&bytes, Sequence(1), StoreTime(frame));
        let Some(Ok(Record::Commit { time, .. })) = records.next() else { panic!("a commit") };
        prop_assert_eq!(time, StoreTime(at));
    }
}

#[test]
fn the_bytes_of_each_record_are_those_of_the_format() {
    let mut bytes = Vec::new();
    let session = Session { number: 300, user: b"u", client: b"", address: b"ab", protocol: b"c" };
    put_session(&mut bytes, &session);
    assert_eq!(bytes, [1, 0xac, 2, 1, b'u', 0, 2, b'a', b'b', 1, b'c']);
    bytes.clear();
    put_session_end(&mut bytes, 5);
    assert_eq!(bytes, [2, 5]);
    bytes.clear();
    put_commit(&mut bytes, commit(-1, 1, 2, 3), &[9, 9]);
    assert_eq!(bytes, [3, 1, 1, 2, 3, 2, 9, 9]);
    bytes.clear();
    put(&mut bytes, b"k", b"vw");
    remove(&mut bytes, b"k");
    add(&mut bytes, b"k", -2);
    assert_eq!(bytes, [1, 1, b'k', 2, b'v', b'w', 2, 1, b'k', 3, 1, b'k', 3]);
}

#[test]
fn commits_below_the_start_are_left_out_and_sessions_are_not() {
    let mut bytes = Vec::new();
    put_commit(&mut bytes, commit(0, 0, 0, 0), b"");
    put_session_end(&mut bytes, 1);
    put_commit(&mut bytes, commit(0, 0, 0, 0), b"");
    let records = Records::new(&bytes, Sequence(7), StoreTime(0)).starting_at(Sequence(8));
    let found: Vec<Record<'_>> = records.map(Result::unwrap).collect();
    assert!(matches!(
        found[..],
        [Record::SessionEnd { number: 1 }, Record::Commit { sequence: Sequence(8), .. }]
    ));
}

#[test]
fn records_end_at_the_first_that_does_not_decode() {
    let mut bytes = Vec::new();
    put_session_end(&mut bytes, 1);
    bytes.push(99);
    put_session_end(&mut bytes, 2);
    let mut records = Records::new(&bytes, Sequence(1), StoreTime(0));
    assert!(matches!(records.next(), Some(Ok(_))));
    assert_eq!(records.next(), Some(Err(Malformed { expected: "a record's type" })));
    assert!(records.next().is_none());
    let cut = Changes::new(&[PUT, 200, 1]);
    assert_eq!(cut.collect::<Vec<_>>(), [Err(Malformed { expected: "a row's key" })]);
}

#[test]
fn a_command_number_beyond_32_bits_is_refused() {
    let mut bytes = std::vec![COMMIT, 0, 0, 0];
    put_varint(&mut bytes, u64::from(u32::MAX) + 1);
    put_bytes(&mut bytes, b"");
    let first = Records::new(&bytes, Sequence(1), StoreTime(0)).next();
    assert_eq!(first, Some(Err(Malformed { expected: "a command" })));
}

#[test]
fn checking_reads_changes_too_and_tells_the_latest_time() {
    let mut bytes = Vec::new();
    put_commit(&mut bytes, commit(5, 0, 0, 0), b"");
    put_commit(&mut bytes, commit(-5, 0, 0, 0), b"");
    let records = Records::new(&bytes, Sequence(1), StoreTime(100));
    assert_eq!(records.check(), Ok((2, StoreTime(105))));
    put_commit(&mut bytes, commit(0, 0, 0, 0), &[PUT]);
    assert!(Records::new(&bytes, Sequence(1), StoreTime(100)).check().is_err());
}
