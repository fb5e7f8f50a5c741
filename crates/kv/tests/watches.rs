//! Watches over a flush: they are of objects by name, and outlive what is there under it.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod ground;

use base::{Namespace, Tenant};
use groundsill_kv::{Attempt, Layer, Place, Settings, Type};

use ground::{World, open};

fn make(world: &mut World, name: &str) {
    let made = world.transact(|txn| {
        let object = open(txn, name)?;
        txn.create(object, Type::String)?;
        txn.put(object, b"x", b"1")
    });
    made.unwrap();
}

fn flush(world: &World) {
    let mut plan = world.plan(&[]);
    plan.take_exclusively();
    let flushed = world.store.attempt(&mut plan, |txn| txn.flush(Place::FIRST, Layer::Redis));
    assert!(matches!(flushed, Attempt::Done((), _)), "{flushed:?}");
}

fn with_room() -> World {
    let mut world = World::new(Settings::default());
    for _ in 0..50 {
        world.step();
    }
    world
}

#[test]
fn who_waits_for_an_absent_object_over_a_flush_hears_when_it_comes_to_be() {
    let mut world = with_room();
    let watch = world.store.watch([(&world.handle, Layer::Redis, &b"absent"[..])]);
    flush(&world);
    assert!(!watch.has_fired(), "nothing was there, so nothing has changed");
    make(&mut world, "absent");
    assert!(watch.has_fired());
}

#[test]
fn who_watches_what_a_flush_removes_is_told_and_others_are_not() {
    let mut world = with_room();
    make(&mut world, "there");
    let names = [&b"there"[..], b"elsewhere"];
    let [there, elsewhere] =
        names.map(|name| world.store.watch([(&world.handle, Layer::Redis, name)]));
    let topic = world.store.watch([(&world.handle, Layer::Topics, &b"there"[..])]);
    flush(&world);
    assert!(there.has_fired());
    assert!(!elsewhere.has_fired() && !topic.has_fired());
}

#[test]
fn who_watches_what_is_being_loaded_while_it_is_flushed_is_told() {
    let mut world = with_room();
    make(&mut world, "there");
    let mut world = world.reopened();
    for _ in 0..50 {
        world.step();
    }
    let watch = world.store.watch([(&world.handle, Layer::Redis, &b"there"[..])]);
    let mut plan = world.plan(&["there"]);
    let Attempt::Again(wants) = world.store.attempt(&mut plan, |_| Ok(())) else { unreachable!() };
    let mut load = world.store.begin_load(&mut plan, wants);
    let mut flushing = world.plan(&[]);
    flushing.take_exclusively();
    let mut flush =
        || world.store.attempt(&mut flushing, |txn| txn.flush(Place::FIRST, Layer::Redis));
    // Nobody knows yet whether it is there.
    let Attempt::Again(wants) = flush() else { unreachable!() };
    assert!(!watch.has_fired());
    let read = world.store.read_load(&mut load);
    world.store.end_load(load, read).unwrap();
    drop(wants);
    assert!(matches!(flush(), Attempt::Done((), _)));
    assert!(watch.has_fired());
}

/// Swaps the first two namespaces; how many loads that took.
fn swap(world: &World) -> usize {
    let second = world.store.namespace(Tenant(0), Namespace(1)).unwrap();
    let mut plan = world.plan(&[]);
    let other = plan.namespace(&second);
    plan.take_exclusively();
    for loads in 0..10 {
        match world.store.attempt(&mut plan, |txn| txn.swap(Place::FIRST, other, Layer::Redis)) {
            Attempt::Done((), _) => return loads,
            Attempt::Again(wants) => drop(world.store.load(&mut plan, wants).unwrap()),
            unexpected => panic!("{unexpected:?}"),
        }
    }
    panic!("the swap does not come to an end")
}

#[test]
fn who_watches_over_a_swap_or_a_flush_is_told_just_of_what_is_there_although_memory_knows_nothing()
{
    let mut world = with_room();
    make(&mut world, "there");
    swap(&world);
    make(&mut world, "here");
    let mut world = world.reopened();
    for _ in 0..50 {
        world.step();
    }
    let names = [&b"absent"[..], b"here", b"there"];
    let watch = || names.map(|name| world.store.watch([(&world.handle, Layer::Redis, name)]));
    let watches = watch();
    assert_eq!(swap(&world), 1, "nothing of it is in memory, and all of it is read at once");
    assert_eq!(watches.map(|watch| watch.has_fired()), [false, true, true]);
    let watches = watch();
    flush(&world);
    assert_eq!(watches.map(|watch| watch.has_fired()), [false, false, true]);
}

#[test]
fn who_watches_what_a_transaction_removes_before_it_swaps_is_told() {
    let mut world = with_room();
    make(&mut world, "there");
    let second = world.store.namespace(Tenant(0), Namespace(1)).unwrap();
    let names = [&b"there"[..], b"absent"];
    let watches = names.map(|name| world.store.watch([(&world.handle, Layer::Redis, name)]));
    let mut plan = world.plan(&["there", "absent"]);
    let other = plan.namespace(&second);
    plan.take_exclusively();
    let swapped = world.store.attempt(&mut plan, |txn| {
        let (there, absent) = (open(txn, "there")?, open(txn, "absent")?);
        assert!(txn.delete(there)? && !txn.delete(absent)?);
        txn.swap(Place::FIRST, other, Layer::Redis)
    });
    assert!(matches!(swapped, Attempt::Done((), _)), "{swapped:?}");
    assert_eq!(watches.map(|watch| watch.has_fired()), [true, false]);
}
