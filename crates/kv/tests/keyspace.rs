//! What a transaction sees of all objects of a namespace, while others write: held to a map.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod ground;

use std::collections::BTreeMap;

use base::StoreTime;
use base::rng::SplitMix64;
use ground::{PATIENCE, World, open};
use groundsill_kv::{Attempt, Layer, Listing, Place, Plan, Settings, Stop, Txn, Type};

/// What there is: the deadline of each object.
type Twin = BTreeMap<String, Option<StoreTime>>;

/// A change of one object.
#[derive(Clone, Debug)]
enum Change {
    Set(String),
    SetUntil(String, StoreTime),
    Delete(String),
    /// To a name that may be taken.
    Rename(String, String),
    /// Made and given no row, so that it is not there.
    Empty(String),
    Flush,
}

/// Deadlines are multiples of this, and no transaction is under way when one comes: so the map need not
/// know whether the sweeper has been there.
const PERIOD_MS: u64 = 100_000;

fn draw_name(rng: &mut SplitMix64) -> String {
    format!("k{}", rng.below(60))
}

fn draw(rng: &mut SplitMix64, now: StoreTime) -> Change {
    let name = draw_name(rng);
    match rng.below(20) {
        0..=8 => Change::Set(name),
        9..=11 => {
            Change::SetUntil(name, StoreTime((now.0 / PERIOD_MS + 1 + rng.below(2)) * PERIOD_MS))
        }
        12..=15 => Change::Delete(name),
        16 | 17 => Change::Rename(name, draw_name(rng)),
        18 => Change::Empty(name),
        _ if rng.one_in(4) => Change::Flush,
        _ => Change::Delete(name),
    }
}

fn carry_out(txn: &mut Txn<'_>, change: &Change) -> Result<(), Stop> {
    match change {
        Change::Set(name) | Change::SetUntil(name, _) | Change::Empty(name) => {
            let object = open(txn, name)?;
            txn.create(object, Type::String)?;
            if !matches!(change, Change::Empty(_)) {
                txn.put(object, b"", b"value")?;
            }
            if let Change::SetUntil(_, until) = change {
                txn.set_deadline(object, Some(*until))?;
            }
        }
        Change::Delete(name) => {
            let object = open(txn, name)?;
            txn.delete(object)?;
        }
        Change::Rename(from, to) => {
            let (from, to) = (open(txn, from)?, open(txn, to)?);
            if from != to && txn.kind(from).is_some() {
                txn.rename(from, to)?;
            }
        }
        Change::Flush => txn.flush(Place::FIRST, Layer::Redis)?,
    }
    Ok(())
}

fn carry_out_in_twin(twin: &mut Twin, change: &Change, now: StoreTime) {
    match change {
        Change::Set(name) => drop(twin.insert(name.clone(), None)),
        Change::SetUntil(name, until) => drop(twin.insert(name.clone(), Some(*until))),
        Change::Delete(name) | Change::Empty(name) => drop(twin.remove(name)),
        Change::Rename(from, to) if from != to && exists(twin.get(from), now) => {
            let moved = twin.remove(from).unwrap();
            twin.insert(to.clone(), moved);
        }
        Change::Rename(..) => {}
        Change::Flush => twin.clear(),
    }
}

fn exists(deadline: Option<&Option<StoreTime>>, now: StoreTime) -> bool {
    deadline.is_some_and(|deadline| deadline.is_none_or(|deadline| deadline > now))
}

fn names(twin: &Twin, now: StoreTime) -> Vec<String> {
    let there = twin.iter().filter(|(_, deadline)| exists(Some(*deadline), now));
    there.map(|(name, _)| name.clone()).collect()
}

/// All that a transaction sees, walking `most` at a time.
fn walk(txn: &mut Txn<'_>, most: usize) -> Result<Vec<String>, Stop> {
    let (mut found, mut from) = (Vec::new(), Some(Vec::new()));
    while let Some(id) = from {
        let Listing { objects, next } = txn.list(Place::FIRST, Layer::Redis, &id, most)?;
        assert!(objects.len() <= most, "more than was asked for");
        found.extend(objects.iter().map(|one| String::from_utf8(one.id.to_vec()).unwrap()));
        from = next.map(Into::into);
    }
    Ok(found)
}

/// A transaction under way, and what it does between looking around.
struct Walker {
    plan: Plan,
    changes: Vec<Change>,
    most: usize,
}

/// What a walker saw, before each of its changes and at the end.
type Sight = Vec<(u64, Vec<String>)>;

