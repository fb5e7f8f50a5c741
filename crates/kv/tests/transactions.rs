//! What a transaction does and leaves, through the public interface alone: commit and undo, the sizes
//! at which an object gets rows of its own, rounds, locks, loads, and what a reply waits for.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod ground;

use std::ops::Bound::Unbounded;
use std::sync::mpsc;
use std::thread;

use base::{Kind, Sequence};
use groundsill_kv::{
    Attempt, LONE_ROW_BYTES_MAX, Layer, Level, PACKED_BYTES_MAX, PACKED_ROWS_MAX, Plan, Refusal,
    Settings, Stop, Type,
};

use ground::{World, open};

/// A store that has taken space for its log.
fn with_room() -> World {
    let mut world = World::new(Settings::default());
    for _ in 0..50 {
        world.step();
    }
    world
}

fn refuse<T>() -> Result<T, Stop> {
    Err(Refusal { kind: Kind::Conflict, code: "NO", message: "no".into() }.into())
}

/// All rows of an object, as text.
fn rows(world: &mut World, name: &str) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let read = world.transact(|txn| {
        let object = open(txn, name)?;
        let rows = txn.rows(object, (Unbounded, Unbounded))?;
        Ok(rows.into_iter().map(|(suffix, value)| (text(suffix), text(value))).collect())
    });
    read.unwrap().0
}

