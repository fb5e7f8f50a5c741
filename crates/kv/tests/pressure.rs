//! What goes on where a load, memory or the disk has no room for all of it at once.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod ground;

use std::ops::Bound::Unbounded;

use base::StoreTime;
use groundsill_kv::{
    Attempt, Durability, Layer, Level, Limits, Next, Place, Settings, Stop, Txn, Type,
};

use ground::{World, open};

/// So much may be read for one transaction: a few of the large objects.
const READ_BYTES: u64 = 100_000;

const LARGE: usize = 40;

fn put(txn: &mut Txn<'_>, name: &str, bytes: usize) -> Result<(), Stop> {
    let object = open(txn, name)?;
    txn.create(object, Type::Hash)?;
    txn.put(object, b"", &vec![7; bytes])
}

/// A store with objects of 20 KB that are not in memory, and end after five seconds if so asked.
fn cold(objects_bytes: usize, do_end: bool) -> World {
    let limits = Limits { object_bytes: READ_BYTES, ..Limits::default() };
    let mut world = World::new(Settings { limits, objects_bytes, ..Settings::default() });
    for number in 0..LARGE {
        let name = format!("k{number}");
        let put = world.transact(|txn| {
            put(txn, &name, 20_000)?;
            let object = open(txn, &name)?;
            let deadline = StoreTime(txn.now().0 + 5_000);
            txn.set_deadline(object, do_end.then_some(deadline))
        });
        put.unwrap();
    }
    world.reopened()
}

#[test]
fn what_expires_is_swept_however_much_it_takes_to_bring_it_in() {
    let mut world = cold(1 << 30, true);
    world.hands.turn(5_000);
    for _ in 0..200 {
        world.step();
        world.hands.turn(50);
    }
    assert_eq!(world.store.figures().expired.get(), LARGE as u64);
}

#[test]
fn of_many_large_objects_it_can_be_told_whether_they_are_there() {
    let mut world = cold(1 << 30, false);
    let (there, _) = world
        .transact(|txn| {
            let objects: Result<Vec<_>, Stop> =
                (0..LARGE).map(|number| open(txn, &format!("k{number}"))).collect();
            let there = objects?.into_iter().filter(|object| txn.kind(*object).is_some());
            Ok(there.count())
        })
        .unwrap();
    assert_eq!(there, LARGE);
    let (row, _) = world
        .transact(|txn| {
            let object = open(txn, &format!("k{}", LARGE - 1))?;
            Ok(txn.row(object, b"")?.map(<[u8]>::len))
        })
        .unwrap();
    assert_eq!(row, Some(20_000), "and what did not come along comes when it is asked for");
}

#[test]
fn what_a_failed_load_has_left_goes_with_its_space_and_memory_keeps_to_its_bound() {
    let bound = 300_000;
    let mut world = cold(bound, false);
    let mut plan = world.plan(&[]);
    let mut read_all = |txn: &mut Txn<'_>| {
        for number in 0..LARGE {
            let object = open(txn, &format!("k{number}"))?;
            txn.rows(object, (Unbounded, Unbounded))?;
        }
        Ok(())
    };
    let failed = (0..100).any(|_| match world.store.attempt(&mut plan, &mut read_all) {
        Attempt::Again(wants) => world.store.load(&mut plan, wants).is_err(),
        other => panic!("{other:?}"),
    });
    assert!(failed, "all of it was read");
    plan.release();
    // Others of them are placed and not read, as they do not fit.
    let mut plan = world.plan(&[]);
    plan.take_exclusively();
    let flushed = world.store.attempt(&mut plan, |txn| txn.flush(Place::FIRST, Layer::Redis));
    assert!(matches!(flushed, Attempt::Done(..)), "{flushed:?}");
    for number in 0..200 {
        world.transact(|txn| put(txn, &format!("new{number}"), 5_000)).unwrap();
    }
    for _ in 0..20_000 {
        world.step();
        world.hands.turn(10);
    }
    let resident = world.store.resident_bytes();
    assert!(resident <= bound, "{resident}");
}

/// A name that takes a kilobyte of the log when what it is of is removed.
fn long_name(number: u32) -> Vec<u8> {
    [&number.to_be_bytes()[..], &[7; 1000]].concat()
}

/// Lets what was written settle, and leaves no byte free.
fn fill_the_disk(world: &mut World) {
    for _ in 0..1000 {
        world.step();
        world.hands.turn(1);
    }
    world.leave_free(0);
}

/// Lets a worker do what it can. Nothing is flushed meanwhile, so that the log gives no room back.
fn work_without_flushes(world: &mut World, worker: &str) {
    for _ in 0..2000 {
        for worker in ["log-writer", "log-syncer", "log-upkeep", "applier", worker] {
            world.step_one(worker);
        }
        world.hands.turn(50);
    }
    assert!(!world.store.watermarks().is_poisoned());
}

/// More than what is too little for one more slice of the store's own.
fn assert_room_for_a_delete(world: &World) {
    let mut plan = world.plan(&["other"]);
    plan.release_bytes(1 << 20);
    let attempt = world.store.attempt(&mut plan, |_| Ok(()));
    assert!(matches!(attempt, Attempt::Done(..)), "{attempt:?}");
}

