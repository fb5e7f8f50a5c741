//! Transactions that run one after the other under the same locks.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod ground;

use base::rng::SplitMix64;
use base::{HandClock, Sequence, StoreTime};
use groundsill_kv::{
    Attempt, Durability, Layer, Level, Receipt, Refusal, SERIES_MAX, Settings, Stop, Txn, Type,
};

use ground::{World, open};

/// What one transaction does to one object.
#[derive(Clone, Debug)]
struct Deed {
    name: &'static str,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Set(u8),
    Grow(u8),
    Shrink(u8),
    Delete,
    End(u64),
    Read,
    /// It changes something and is refused.
    Refuse,
    /// It changes something and wants to be run again.
    Retry,
}

impl Deed {
    fn draw(rng: &mut SplitMix64) -> Self {
        let names = ["a", "b", "c", "d"];
        let name = names[(rng.draw() % 4) as usize];
        let byte = (rng.draw() % 200) as u8;
        let what = match rng.draw() % 40 {
            0..8 => What::Set(byte),
            8..20 => What::Grow(byte),
            20..26 => What::Shrink(byte),
            26..30 => What::Delete,
            30..32 => What::End(u64::from(byte) + HandClock::BEGIN_MS + 1_000_000),
            32..37 => What::Read,
            37..39 => What::Refuse,
            _ => What::Retry,
        };
        Self { name, what }
    }

    fn carry_out(&self, txn: &mut Txn<'_>, seen: &mut Vec<Option<Sequence>>) -> Result<(), Stop> {
        let object = open(txn, self.name)?;
        seen.push(txn.header(object).map(|header| header.last_commit));
        match self.what {
            What::Set(byte) => txn.create_with(object, Type::String, b"", &[byte; 40]),
            What::Grow(byte) => {
                if txn.kind(object) != Some(Type::Hash) {
                    txn.create(object, Type::Hash)?;
                }
                (byte..byte + 9).try_for_each(|suffix| txn.put(object, &[suffix], &[byte; 20]))
            }
            What::Shrink(byte) => txn.remove(object, &[byte]).map(drop),
            What::Delete => txn.delete(object).map(drop),
            What::End(at) => txn.set_deadline(object, Some(StoreTime(at))),
            What::Read => {
                txn.rows(object, (std::ops::Bound::Unbounded, std::ops::Bound::Unbounded)).map(drop)
            }
            What::Refuse => {
                txn.create_with(object, Type::String, b"", b"never")?;
                Err(Refusal::limit("no").into())
            }
            What::Retry => {
                txn.create_with(object, Type::String, b"", b"never")?;
                Err(Stop::Retry)
            }
        }
    }
}

/// The last commit of the object that was seen, and the commit that was made.
type Told = (Option<Sequence>, Option<Sequence>);

/// Runs each by itself; what each saw, and what became of it.
fn one_by_one(world: &mut World, deeds: &[Deed]) -> Vec<Told> {
    let mut told = Vec::new();
    for deed in deeds {
        let mut seen = Vec::new();
        let mut is_first = true;
        let done = world.transact(|txn| {
            let outcome = deed.carry_out(txn, &mut seen);
            match outcome {
                // Once, as a lock that is taken.
                Err(Stop::Retry) if !std::mem::take(&mut is_first) => Ok(()),
                outcome => outcome,
            }
        });
        let commit = done.ok().and_then(|((), commit)| commit);
        told.push((seen.pop().unwrap(), commit));
    }
    told
}

/// Runs as many as go as a series, then the next by itself, and so on.
fn as_series(world: &mut World, deeds: &[Deed]) -> (Vec<Told>, usize) {
    let (mut told, mut joined) = (Vec::new(), 0);
    while told.len() < deeds.len() {
        let left = &deeds[told.len()..];
        let left = &left[..left.len().min(SERIES_MAX)];
        let names: Vec<_> = left.iter().map(|deed| deed.name).collect();
        let mut plan = world.plan(&names);
        let size = left.len() * 512;
        plan.expect_bytes(size);
        let ran = loop {
            let (mut seen, mut receipts): (Vec<_>, Vec<Receipt>) = (Vec::new(), Vec::new());
            let attempt = world.store.attempt_series(
                &mut plan,
                left.len(),
                |txn, at| left[at].carry_out(txn, &mut seen),
                |receipt| receipts.push(receipt),
            );
            match attempt {
                Attempt::Done(ran, _) => {
                    assert_eq!(ran, receipts.len());
                    let commits = receipts.iter().map(|receipt| receipt.commit);
                    told.extend(seen.iter().copied().zip(commits));
                    break ran;
                }
                Attempt::Again(wants) if !wants.is_empty() => {
                    drop(world.store.load(&mut plan, wants).unwrap());
                }
                Attempt::Again(_) | Attempt::Refused(..) => break 0,
                Attempt::Busy => world.step(),
            }
        };
        joined += ran;
        if let Some(next) = left.get(ran) {
            told.extend(one_by_one(world, std::slice::from_ref(next)));
        }
    }
    (told, joined)
}

