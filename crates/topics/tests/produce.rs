//! Topics and their partitions, over a store in memory: offsets, producers, deletion, refusals.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod ground;

use base::rng::SplitMix64;
use groundsill_topics::partition::{self, Head};
use groundsill_topics::{producer, topic};
use kv::{Layer, Refusal, Type};
use wire::kafka::batch::Batch;

use ground::{World, batch, numbered};

const TOPIC: &[u8] = b"payments";

fn with_topic(partitions: u32) -> World {
    let mut world = World::new();
    world.transact(|txn, place| topic::create(txn, place, TOPIC, partitions)).unwrap();
    world
}

#[test]
fn offsets_have_no_gap_and_never_go_back_whatever_happens_in_between() {
    let (mut world, mut rng) = (with_topic(3), SplitMix64::new(7));
    let mut next = [0u64; 3];
    for round in 0..300 {
        let number = rng.below(3);
        let count = 1 + rng.below(4);
        let bytes = batch(count.cast_signed(), 0);
        let at = usize::try_from(number).unwrap();
        let number = u32::try_from(number).unwrap();
        if rng.one_in(4) {
            // A transaction that is refused after it has produced leaves nothing, no offset either.
            let parsed = Batch::parse(&bytes).unwrap();
            let refused = world.transact(|txn, place| -> Result<(), _> {
                partition::produce(txn, place, TOPIC, number, &parsed)?;
                Err(Refusal::limit("to be undone").into())
            });
            assert_eq!(refused.unwrap_err().code, "LIMIT");
        } else {
            assert_eq!(world.produce(TOPIC, number, &bytes), Ok(next[at]));
            next[at] += count;
        }
        if round % 100 == 99 {
            world = world.reopened();
        }
    }
    for (number, next) in (0..).zip(next) {
        assert!(next > 50, "partition {number} has seen too little: {next}");
        let mut expected = 0;
        for (first, last) in world.batches(TOPIC, number) {
            assert_eq!(first, expected);
            expected = last + 1;
        }
        assert_eq!(expected, next);
        assert_eq!(world.head(TOPIC, number).unwrap().next, next);
    }
}

#[test]
fn one_transaction_may_produce_to_several_partitions_and_several_times() {
    let mut world = with_topic(2);
    let (one, two) = (batch(1, 0), batch(2, 0));
    let (one, two) = (Batch::parse(&one).unwrap(), Batch::parse(&two).unwrap());
    let bases = world.transact(|txn, place| {
        Ok([
            partition::produce(txn, place, TOPIC, 0, &two)?.base,
            partition::produce(txn, place, TOPIC, 0, &one)?.base,
            partition::produce(txn, place, TOPIC, 1, &one)?.base,
        ])
    });
    assert_eq!(bases.unwrap(), [0, 2, 0]);
    assert_eq!(world.batches(TOPIC, 0), [(0, 1), (2, 2)]);
    assert_eq!(world.batches(TOPIC, 1), [(0, 0)]);
}

#[test]
fn what_a_producer_sends_again_is_appended_once() {
    let mut world = with_topic(1);
    // Batches of two records each: as many as are remembered, and one more.
    for number in 0..6 {
        let bytes = numbered(2, 9, 0, 2 * number);
        let base = u64::try_from(2 * number).unwrap();
        assert_eq!(world.produce(TOPIC, 0, &bytes), Ok(base));
    }
    let mut world = world.reopened();
    for number in 1..6 {
        let bytes = numbered(2, 9, 0, 2 * number);
        let base = u64::try_from(2 * number).unwrap();
        assert_eq!(world.produce(TOPIC, 0, &bytes), Ok(base), "batch {number} again");
    }
    let forgotten = world.produce(TOPIC, 0, &numbered(2, 9, 0, 0));
    assert_eq!(forgotten, Err("OUTOFORDER"), "too old to be known, and not appended again");
    let partly = world.produce(TOPIC, 0, &numbered(1, 9, 0, 10));
    assert_eq!(partly, Err("OUTOFORDER"), "the first half of a batch is not that batch");
    assert_eq!(world.head(TOPIC, 0).unwrap().next, 12);
    assert_eq!(world.batches(TOPIC, 0).len(), 6);
}

