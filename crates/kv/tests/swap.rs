//! Two namespaces that are swapped, flushed and written to, held to two maps.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod ground;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use base::rng::SplitMix64;
use base::{HandClock, Namespace, StoreTime, Tenant};
use ground::{PATIENCE, World};
use groundsill_kv::{
    Attempt, Handle, Layer, Level, Place, Plan, Refusal, Settings, Stop, Store, Txn, Type,
};

/// What there is in each of the two.
type Twin = [BTreeMap<String, String>; 2];

#[derive(Clone, Debug)]
enum Change {
    Set(usize, String, String),
    Delete(usize, String),
    Copy(usize, String),
    Flush(usize),
    Swap,
    /// The last so many changes are taken back.
    TakenBack(Vec<Change>),
}

fn draw(rng: &mut SplitMix64, depth: u64) -> Change {
    let (at, name) = (usize::from(rng.one_in(2)), format!("k{}", rng.below(8)));
    match rng.below(16) {
        0..=6 => {
            // Some outgrow one row.
            let len = if rng.one_in(3) { 3000 } else { 3 };
            Change::Set(at, name, format!("{:0len$}", rng.below(1000)))
        }
        7..=9 => Change::Delete(at, name),
        10 | 11 => Change::Copy(at, name),
        12 => Change::Flush(at),
        13 if depth == 0 => Change::TakenBack((0..=rng.below(4)).map(|_| draw(rng, 1)).collect()),
        _ => Change::Swap,
    }
}

fn carry_out(txn: &mut Txn<'_>, change: &Change) -> Result<(), Stop> {
    let places: Vec<Place> = txn.places().collect();
    let open = |txn: &mut Txn<'_>, at: usize, name: &str| {
        txn.open(places[at], Layer::Redis, name.as_bytes())
    };
    match change {
        Change::Set(at, name, value) => {
            let object = open(txn, *at, name)?;
            txn.create(object, Type::String)?;
            txn.put(object, b"", value.as_bytes())
        }
        Change::Delete(at, name) => {
            let object = open(txn, *at, name)?;
            txn.delete(object).map(drop)
        }
        Change::Copy(at, name) => {
            let (from, to) = (open(txn, *at, name)?, open(txn, 1 - *at, name)?);
            txn.copy(from, to).map(drop)
        }
        Change::Flush(at) => txn.flush(places[*at], Layer::Redis),
        Change::Swap => txn.swap(places[0], places[1], Layer::Redis),
        Change::TakenBack(changes) => {
            let savepoint = txn.savepoint();
            changes.iter().try_for_each(|change| carry_out(txn, change))?;
            txn.roll_back(savepoint);
            Ok(())
        }
    }
}

fn carry_out_in_twin(twin: &mut Twin, change: &Change) {
    match change {
        Change::Set(at, name, value) => drop(twin[*at].insert(name.clone(), value.clone())),
        Change::Delete(at, name) => drop(twin[*at].remove(name)),
        Change::Copy(at, name) => {
            if let Some(value) = twin[*at].get(name).cloned() {
                twin[1 - *at].insert(name.clone(), value);
            }
        }
        Change::Flush(at) => twin[*at].clear(),
        Change::Swap => twin.swap(0, 1),
        Change::TakenBack(_) => {}
    }
}