#[test]
fn a_series_leaves_what_its_transactions_leave_one_by_one() {
    for seed in 0..40 {
        let mut rng = SplitMix64::new(seed);
        let (mut alone, mut together) =
            (World::new(Settings::default()), World::new(Settings::default()));
        for round in 0..4 {
            let deeds: Vec<_> = (0..60).map(|_| Deed::draw(&mut rng)).collect();
            let told_alone = one_by_one(&mut alone, &deeds);
            let (told_together, joined) = as_series(&mut together, &deeds);
            assert!(joined > 20, "seed {seed}: only {joined} ran in series");
            for (at, deed) in deeds.iter().enumerate() {
                let what = format!("seed {seed}, round {round}, {at}: {deed:?}");
                assert_eq!(told_together[at], told_alone[at], "{what}");
            }
            alone.settle();
            together.settle();
            assert_eq!(together.rows(), alone.rows(), "seed {seed}, round {round}");
            assert_eq!(
                together.store.resident_bytes(),
                alone.store.resident_bytes(),
                "seed {seed}"
            );
            // Nothing is in memory, so that the next round begins cold.
            (alone, together) = (alone.reopened(), together.reopened());
        }
    }
}

#[test]
fn a_cold_series_is_one_load() {
    let mut world = World::new(Settings::default());
    let names = ["a", "b", "c", "d"];
    world
        .transact(|txn| {
            names.iter().try_for_each(|name| {
                let object = open(txn, name)?;
                txn.create_with(object, Type::String, b"", b"value")
            })
        })
        .unwrap();
    let world = world.reopened();
    let mut plan = world.plan(&names);
    let read = |txn: &mut Txn<'_>, at: usize| {
        let object = open(txn, names[at])?;
        assert_eq!(txn.row(object, b"")?, Some(&b"value"[..]));
        Ok(())
    };
    let Attempt::Again(wants) = world.store.attempt_series(&mut plan, 4, read, |_| ()) else {
        panic!("it is in memory");
    };
    assert_eq!(wants.len(), 4);
    drop(world.store.load(&mut plan, wants).unwrap());
    let attempt = world.store.attempt_series(&mut plan, 4, read, |_| ());
    assert!(matches!(attempt, Attempt::Done(4, _)), "{attempt:?}");
}

#[test]
fn what_a_series_writes_has_room_in_the_log_or_is_not_done() {
    let mut world = World::new(Settings::default());
    let names = ["a"; 16];
    let mut plan = world.plan(&names);
    // Each fits what is set aside for it; all of them together do not.
    let value = vec![7; 16 << 10];
    plan.expect_bytes(16);
    let mut ran = Vec::new();
    let attempt = world.store.attempt_series(
        &mut plan,
        names.len(),
        |txn, at| {
            ran.push(at);
            let object = txn.open(groundsill_kv::Place::FIRST, Layer::Redis, b"a")?;
            txn.create(object, Type::Hash)?;
            txn.put(object, b"row", &value)
        },
        |_| (),
    );
    let Attempt::Done(done, _) = attempt else { panic!("{attempt:?}") };
    assert!(done > 0 && done < 4 && ran.len() == done + 1, "{done} of {ran:?}");
    world.settle();
}

#[test]
fn a_later_transaction_waits_for_what_an_earlier_wrote_and_as_long_as_it_asks_for_itself() {
    let settings = Settings { durability: Durability::Relaxed, ..Settings::default() };
    let world = World::new(settings);
    let mut plan = world.plan(&["a"]);
    plan.expect_bytes(100);
    let mut receipts: Vec<Receipt> = Vec::new();
    let attempt = world.store.attempt_series(
        &mut plan,
        3,
        |txn, at| {
            let object = open(txn, "a")?;
            match at {
                0 => txn.create_with(object, Type::String, b"", b"value")?,
                1 => txn.require_durable(),
                _ => {}
            }
            Ok(())
        },
        |receipt| receipts.push(receipt),
    );
    assert!(matches!(attempt, Attempt::Done(3, _)), "{attempt:?}");
    let commit = receipts[0].commit;
    let after = commit.unwrap();
    let levels = [Level::Written, Level::Durable, Level::Written];
    let expected = [commit, None, None].into_iter().zip(levels);
    let expected: Vec<_> =
        expected.map(|(commit, level)| Receipt { commit, after, level }).collect();
    assert_eq!(receipts, expected);
}