#[test]
fn what_is_reclaimed_on_a_full_disk_leaves_room_for_deletes() {
    let mut world = World::new(Settings::default());
    let put = world.transact(|txn| {
        let object = open(txn, "large")?;
        txn.create(object, Type::Hash)?;
        // So long that taking them out again fills all segments there are.
        (0..20_000_u32).try_for_each(|row| txn.put(object, &long_name(row), b""))
    });
    put.unwrap();
    world.settle();
    fill_the_disk(&mut world);
    let deleted = world.transact(|txn| {
        let object = open(txn, "large")?;
        txn.delete(object)
    });
    assert!(deleted.unwrap().0);
    work_without_flushes(&mut world, "reclaimer");
    let reclaimed = world.store.figures().reclaimed_rows.get();
    assert!((1_000..20_000).contains(&reclaimed), "{reclaimed}");
    assert_room_for_a_delete(&world);
}

#[test]
fn what_is_swept_on_a_full_disk_leaves_room_for_deletes() {
    const OBJECTS: u32 = 20_000;
    let mut world = World::new(Settings::default());
    for first in (0..OBJECTS).step_by(1000) {
        let put = world.transact(|txn| {
            (first..first + 1000).try_for_each(|number| {
                let object = txn.open(Place::FIRST, Layer::Redis, &long_name(number))?;
                txn.create(object, Type::String)?;
                txn.put(object, b"", b"")?;
                let deadline = StoreTime(txn.now().0 + 60_000);
                txn.set_deadline(object, Some(deadline))
            })
        });
        put.unwrap();
        world.settle();
    }
    fill_the_disk(&mut world);
    world.hands.turn(60_000);
    work_without_flushes(&mut world, "sweeper");
    let expired = world.store.figures().expired.get();
    assert!((1_000..u64::from(OBJECTS)).contains(&expired), "{expired}");
    assert_room_for_a_delete(&world);
}

/// Brings what is queued to the tables, and lets nobody else do anything.
fn apply(world: &mut World) {
    let queued = world.store.watermarks().queued();
    for _ in 0..100 {
        world.store.watermarks().demand(Level::Durable, queued);
        world.store.watermarks().demand(Level::Applied, queued);
        for worker in ["log-writer", "log-syncer", "applier"] {
            world.step_one(worker);
        }
    }
    assert!(world.store.has_reached(Level::Applied, queued));
}

#[test]
fn while_the_tables_are_far_behind_the_sweeper_does_a_slice_a_second() {
    let mut world = World::new(Settings { backlog_bytes: 1 << 20, ..Settings::default() });
    for number in 0..1000 {
        let put = world.transact(|txn| {
            let object = open(txn, &format!("k{number}"))?;
            txn.create(object, Type::String)?;
            txn.put(object, b"", b"")?;
            let deadline = StoreTime(txn.now().0 + 5_000);
            txn.set_deadline(object, Some(deadline))
        });
        put.unwrap();
    }
    world.settle();
    world.hands.turn(5_000);
    let swept_in = |world: &mut World, ms: u64| {
        // What it did before has to be applied; then the backlog is filled once more.
        apply(world);
        world.transact(|txn| put(txn, "large", 600_000)).unwrap();
        world.step_one("log-writer");
        let standing = world.store.standing();
        assert!(standing.backlog_bytes > 1 << 19, "{standing:?}");
        let before = world.store.figures().expired.get();
        for _ in 0..ms / 10 {
            world.hands.turn(10);
            world.step_one("sweeper");
        }
        world.store.figures().expired.get() - before
    };
    world.step_one("sweeper");
    let first = world.store.figures().expired.get();
    assert!((1..500).contains(&first), "{first} in the first slice");
    assert_eq!(swept_in(&mut world, 900), 0);
    assert_eq!(swept_in(&mut world, 200), first, "a second later");
    assert_eq!(swept_in(&mut world, 800), 0);
}

#[test]
fn a_deadline_for_each_of_many_objects_is_bounded_by_what_goes_to_the_log_with_it() {
    let limits = Limits { transaction_bytes: 100_000, ..Limits::default() };
    let mut world = World::new(Settings { limits, ..Settings::default() });
    for number in 0..50 {
        world.transact(|txn| put(txn, &format!("k{number}"), 3_000)).unwrap();
    }
    let mut set_deadlines = |count: usize| {
        world.transact(|txn| {
            (0..count).try_for_each(|number| {
                let object = open(txn, &format!("k{number}"))?;
                let deadline = StoreTime(txn.now().0 + 5_000);
                txn.set_deadline(object, Some(deadline))
            })
        })
    };
    let refusal = set_deadlines(50).unwrap_err();
    assert_eq!(refusal.code, "LIMIT");
    assert!(refusal.message.contains("at most 100000 bytes"), "{refusal:?}");
    assert!(set_deadlines(20).unwrap().1.is_some());
}

#[test]
fn what_nobody_waits_for_is_synced_within_the_interval_whenever_it_was_written() {
    let settings = Settings { durability: Durability::Relaxed, ..Settings::default() };
    let mut world = World::new(settings);
    world.settle();
    let mut due = std::time::Duration::ZERO;
    let mut pass_ms = |world: &mut World| {
        while due <= world.store.monotonic() {
            if let Next::At(at) = world.step_one("log-syncer") {
                due = at;
            }
        }
        world.hands.turn(1);
    };
    for rest_ms in [1, 17, 50, 88, 99, 130, 171, 206] {
        (0..rest_ms).for_each(|_| pass_ms(&mut world));
        let commit = world.transact(|txn| put(txn, "k", rest_ms)).unwrap().1.unwrap();
        drop(world.store.reached(Level::Written, commit));
        assert!(world.store.has_reached(Level::Written, commit));
        let mut waited = 0;
        while !world.store.has_reached(Level::Durable, commit) {
            pass_ms(&mut world);
            waited += 1;
            assert!(waited <= 95, "after a rest of {rest_ms} ms it is not synced in {waited} ms");
        }
    }
}