#[test]
fn a_number_that_does_not_follow_is_refused_and_the_right_one_still_taken() {
    let mut world = with_topic(2);
    assert_eq!(world.produce(TOPIC, 0, &numbered(3, 9, 0, 0)), Ok(0));
    assert_eq!(world.produce(TOPIC, 0, &numbered(1, 9, 0, 4)), Err("OUTOFORDER"));
    assert_eq!(world.produce(TOPIC, 0, &numbered(1, 9, 0, 3)), Ok(3));
    assert_eq!(world.produce(TOPIC, 1, &numbered(1, 9, 0, 4)), Err("UNKNOWNPRODUCER"));
    assert_eq!(world.produce(TOPIC, 1, &numbered(1, 9, 0, 0)), Ok(0), "each partition counts");
}

#[test]
fn a_higher_epoch_begins_at_zero_and_ends_the_lower_one() {
    let mut world = with_topic(1);
    assert_eq!(world.produce(TOPIC, 0, &numbered(2, 9, 0, 0)), Ok(0));
    assert_eq!(world.produce(TOPIC, 0, &numbered(1, 9, 1, 2)), Err("OUTOFORDER"));
    assert_eq!(world.produce(TOPIC, 0, &numbered(2, 9, 0, 2)), Ok(2), "nothing has changed yet");
    assert_eq!(world.produce(TOPIC, 0, &numbered(2, 9, 1, 0)), Ok(4), "not taken for the first");
    assert_eq!(world.produce(TOPIC, 0, &numbered(1, 9, 0, 4)), Err("STALEPRODUCER"));
    assert_eq!(world.produce(TOPIC, 0, &numbered(1, 9, 1, 2)), Ok(6));
}

#[test]
fn numbers_go_round_at_two_to_the_31() {
    let mut world = with_topic(1);
    // From 0 to the last number but one, by a batch as long as a header can claim.
    let most = i32::MAX;
    for id in [8, 9] {
        let base = world.head(TOPIC, 0).unwrap().next;
        assert_eq!(world.produce(TOPIC, 0, &claimed(id, 0, most - 1)), Ok(base));
    }
    let next = world.head(TOPIC, 0).unwrap().next;
    // The next batch ends at the last number, or goes round within.
    assert_eq!(world.produce(TOPIC, 0, &numbered(1, 8, 0, most)), Ok(next));
    assert_eq!(world.produce(TOPIC, 0, &numbered(1, 8, 0, 1)), Err("OUTOFORDER"));
    assert_eq!(world.produce(TOPIC, 0, &numbered(1, 8, 0, 0)), Ok(next + 1));
    assert_eq!(world.produce(TOPIC, 0, &numbered(3, 9, 0, most)), Ok(next + 2));
    assert_eq!(world.produce(TOPIC, 0, &numbered(3, 9, 0, most)), Ok(next + 2), "again");
    assert_eq!(world.produce(TOPIC, 0, &numbered(1, 9, 0, 1)), Err("OUTOFORDER"));
    assert_eq!(world.produce(TOPIC, 0, &numbered(1, 9, 0, 2)), Ok(next + 5));
}

