//! Watches over a flush: they are of objects by name, and outlive what is there under it.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod ground;

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
    let load = world.store.begin_load(&mut plan, wants);
    flush(&world);
    assert!(watch.has_fired());
    world.store.end_load(load, Ok(())).unwrap();
}