fn put(world: &mut World, name: &str, pairs: &[(&str, &str)]) {
    let put = world.transact(|txn| {
        let object = open(txn, name)?;
        if txn.kind(object).is_none() {
            txn.create(object, Type::Hash)?;
        }
        pairs
            .iter()
            .try_for_each(|(suffix, value)| txn.put(object, suffix.as_bytes(), value.as_bytes()))
    });
    put.unwrap();
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(suffix, value)| ((*suffix).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_commit_is_there_at_once_and_after_a_crash() {
    let mut world = World::new(Settings::default());
    put(&mut world, "a", &[("x", "1"), ("y", "2")]);
    assert_eq!(rows(&mut world, "a"), pairs(&[("x", "1"), ("y", "2")]));
    let mut world = world.reopened();
    assert_eq!(rows(&mut world, "a"), pairs(&[("x", "1"), ("y", "2")]));
}

#[test]
fn a_refused_transaction_leaves_nothing_of_any_kind() {
    let mut world = World::new(Settings::default());
    put(&mut world, "there", &[("x", "1"), ("y", "2")]);
    let refused = world.transact(|txn| -> Result<(), Stop> {
        let there = open(txn, "there")?;
        txn.put(there, b"x", b"changed")?;
        txn.put(there, b"z", &[b'.'; PACKED_BYTES_MAX])?;
        txn.set_deadline(there, Some(base::StoreTime(u64::MAX / 2)))?;
        txn.delete(there)?;
        txn.create(there, Type::String)?;
        let absent = open(txn, "absent")?;
        txn.create(absent, Type::Hash)?;
        txn.put(absent, b"x", b"1")?;
        refuse()
    });
    assert_eq!(refused.unwrap_err().code, "NO");
    assert_eq!(rows(&mut world, "there"), pairs(&[("x", "1"), ("y", "2")]));
    assert_eq!(rows(&mut world, "absent"), []);
    let header =
        world.transact(|txn| open(txn, "there").map(|there| txn.header(there))).unwrap().0.unwrap();
    assert_eq!(
        (header.kind, header.deadline, header.rows, header.split),
        (Type::Hash, None, 2, false)
    );
    let mut world = world.reopened();
    assert_eq!(rows(&mut world, "there"), pairs(&[("x", "1"), ("y", "2")]));
    assert_eq!(rows(&mut world, "absent"), []);
}

#[test]
fn a_panic_in_a_closure_undoes_it_and_the_store_goes_on() {
    let mut world = World::new(Settings::default());
    put(&mut world, "a", &[("x", "1")]);
    let refused = world.transact(|txn| -> Result<(), Stop> {
        let a = open(txn, "a")?;
        txn.put(a, b"x", b"changed")?;
        panic!("on purpose");
    });
    assert_eq!(refused.unwrap_err().kind, Kind::Internal);
    assert_eq!(rows(&mut world, "a"), pairs(&[("x", "1")]));
}

#[test]
fn a_savepoint_takes_back_what_came_after_it_alone() {
    let mut world = World::new(Settings::default());
    put(&mut world, "a", &[("x", "1"), ("y", "2")]);
    let done = world.transact(|txn| {
        let (a, b) = (open(txn, "a")?, open(txn, "b")?);
        txn.put(a, b"x", b"kept")?;
        let savepoint = txn.savepoint();
        txn.put(a, b"x", b"lost")?;
        txn.remove(a, b"y")?;
        txn.create(b, Type::Hash)?;
        (0..100u8).try_for_each(|row| txn.put(b, &[row], b"lost"))?;
        txn.roll_back(savepoint);
        txn.put(a, b"z", b"kept")
    });
    done.unwrap();
    let expected = pairs(&[("x", "kept"), ("y", "2"), ("z", "kept")]);
    assert_eq!(rows(&mut world, "a"), expected);
    assert_eq!(rows(&mut world, "b"), []);
    let mut world = world.reopened();
    assert_eq!(rows(&mut world, "a"), expected);
    assert_eq!(rows(&mut world, "b"), []);
}

/// Whether an object of so many rows of so many bytes, suffix and all, has rows of its own; now, and
/// after a crash with all its rows in place.
fn is_split(count: usize, bytes: usize) -> bool {
    let mut world = World::new(Settings::default());
    let fill = |txn: &mut groundsill_kv::Txn<'_>| {
        let a = open(txn, "a")?;
        txn.create(a, Type::Hash)?;
        (0..count)
            .try_for_each(|row| txn.put(a, &[u8::try_from(row).unwrap()], &vec![b'v'; bytes]))?;
        Ok(txn.is_split(a))
    };
    let (split, _) = world.transact(fill).unwrap();
    let mut world = world.reopened();
    assert_eq!(rows(&mut world, "a").len(), count);
    let header = world.transact(|txn| open(txn, "a").map(|a| txn.header(a))).unwrap().0.unwrap();
    assert_eq!(
        (header.split, header.rows, header.bytes),
        (split, count as u64, (count * (1 + bytes)) as u64)
    );
    split
}

#[test]
fn an_object_gets_rows_of_its_own_above_32_rows_or_1024_bytes_or_4099_of_a_single_row() {
    assert_eq!((PACKED_ROWS_MAX, PACKED_BYTES_MAX, LONE_ROW_BYTES_MAX), (32, 1024, 4099));
    assert!(!is_split(32, 8));
    assert!(is_split(33, 8));
    // Beside the value: two bytes for a suffix of one, two for the value's length.
    assert!(!is_split(2, 508));
    assert!(is_split(2, 509));
    assert!(!is_split(1, 4095));
    assert!(is_split(1, 4096));
}

#[test]
fn an_object_with_rows_of_its_own_keeps_them_until_it_is_replaced() {
    let mut world = World::new(Settings::default());
    let split = world.transact(|txn| {
        let a = open(txn, "a")?;
        txn.create(a, Type::Hash)?;
        (0..33u8).try_for_each(|row| txn.put(a, &[row], b"v"))?;
        (1..33u8).try_for_each(|row| txn.remove(a, &[row]).map(drop))?;
        let shrunk = txn.is_split(a);
        txn.create(a, Type::Hash)?;
        txn.put(a, b"x", b"1")?;
        Ok((shrunk, txn.is_split(a)))
    });
    assert_eq!(split.unwrap().0, (true, false));
    let mut world = world.reopened();
    assert_eq!(rows(&mut world, "a"), pairs(&[("x", "1")]));
}

#[test]
fn the_last_row_takes_the_object_with_it() {
    let mut world = World::new(Settings::default());
    put(&mut world, "a", &[("x", "1")]);
    let gone = world.transact(|txn| {
        let a = open(txn, "a")?;
        let removed = (txn.remove(a, b"x")?, txn.remove(a, b"x")?);
        Ok((removed, txn.header(a).is_none()))
    });
    assert_eq!(gone.unwrap().0, ((true, false), true));
    assert_eq!(rows(&mut world.reopened(), "a"), []);
}

fn is_blocked<R>(attempt: &Attempt<R>) -> bool {
    matches!(attempt, Attempt::Again(wants) if wants.is_empty())
}

#[test]
fn a_transaction_that_did_not_say_that_it_writes_is_run_again() {
    let world = with_room();
    let mut plan = world.plan(&["a"]);
    let write = |plan: &mut Plan| {
        world.store.attempt(plan, |txn| {
            let a = open(txn, "a")?;
            txn.create(a, Type::Hash)?;
            txn.put(a, b"x", b"1")
        })
    };
    let first = write(&mut plan);
    assert!(is_blocked(&first), "{first:?}");
    let second = write(&mut plan);
    assert!(matches!(second, Attempt::Done((), receipt) if receipt.commit.is_some()), "{second:?}");
    assert_eq!(plan.rounds(), 2);
}

#[test]
fn whoever_meets_a_lock_is_run_again_and_alone_after_three_times() {
    let world = with_room();
    let store = &world.store;
    let mut rounds = 0;
    let mut plan = world.plan(&[]);
    plan.expect_bytes(100);
    let mut append = |plan: &mut Plan, names: &[&str]| {
        store.attempt(plan, |txn| {
            rounds += 1;
            for name in names {
                let object = open(txn, name)?;
                txn.create(object, Type::Hash)?;
                txn.put(object, b"x", b"1")?;
            }
            Ok(())
        })
    };
    let names = ["a", "b", "c"];
    for held in names {
        // Another transaction has the object, until it is told to let go.
        let (told, is_told) = mpsc::channel::<()>();
        let (holds, is_held) = mpsc::channel();
        thread::scope(|scope| {
            let mut other = world.plan(&[held]);
            scope.spawn(move || {
                other.expect_bytes(100);
                store.attempt(&mut other, |txn| {
                    open(txn, held)?;
                    holds.send(()).unwrap();
                    is_told.recv().unwrap();
                    Ok(())
                })
            });
            is_held.recv().unwrap();
            let met = append(&mut plan, &names);
            told.send(()).unwrap();
            assert!(is_blocked(&met), "{held}: {met:?}");
        });
    }
    let done = append(&mut plan, &names);
    assert!(matches!(done, Attempt::Done((), _)), "{done:?}");
    assert_eq!((rounds, plan.rounds()), (4, 4));
}

#[test]
fn what_left_memory_is_loaded_again_and_is_what_it_was() {
    let mut world = World::new(Settings { objects_bytes: 0, ..Settings::default() });
    let long: Vec<(String, String)> =
        (0..40).map(|row| (format!("{row:02}"), "v".repeat(40))).collect();
    let borrowed: Vec<(&str, &str)> = long.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    put(&mut world, "small", &[("x", "1")]);
    put(&mut world, "large", &borrowed);
    world.settle();
    for _ in 0..10_000 {
        world.step();
    }
    assert_eq!(world.store.resident_bytes(), 0);
    let mut plan = world.plan(&["small", "large", "absent"]);
    let attempt = world.store.attempt(&mut plan, |_| Ok(()));
    assert!(matches!(&attempt, Attempt::Again(wants) if wants.len() == 3), "{attempt:?}");
    assert_eq!(rows(&mut world, "small"), pairs(&[("x", "1")]));
    assert_eq!(rows(&mut world, "large"), long);
    assert_eq!(rows(&mut world, "absent"), []);
}

#[test]
fn of_a_huge_object_a_row_is_loaded_alone() {
    let mut world = World::new(Settings::default());
    let value = vec![b'v'; 100];
    let made = world.transact(|txn| {
        let a = open(txn, "a")?;
        txn.create(a, Type::Hash)?;
        (0..5000u32).try_for_each(|row| txn.put(a, &row.to_be_bytes(), &value))
    });
    made.unwrap();
    let mut world = world.reopened();
    let read = world.transact(|txn| {
        let a = open(txn, "a")?;
        let there = txn.row(a, &7u32.to_be_bytes())?.map(<[u8]>::len);
        Ok((there, txn.row(a, b"absent")?.is_some(), txn.resident_bytes(a)))
    });
    let (there, absent, resident) = read.unwrap().0;
    assert_eq!((there, absent), (Some(100), false));
    assert!(resident.unwrap() < 2000, "{resident:?}");
    let written = world.transact(|txn| {
        let a = open(txn, "a")?;
        txn.remove(a, &8u32.to_be_bytes())?;
        txn.put(a, &9u32.to_be_bytes(), b"new")?;
        Ok(txn.header(a).map(|header| header.rows))
    });
    assert_eq!(written.unwrap().0, Some(4999));
    assert_eq!(rows(&mut world, "a").len(), 4999, "loading all of it keeps what was changed");
}

/// What the reply to a look at `name` waits for.
fn look(world: &World, name: &str) -> (Sequence, Level) {
    let mut plan = world.plan(&[name]);
    match world.store.attempt(&mut plan, |_| Ok(())) {
        Attempt::Done((), receipt) => (receipt.after, receipt.level),
        other => unreachable!("nothing holds a look up: {other:?}"),
    }
}

#[test]
fn a_reply_waits_for_what_it_saw_and_for_what_it_saw_gone() {
    let mut world = World::new(Settings::default());
    put(&mut world, "a", &[("x", "1")]);
    world.settle();
    let ((), changed) = world
        .transact(|txn| {
            let a = open(txn, "a")?;
            txn.put(a, b"x", b"2")
        })
        .unwrap();
    assert_eq!(look(&world, "a"), (changed.unwrap(), Level::Durable));
    let (_, gone) = world.transact(|txn| open(txn, "a").and_then(|a| txn.delete(a))).unwrap();
    assert_eq!(look(&world, "a"), (gone.unwrap(), Level::Durable));
    assert_eq!(look(&world, "b").0, Sequence::ZERO);
}

#[test]
fn a_refusal_waits_for_what_it_saw() {
    let mut world = World::new(Settings::default());
    put(&mut world, "a", &[("x", "1")]);
    let queued = world.store.watermarks().queued();
    let mut plan = world.plan(&["a"]);
    let attempt: Attempt<()> = world.store.attempt(&mut plan, |_| refuse());
    assert!(
        matches!(attempt, Attempt::Refused(_, receipt) if receipt.after == queued && receipt.level == Level::Durable),
        "{attempt:?}"
    );
}

#[test]
fn a_reply_waits_for_the_flush_that_took_what_it_did_not_find() {
    let mut world = with_room();
    put(&mut world, "a", &[("x", "1")]);
    world.settle();
    let mut plan = world.plan(&[]);
    plan.take_exclusively();
    plan.expect_bytes(100);
    let place = groundsill_kv::Place::FIRST;
    let flushed = world.store.attempt(&mut plan, |txn| txn.flush(place, Layer::Redis));
    let Attempt::Done((), receipt) = flushed else { panic!("{flushed:?}") };
    assert_eq!(look(&world, "a"), (receipt.commit.unwrap(), Level::Durable));
}

#[test]
fn a_replay_takes_no_sequence_for_applied_that_no_commit_has() {
    // Each open after a crash leaves a gap in the sequences, and a frame that names what follows it. An
    // open that took that for a commit, and flushed it, was ahead of its log at the next.
    let mut world = World::new(Settings { memtable_bytes: 1, ..Settings::default() });
    put(&mut world, "a", &[("x", "1")]);
    for _ in 0..3 {
        world = world.reopened();
        for _ in 0..100 {
            world.step();
        }
        assert_eq!(rows(&mut world, "a"), pairs(&[("x", "1")]));
    }
}

#[test]
fn what_has_gathered_fills_one_memtable_after_the_other() {
    let settings = Settings { memtable_bytes: 4 << 10, ..Settings::default() };
    let mut world = World::new(settings);
    let value = "x".repeat(1 << 10);
    for name in 0..32 {
        put(&mut world, &name.to_string(), &[("x", &value)]);
        // In a group of its own, which nobody demands to be in the tables.
        world.step();
    }
    assert_eq!(world.flushes(), 0);
    world.settle();
    world.hands.turn(100);
    world.step();
    assert!(world.flushes() >= 7, "32 KiB went to disk as {} memtables", world.flushes());
}
