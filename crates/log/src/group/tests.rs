use base::{Sequence, StoreTime};

use super::*;
use crate::frame::FrameKind;
use crate::record::{Record, put};

#[test]
fn commits_take_sequences_in_order_and_read_back_from_the_same_buffer() {
    let mut group = Group::new(Sequence(5), StoreTime(100));
    assert!(group.is_empty());
    assert_eq!(group.last(), Sequence(4));
    let mut changes = Vec::new();
    put(&mut changes, b"key", b"value");
    assert_eq!(group.push_commit(StoreTime(99), 3, 7, 12, &changes), Sequence(5));
    assert_eq!(group.push_commit(StoreTime(130), 3, 8, 13, b""), Sequence(6));
    assert_eq!(
        (group.last(), group.next(), group.latest()),
        (Sequence(6), Sequence(7), StoreTime(130))
    );
    let first = group.records().next().unwrap().unwrap();
    let expected = Record::Commit {
        sequence: Sequence(5),
        time: StoreTime(99),
        session: 3,
        count: 7,
        command: 12,
        changes: Changes::new(&changes),
    };
    assert_eq!(first, expected);
}

#[test]
fn a_restarted_group_keeps_nothing_of_what_it_held() {
    let mut group = Group::new(Sequence(5), StoreTime(100));
    group.set_generations(Generation(9));
    group.push_session_end(4);
    group.push_commit(StoreTime(200), 0, 0, 0, b"");
    group.restart(Sequence(6), StoreTime(150));
    assert!(group.is_empty() && group.session_changes().next().is_none());
    assert_eq!((group.first(), group.last()), (Sequence(6), Sequence(5)));
    assert_eq!((group.latest(), group.generations()), (StoreTime(150), Generation::NONE));
}

#[test]
fn changes_that_do_not_decode_never_reach_the_log() {
    let pushed = std::panic::catch_unwind(|| {
        Group::new(Sequence(1), StoreTime(0)).push_commit(StoreTime(0), 0, 0, 0, b"nonsense")
    });
    assert!(pushed.is_err());
}

#[test]
fn a_small_commit_costs_few_bytes_beside_its_changes() {
    let mut group = Group::new(Sequence(1 << 40), StoreTime(1 << 40));
    let mut changes = Vec::new();
    put(&mut changes, &[7; 16], &[7; 64]);
    let before = changes.len();
    group.push_commit(StoreTime((1 << 40) + 900), 10_000, 1_000_000, 120, &changes);
    assert!(group.bytes() - before <= 12, "{}", group.bytes() - before);
}

#[test]
fn a_large_commit_takes_its_size_in_memory_once() {
    let mut changes = Vec::new();
    put(&mut changes, b"key", &vec![7; 1 << 20]);
    let mut group = Group::new(Sequence(1), StoreTime(0));
    group.push_commit(StoreTime(0), 1, 1, 1, &changes);
    let header = Header {
        checksum: 0,
        kind: FrameKind::Commits,
        payload_bytes: 0,
        store: 1,
        segment: 1,
        open: 1,
        previous: 0,
        first: Sequence(1),
        last: Sequence(1),
        durable: Sequence(0),
        generations: Generation(1),
        time: StoreTime(0),
    };
    let (_, written) = group.write_under(&header, <[u8]>::len);
    assert!(written > changes.len());
    assert!(group.buffer.capacity() < changes.len() + 2 * SECTOR_BYTES);
}