/// Runs a transaction that holds both alone.
fn transact<R>(
    world: &mut World,
    handles: &[Handle; 2],
    mut closure: impl FnMut(&mut Txn<'_>) -> Result<R, Stop>,
) -> Result<R, Refusal> {
    let mut plan = world.store.plan(PATIENCE);
    for handle in handles {
        plan.namespace(handle);
    }
    plan.take_exclusively();
    for _ in 0..1000 {
        match world.store.attempt(&mut plan, &mut closure) {
            Attempt::Done(result, _) => return Ok(result),
            Attempt::Refused(refusal, _) => return Err(refusal),
            Attempt::Busy => world.settle(),
            Attempt::Again(wants) => {
                world.settle();
                drop(world.store.load(&mut plan, wants).unwrap());
            }
        }
    }
    panic!("the transaction does not come to an end");
}

fn handles(world: &World) -> [Handle; 2] {
    [0, 1].map(|number| world.store.namespace(Tenant(0), Namespace(number)).unwrap())
}

/// What is in both, by listing and by reading each.
fn look(world: &mut World) -> Twin {
    let handles = handles(world);
    let look = |txn: &mut Txn<'_>| {
        let mut twin = Twin::default();
        for (place, map) in txn.places().collect::<Vec<_>>().into_iter().zip(&mut twin) {
            let listing = txn.list(place, Layer::Redis, b"", 1000)?;
            assert_eq!(txn.count(place, Layer::Redis)?, listing.objects.len() as u64);
            for listed in listing.objects {
                let object = txn.open(place, Layer::Redis, &listed.id)?;
                let value = txn.row(object, b"")?.unwrap().to_vec();
                let name = String::from_utf8(listed.id.to_vec()).unwrap();
                map.insert(name, String::from_utf8(value).unwrap());
            }
        }
        Ok(twin)
    };
    transact(world, &handles, look).unwrap()
}

fn run(seed: u64) {
    let mut rng = SplitMix64::new(seed);
    let mut world = World::new(Settings { objects_bytes: 4096, ..Settings::default() });
    let mut twin = Twin::default();
    for _ in 0..60 {
        let changes: Vec<Change> = (0..=rng.below(5)).map(|_| draw(&mut rng, 0)).collect();
        let is_refused = rng.one_in(5);
        let handles = handles(&world);
        let outcome = transact(&mut world, &handles, |txn| {
            changes.iter().try_for_each(|change| carry_out(txn, change))?;
            if is_refused { Err(Refusal::limit("no".to_owned()).into()) } else { Ok(()) }
        });
        if outcome.is_ok() {
            changes.iter().for_each(|change| carry_out_in_twin(&mut twin, change));
        }
        if rng.one_in(3) {
            world.settle();
        }
        if rng.one_in(10) {
            world = world.reopened();
        }
        assert_eq!(look(&mut world), twin, "seed {seed}, after {changes:?}");
    }
    world.reclaim();
    assert_eq!(look(&mut world), twin, "seed {seed}, after all was given back");
}

#[test]
fn two_namespaces_are_what_was_done_to_them() {
    (0..5).for_each(run);
}

#[test]
fn a_swap_tells_who_watches_what_is_there_on_either_side() {
    let mut world = World::new(Settings::default());
    let handles = handles(&world);
    let set = |at| Change::Set(at, "k".into(), "v".into());
    let watch = |world: &World, handles: &[Handle; 2], name: &'static [u8]| {
        [0, 1].map(|at| world.store.watch([(&handles[at], Layer::Redis, name)]))
    };
    for absent in [false, true] {
        transact(&mut world, &handles, |txn| carry_out(txn, &set(0))).unwrap();
        let name: &[u8] = if absent { b"nothing" } else { b"k" };
        let watches = watch(&world, &handles, name);
        transact(&mut world, &handles, |txn| carry_out(txn, &Change::Swap)).unwrap();
        assert_eq!(watches.map(|watch| watch.has_fired()), [!absent; 2], "absent: {absent}");
    }
}

#[test]
fn a_reply_that_saw_what_a_swap_brought_waits_for_the_swap() {
    let mut world = World::new(Settings::default());
    let handles = handles(&world);
    transact(&mut world, &handles, |txn| carry_out(txn, &Change::Set(0, "k".into(), "v".into())))
        .unwrap();
    world.settle();
    transact(&mut world, &handles, |txn| carry_out(txn, &Change::Swap)).unwrap();
    let queued = world.store.watermarks().queued();
    for handle in &handles {
        let mut plan = world.store.plan(PATIENCE);
        let place = plan.namespace(handle);
        let look = |txn: &mut Txn<'_>| txn.open(place, Layer::Redis, b"k").map(drop);
        let Attempt::Done((), receipt) = world.store.attempt(&mut plan, look) else {
            panic!("what is in memory needs one round");
        };
        assert_eq!(receipt.after, queued);
    }
}

