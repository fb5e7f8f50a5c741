//! How flushed spaces give their tables back: as a whole, when the flush itself is in tables on disk.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod ground;

use ground::{World, open};
use groundsill_kv::{Attempt, Layer, Place, Settings, Type};

const OBJECTS: usize = 3_000;

/// A store whose first namespace was flushed after its objects had come into tables on disk.
fn flushed() -> World {
    let mut world = World::new(Settings { memtable_bytes: 1 << 20, ..Settings::default() });
    for number in 0..OBJECTS {
        let put = world.transact(|txn| {
            let object = open(txn, &format!("key{number}"))?;
            txn.create(object, Type::Hash)?;
            txn.put(object, b"field", &[7; 5_000])
        });
        put.unwrap();
        if number % 100 == 0 {
            world.settle();
        }
    }
    world.settle();
    for _ in 0..20 {
        world.step();
        world.hands.turn(10);
    }
    assert_eq!(dead(&world), 2 * OBJECTS);
    let mut plan = world.plan(&[]);
    plan.take_exclusively();
    let flushed = world.store.attempt(&mut plan, |txn| txn.flush(Place::FIRST, Layer::Redis));
    assert!(matches!(flushed, Attempt::Done(..)), "{flushed:?}");
    world
}

/// How many rows of objects there are.
fn dead(world: &World) -> usize {
    world.rows().iter().filter(|(key, _)| [1, 2].contains(&key[0])).count()
}

/// So many seconds in which nothing is flushed.
fn wait(world: &mut World, seconds: u64) {
    for _ in 0..seconds * 20 {
        for worker in ["log-writer", "log-syncer", "log-upkeep", "applier", "reclaimer"] {
            world.step_one(worker);
        }
        world.hands.turn(50);
    }
}

#[test]
fn a_flushed_space_gives_back_its_tables_as_a_whole_once_the_flush_is_on_disk() {
    let mut world = flushed();
    wait(&mut world, 20);
    assert_eq!(dead(&world), 2 * OBJECTS, "a power cut might leave these tables without the flush");
    world.audit_disk();
    for _ in 0..100 {
        world.step();
        world.audit_disk();
        world.hands.turn(50);
    }
    assert_eq!(dead(&world), 0);
    let reclaimed = world.store.figures().reclaimed_rows.get();
    assert_eq!(reclaimed, 0, "row by row");
    world.reclaim();
    let world = world.reopened();
    assert_eq!(dead(&world), 0);
}

#[test]
fn where_the_flush_does_not_get_to_disk_its_rows_go_one_by_one() {
    let mut world = flushed();
    wait(&mut world, 40);
    assert_eq!(dead(&world), 0);
    assert_eq!(world.store.figures().reclaimed_rows.get(), 2 * OBJECTS as u64);
    world.audit_disk();
}