impl Walker {
    fn begin(world: &World, rng: &mut SplitMix64) -> Self {
        let mut plan = world.store.plan(PATIENCE);
        plan.namespace(&world.handle);
        plan.take_exclusively();
        let now = plan.now();
        let changes = (0..rng.below(6)).map(|_| draw(rng, now)).collect();
        Self { plan, changes, most: 1 + usize::try_from(rng.below(25)).unwrap() }
    }

    fn attempt(&mut self, world: &World) -> Attempt<Sight> {
        let (changes, most) = (&self.changes, self.most);
        world.store.attempt(&mut self.plan, |txn| {
            let mut sight = vec![(txn.count(Place::FIRST, Layer::Redis)?, walk(txn, most)?)];
            for change in changes {
                carry_out(txn, change)?;
                sight.push((txn.count(Place::FIRST, Layer::Redis)?, walk(txn, most)?));
            }
            Ok(sight)
        })
    }

    /// What it should have seen. Objects past their deadline may count until they are swept.
    fn check(&self, sight: &Sight, twin: &mut Twin) {
        let now = self.plan.now();
        assert_eq!(sight.len(), self.changes.len() + 1);
        for (at, (count, seen)) in sight.iter().enumerate() {
            if at > 0 {
                carry_out_in_twin(twin, &self.changes[at - 1], now);
            }
            let expected = names(twin, now);
            assert_eq!(*seen, expected, "before change {at} of {:?}", self.changes);
            let (least, most) = (expected.len() as u64, twin.len() as u64);
            assert!((least..=most).contains(count), "{count} is not in {least}..={most}");
        }
    }
}

fn run(seed: u64, rounds: u64) -> u64 {
    let mut rng = SplitMix64::new(seed);
    let mut world = World::new(Settings { objects_bytes: 4096, ..Settings::default() });
    let mut twin = Twin::new();
    let mut interrupted = 0;
    for _ in 0..rounds {
        let mut walker = Walker::begin(&world, &mut rng);
        let mut rounds = 0;
        let sight = loop {
            rounds += 1;
            assert!(rounds < 1000, "the transaction does not come to an end");
            match walker.attempt(&world) {
                Attempt::Done(sight, _) => break sight,
                Attempt::Refused(refusal, _) => panic!("{refusal:?}"),
                Attempt::Busy => world.settle(),
                Attempt::Again(wants) => {
                    // Others go on: before the load, and between the load and the next round.
                    for is_loaded in [false, true] {
                        for _ in 0..rng.below(4) {
                            // In the walker's time: what it calls expired must not come back to life.
                            let change = draw(&mut rng, walker.plan.now());
                            carry_out_alone(&mut world, &change);
                            carry_out_in_twin(&mut twin, &change, world.store.now());
                            interrupted += 1;
                        }
                        if !is_loaded {
                            if rng.one_in(2) {
                                world.settle();
                            }
                            drop(world.store.load(&mut walker.plan, wants.clone()).unwrap());
                        }
                    }
                    if rng.one_in(2) {
                        world.settle();
                    }
                }
            }
        };
        walker.check(&sight, &mut twin);
        let (now, turn) = (world.store.now().0 % PERIOD_MS, rng.below(PERIOD_MS / 4));
        let is_near = now + turn > PERIOD_MS * 9 / 10;
        world.hands.turn(if is_near { PERIOD_MS + 1 - now.min(PERIOD_MS) } else { turn });
        if rng.one_in(40) {
            world = world.reopened();
        }
    }
    interrupted
}

/// A change of another, from beginning to end.
fn carry_out_alone(world: &mut World, change: &Change) {
    let mut plan = world.store.plan(PATIENCE);
    plan.namespace(&world.handle);
    if matches!(change, Change::Flush) {
        plan.take_exclusively();
    }
    loop {
        match world.store.attempt(&mut plan, |txn| carry_out(txn, change)) {
            Attempt::Done((), _) => return,
            Attempt::Refused(refusal, _) => panic!("{refusal:?}"),
            Attempt::Busy => world.settle(),
            Attempt::Again(wants) => drop(world.store.load(&mut plan, wants).unwrap()),
        }
    }
}

#[test]
fn a_transaction_sees_all_that_was_committed_and_its_own_changes_while_others_write() {
    let interrupted: u64 = (0..10).map(|seed| run(seed, 60)).sum();
    assert!(interrupted > 500, "hardly anybody wrote in between: {interrupted}");
}