#[test]
fn a_snapshot_is_of_one_state_also_while_a_swap_is_on_its_way() {
    let mut world = World::new(Settings::default());
    let handles = handles(&world);
    transact(&mut world, &handles, |txn| carry_out(txn, &Change::Set(0, "k".into(), "v".into())))
        .unwrap();
    world.settle();
    let is_there = |world: &World, at: usize| {
        let (found, seen) = world.store.snapshot(&handles[at], Layer::Redis, b"k").unwrap();
        assert_eq!(seen, world.store.watermarks().at(Level::Applied));
        found.is_some()
    };
    transact(&mut world, &handles, |txn| carry_out(txn, &Change::Swap)).unwrap();
    assert!(is_there(&world, 0) && !is_there(&world, 1), "the tables have not heard of the swap");
    world.settle();
    assert!(!is_there(&world, 0) && is_there(&world, 1));
}

/// So many objects that end one after the other, by turns in each of two namespaces, with names of so many bytes; all
/// of them are due.
fn due_by_turns(world: &mut World, handles: &[Handle; 2], many: u16, bytes: usize) -> u64 {
    for number in 0..many {
        let name = format!("{number:0bytes$}");
        let put = |txn: &mut Txn<'_>| {
            let places: Vec<Place> = txn.places().collect();
            let object =
                txn.open(places[usize::from(number % 2)], Layer::Redis, name.as_bytes())?;
            txn.create(object, Type::String)?;
            txn.put(object, b"", b"v")?;
            txn.set_deadline(object, Some(StoreTime(HandClock::BEGIN_MS + 10 + u64::from(number))))
        };
        transact(world, handles, put).unwrap();
    }
    world.settle();
    world.hands.turn(10_000);
    u64::from(many)
}

fn swap(store: &Store, plan: &mut Plan, pair: [&Handle; 2]) {
    store.replan(plan, PATIENCE);
    let places = pair.map(|handle| plan.namespace(handle));
    plan.take_exclusively();
    // Without room it waits, as a client does.
    while matches!(
        store.attempt(plan, |txn| txn.swap(places[0], places[1], Layer::Redis)),
        Attempt::Busy
    ) {
        std::thread::yield_now();
    }
}

/// Steps the sweeper, and what it waits for, until all is swept or it does not go on.
fn sweep(world: &mut World, all: u64) -> u64 {
    for _ in 0..100_000 {
        for worker in ["sweeper", "log-syncer", "log-writer", "applier", "log-upkeep"] {
            world.step_one(worker);
        }
        world.hands.turn(5);
        if world.store.figures().expired.get() == all {
            break;
        }
    }
    world.store.figures().expired.get()
}

#[test]
fn what_expires_in_many_namespaces_by_turns_is_swept_together() {
    let mut world = World::new(Settings::default());
    let handles = handles(&world);
    let all = due_by_turns(&mut world, &handles, 600, 10);
    let before = world.store.watermarks().queued();
    assert_eq!(sweep(&mut world, all), all);
    let commits = world.store.watermarks().queued().0 - before.0;
    assert!(commits <= 10, "{commits}");
}

#[test]
fn what_expires_is_swept_while_its_namespace_is_swapped() {
    let mut world = World::new(Settings::default());
    let handles = handles(&world);
    // A slice of the sweeper is four of them, or five.
    let all = due_by_turns(&mut world, &handles, 400, 30_000);
    let (store, over) = (world.store.clone(), AtomicBool::new(false));
    let swapping = || {
        let mut plan = store.plan(PATIENCE);
        while !over.load(Ordering::Relaxed) {
            swap(&store, &mut plan, handles.each_ref());
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(swapping);
        let swept = sweep(&mut world, all);
        over.store(true, Ordering::Relaxed);
        assert_eq!(swept, all);
    });
}
