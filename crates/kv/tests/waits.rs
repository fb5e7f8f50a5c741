//! What a transaction that is given up is told: each cause has its own sentence.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod ground;

use std::time::Duration;

use groundsill_kv::{Attempt, Layer, Place, Plan, Settings, Stop, Txn, Type};

use ground::{World, open};

/// What a transaction of these tests is given up after.
const TIME: Duration = Duration::from_secs(5);

fn plan(world: &World, names: &[&str], bytes: Option<usize>) -> Plan {
    let mut plan = world.plan(names);
    world.store.replan(&mut plan, TIME);
    let place = plan.namespace(&world.handle);
    for name in names {
        plan.name(place, Layer::Redis, |id| id.extend_from_slice(name.as_bytes()));
    }
    if let Some(bytes) = bytes {
        plan.expect_bytes(bytes);
    }
    plan
}

fn put(txn: &mut Txn<'_>, name: &str, value: &[u8]) -> Result<(), Stop> {
    let object = open(txn, name)?;
    txn.create(object, Type::Hash)?;
    txn.put(object, b"", value)
}

/// Why the next round, which comes too late, is the last.
fn given_up(world: &World, plan: &mut Plan) -> String {
    world.hands.turn(6_000);
    match world.store.attempt(plan, |_| Ok(())) {
        Attempt::Refused(refusal, _) => {
            assert_eq!(refusal.code, "LIMIT");
            refusal.message.into_owned()
        }
        other => panic!("not given up: {other:?}"),
    }
}

fn expect(told: &str, why: &str) {
    assert!(told.starts_with("given up after 1 rounds: ") && told.contains(why), "{told}");
    let causes =
        ["others hold", "being read from the disk", "behind the log", "not ready", "longer than"];
    let named: Vec<_> = causes.iter().filter(|cause| told.contains(**cause)).collect();
    assert_eq!(named.len(), 1, "{told}");
}

#[test]
fn one_whose_load_took_too_long_is_told_of_the_disk() {
    let mut world = World::new(Settings::default());
    world.transact(|txn| put(txn, "a", b"1")).unwrap();
    let world = world.reopened();
    let mut plan = plan(&world, &["a"], None);
    let Attempt::Again(wants) = world.store.attempt(&mut plan, |txn| open(txn, "a").map(drop))
    else {
        panic!("it is in memory after all")
    };
    assert!(!wants.is_empty());
    drop(world.store.load(&mut plan, wants).unwrap());
    expect(&given_up(&world, &mut plan), "what it needs was still being read from the disk: try");
}

#[test]
fn one_whose_keys_are_held_is_told_of_others() {
    let mut world = World::new(Settings::default());
    world.transact(|txn| put(txn, "a", b"1")).unwrap();
    let mut holder = plan(&world, &["a"], Some(100));
    let mut late = plan(&world, &[], Some(100));
    let held = world.store.attempt(&mut holder, |_| {
        match world.store.attempt(&mut late, |txn| open(txn, "a").map(drop)) {
            Attempt::Again(wants) if wants.is_empty() => Ok(()),
            other => panic!("it is not held: {other:?}"),
        }
    });
    assert!(matches!(held, Attempt::Done(..)), "{held:?}");
    expect(&given_up(&world, &mut late), "others hold its keys all the time: try again");
}

#[test]
fn one_that_waits_for_the_tables_is_told_of_them() {
    let mut world = World::new(Settings::default());
    world.transact(|txn| put(txn, "a", b"1")).unwrap();
    let mut plan = plan(&world, &[], None);
    plan.take_exclusively();
    let listed =
        world.store.attempt(&mut plan, |txn| txn.list(Place::FIRST, Layer::Redis, b"", 10));
    let Attempt::Again(wants) = listed else { panic!("{listed:?}") };
    // No worker was stepped: the tables do not have it yet.
    drop(world.store.load(&mut plan, wants).unwrap());
    expect(&given_up(&world, &mut plan), "the tables are too far behind the log to be read");
}

#[test]
fn one_that_waits_for_the_backlog_is_told_of_it() {
    let settings = Settings { backlog_bytes: 1000, ..Settings::default() };
    let mut world = World::new(settings);
    world.transact(|txn| put(txn, "a", &[0; 2000])).unwrap();
    let mut plan = plan(&world, &["a"], Some(100));
    let attempt = world.store.attempt(&mut plan, |_| Ok(()));
    assert!(matches!(attempt, Attempt::Busy), "{attempt:?}");
    expect(&given_up(&world, &mut plan), "the tables are too far behind the log, because");
}

#[test]
fn where_the_disk_is_full_nobody_who_grows_waits_for_the_tables() {
    let mut world = World::new(Settings { backlog_bytes: 1000, ..Settings::default() });
    world.leave_free(0);
    for _ in 0..100 {
        world.step();
        world.hands.turn(1000);
    }
    world.transact(|txn| put(txn, "a", &[0; 2000])).unwrap();
    let mut write = plan(&world, &["b"], Some(100));
    let told = refused(&mut world, &mut write);
    assert!(told.starts_with("the disk has no space for the log: free some"), "{told}");
    let mut delete = plan(&world, &["a"], None);
    delete.release_bytes(100);
    let attempt = world.store.attempt(&mut delete, |_| Ok(()));
    assert!(matches!(attempt, Attempt::Busy), "{attempt:?}");
}