/// A batch that claims to be compressed, and to hold records up to that offset.
fn claimed(id: i64, sequence: i32, last_delta: i32) -> Vec<u8> {
    let mut bytes = numbered(1, id, 0, sequence);
    bytes[22] |= 1;
    bytes[23..27].copy_from_slice(&last_delta.to_be_bytes());
    bytes[57..61].copy_from_slice(&(last_delta + 1).to_be_bytes());
    let checksum = crc32c::crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

#[test]
fn one_producer_too_many_has_the_oldest_forgotten_which_is_told_so() {
    let mut world = with_topic(1);
    // The last to come has the lowest number of all, and is not the one to go.
    for id in (2..=10_001).chain([1]) {
        world.produce(TOPIC, 0, &numbered(1, id, 0, 0)).unwrap();
    }
    assert_eq!(world.produce(TOPIC, 0, &numbered(1, 2, 0, 1)), Err("UNKNOWNPRODUCER"));
    for id in [1, 3, 10_001] {
        assert!(world.produce(TOPIC, 0, &numbered(1, id, 0, 1)).is_ok(), "producer {id}");
    }
}

#[test]
fn producers_have_ids_of_their_own_also_after_a_restart() {
    let mut world = World::new();
    let first = world.transact(producer::next_id).unwrap();
    let second = world.transact(producer::next_id).unwrap();
    let mut world = world.reopened();
    let third = world.transact(producer::next_id).unwrap();
    assert!(first < second && second < third, "{first} {second} {third}");
}

#[test]
fn a_topic_that_is_made_again_begins_anew() {
    let mut world = with_topic(1);
    let before = world.transact(|txn, place| topic::find(txn, place, TOPIC)).unwrap();
    assert_eq!(world.produce(TOPIC, 0, &numbered(2, 9, 0, 0)), Ok(0));
    let records = world.head(TOPIC, 0).unwrap().records;
    world.transact(|txn, place| topic::delete(txn, place, TOPIC)).unwrap();
    assert_eq!(world.head(TOPIC, 0), Err("NOTOPIC"));
    assert_eq!(world.produce(TOPIC, 0, &batch(1, 0)), Err("NOTOPIC"));
    assert!(world.transact(topic::names).unwrap().is_empty());

    world.transact(|txn, place| topic::create(txn, place, TOPIC, 1)).unwrap();
    let after = world.transact(|txn, place| topic::find(txn, place, TOPIC)).unwrap();
    assert_ne!(before.id, after.id);
    assert_eq!(world.head(TOPIC, 0), Ok(Head::default()));
    assert_eq!(world.produce(TOPIC, 0, &batch(1, 0)), Ok(0));
    assert_ne!(world.head(TOPIC, 0).unwrap().records, records);
    assert_eq!(world.batches(TOPIC, 0), [(0, 0)]);
    // The records of the old topic are given back.
    let handle = world.handle.clone();
    world.step_until(|store| {
        let old = store.read_records(&handle, Layer::Topics, records, &[], (9, 999));
        old.unwrap().is_empty()
    });
}

#[test]
fn a_refused_transaction_leaves_nothing() {
    let mut world = with_topic(1);
    let bytes = batch(1, 0);
    let parsed = Batch::parse(&bytes).unwrap();
    for (name, number, code) in [(TOPIC, 1, "NOPARTITION"), (b"other", 0, "NOTOPIC")] {
        let refused = world.transact(|txn, place| {
            let state = txn.open(place, Layer::Redis, b"balance")?;
            txn.create(state, Type::String)?;
            txn.put(state, b"", b"100")?;
            partition::produce(txn, place, TOPIC, 0, &parsed)?;
            partition::produce(txn, place, name, number, &parsed)
        });
        assert_eq!(refused.unwrap_err().code, code);
        let is_there = world.transact(|txn, place| {
            let state = txn.open(place, Layer::Redis, b"balance")?;
            Ok(txn.kind(state).is_some())
        });
        assert!(!is_there.unwrap());
        assert_eq!(world.head(TOPIC, 0), Ok(Head::default()));
        assert!(world.batches(TOPIC, 0).is_empty());
    }
}

#[test]
fn names_and_counts_that_may_not_be_are_refused() {
    let mut world = with_topic(1);
    let long = vec![b'a'; topic::NAME_BYTES_MAX + 1];
    let mut create = |name: &[u8], partitions| {
        let created = world.transact(|txn, place| topic::create(txn, place, name, partitions));
        created.map(drop).map_err(|refusal| refusal.code)
    };
    for name in [&b""[..], b".", b"..", b"a b", b"\xff", b"a/b", &long] {
        assert_eq!(create(name, 1), Err("BADTOPIC"), "{}", name.escape_ascii());
    }
    assert_eq!(create(b"t", 0), Err("BADPARTITIONS"));
    assert_eq!(create(b"t", topic::PARTITIONS_MAX + 1), Err("BADPARTITIONS"));
    assert_eq!(create(TOPIC, 1), Err("TOPICEXISTS"));
    assert_eq!(create(&long[1..], topic::PARTITIONS_MAX), Ok(()));
}

#[test]
fn all_topics_together_have_a_bound() {
    let mut world = World::new();
    let most = topic::PARTITIONS_MAX;
    let fit = u32::try_from(topic::ALL_PARTITIONS_MAX).unwrap() / most;
    let mut create = |name: String, partitions| {
        let name = name.into_bytes();
        let created = world.transact(|txn, place| topic::create(txn, place, &name, partitions));
        created.map(drop).map_err(|refusal| refusal.code)
    };
    for number in 0..fit {
        assert_eq!(create(format!("t{number}"), most), Ok(()));
    }
    assert_eq!(create("more".to_owned(), most), Err("LIMIT"));
    assert_eq!(create("last".to_owned(), 1), Ok(()));
}

#[test]
fn the_highest_time_never_goes_back() {
    let mut world = with_topic(1);
    for (time, highest) in [(100, 101), (50, 101), (-1, 101), (200, 201)] {
        world.produce(TOPIC, 0, &batch(2, time)).unwrap();
        assert_eq!(world.head(TOPIC, 0).unwrap().max_timestamp_ms, highest);
    }
}