#[test]
fn a_store_says_that_it_has_no_room_while_small_writes_still_have_some() {
    let mut world = World::new(Settings::default());
    for _ in 0..1000 {
        world.step();
        world.hands.turn(1);
    }
    world.leave_free(0);
    let mut written = 0;
    while !world.store.standing().is_out_of_room {
        world.transact(|txn| put(txn, "a", &vec![0; 50_000])).unwrap();
        world.hands.turn(1000);
        // Nothing reaches the tables, so that the log gives no room back.
        for worker in ["log-writer", "log-syncer", "log-upkeep"] {
            world.step_one(worker);
        }
        written += 1;
        assert!(written < 1000, "{:?}", world.store.standing());
    }
    assert!(written > 10, "{written}");
    let mut large = plan(&world, &["b"], Some(1 << 20));
    let told = refused(&mut world, &mut large);
    assert!(told.starts_with("the disk has no space for the log: free some"), "{told}");
    for _ in 0..5 {
        world.transact(|txn| put(txn, "a", &vec![0; 50_000])).unwrap();
        assert!(world.store.standing().is_out_of_room);
    }
}

#[test]
fn a_small_write_does_not_wait_with_large_ones() {
    let mut world = World::new(Settings { backlog_bytes: 1 << 20, ..Settings::default() });
    world.transact(|txn| put(txn, "a", &vec![0; 900_000])).unwrap();
    let mut large = plan(&world, &["a"], Some(100_000));
    let attempt = world.store.attempt(&mut large, |_| Ok(()));
    assert!(matches!(attempt, Attempt::Busy), "{attempt:?}");
    let mut small = plan(&world, &["b"], Some(60_000));
    let attempt = world.store.attempt(&mut small, |_| Ok(()));
    assert!(matches!(attempt, Attempt::Done(..)), "{attempt:?}");
    // Nor do large ones wait for ever while small ones go on.
    let is_admitted =
        (0..300).any(|_| matches!(world.store.attempt(&mut large, |_| Ok(())), Attempt::Done(..)));
    assert!(is_admitted);
}

/// Runs `last` while others have set aside what room there is.
fn crowded<R: std::fmt::Debug>(world: &World, others: usize, last: impl FnOnce() -> R) -> R {
    if others == 0 {
        return last();
    }
    let (mut plan, mut last) = (plan(world, &[], Some(2_000_000)), Some(last));
    let attempt = world
        .store
        .attempt(&mut plan, |_| Ok(last.take().map(|last| crowded(world, others - 1, last))));
    match attempt {
        Attempt::Done(result, _) => result.unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_that_waits_for_a_segment_is_told_of_it() {
    let mut world = World::new(Settings::default());
    // Three segments of 4 MiB are made ready, of which two are kept for deletes; then no more is free.
    for _ in 0..1000 {
        world.step();
        world.hands.turn(1);
    }
    world.leave_free(0);
    world.hands.turn(10_000);
    world.step();
    assert!(world.store.standing().room_bytes > 12 << 20, "{:?}", world.store.standing());
    let mut late = plan(&world, &[], Some(2_000_000));
    // As many others as it takes.
    let busy = (0..20).any(|others| {
        crowded(&world, others, || {
            world.store.replan(&mut late, TIME);
            late.namespace(&world.handle);
            late.expect_bytes(2_000_000);
            matches!(world.store.attempt(&mut late, |_| Ok(())), Attempt::Busy)
        })
    });
    assert!(busy);
    expect(&given_up(&world, &mut late), "the log's next segment is not ready yet");
}

#[test]
fn one_that_only_ran_again_is_told_that_it_took_too_long() {
    let mut world = World::new(Settings::default());
    world.transact(|txn| put(txn, "a", b"1")).unwrap();
    let mut plan = plan(&world, &["a"], None);
    // It was thought to only read.
    let attempt = world.store.attempt(&mut plan, |txn| put(txn, "a", b"2"));
    assert!(matches!(attempt, Attempt::Again(ref wants) if wants.is_empty()), "{attempt:?}");
    expect(&given_up(&world, &mut plan), "it takes longer than a transaction may");
}

fn refused(world: &mut World, plan: &mut Plan) -> String {
    match world.store.attempt(plan, |_| Ok(())) {
        Attempt::Refused(refusal, _) => refusal.message.into_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_full_disk_is_named_and_what_is_left_to_do() {
    let mut world = World::new(Settings::default());
    world.leave_free(5 << 20);
    world.settle();
    let mut long = plan(&world, &[], Some(30 << 20));
    let told = refused(&mut world, &mut long);
    assert!(told.contains("bytes of log at once: free some, or split it up"), "{told}");
    world.leave_free(0);
    let told = loop {
        let mut write = plan(&world, &["a"], Some(1 << 20));
        match world.store.attempt(&mut write, |txn| put(txn, "a", &vec![0; 1 << 20])) {
            Attempt::Refused(refusal, _) => break refusal.message,
            _ => world.settle(),
        }
    };
    assert!(
        told.starts_with("the disk has no space for the log: free some; until then writes"),
        "{told}"
    );
    let mut delete = plan(&world, &[], None);
    delete.release_bytes(30 << 20);
    let told = refused(&mut world, &mut delete);
    assert!(told.contains("what is kept for deletes is used up"), "{told}");
}
