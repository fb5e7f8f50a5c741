#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::thread;

use base::{Event, Generation, HandClock, Namespace, StoreId, StoreTime, Tenant};
use log::{FileLog, SimulatedMedium};
use tables::ModelTables;

use super::*;
use crate::store::Store;

/// A shard whose next commit is `next`, over empty tables.
pub(crate) fn shard(next: Sequence) -> Arc<Shard> {
    let observer: Arc<dyn base::Observer> = Arc::new(|_: &Event| {});
    let bounds = log::Settings {
        segment_bytes: 1 << 20,
        history_bytes: 0,
        history_age_ms: 0,
        disk_free_bytes_min: 0,
    };
    let (medium, store) = (Arc::new(SimulatedMedium::new(1)), StoreId(*b"a store for test"));
    let observed = Arc::clone(&observer);
    let log = FileLog::open(medium, bounds, store, Sequence::ZERO, StoreTime(1), observed);
    let parts = Parts {
        settings: Settings::default(),
        log: Arc::new(log.unwrap().0),
        tables: Arc::new(ModelTables::new()),
        observer,
        machine: Arc::new(HandClock::default()),
    };
    Arc::new(Shard::new(parts, next, Generation(1), StoreTime(1)))
}

#[test]
fn a_space_is_found_that_goes_to_a_new_namespace_while_gates_are_waited_for() {
    let shard = shard(Sequence(1));
    let store = Store { shard: Arc::clone(&shard) };
    let make = |number| store.namespace(Tenant(0), Namespace(number)).unwrap();
    let (first, second) = (make(0), make(1));
    let space = second.0.entry.read().part(Layer::Redis).space;
    let before = Arc::strong_count(&first.0);
    let held = first.0.entry.write();
    thread::scope(|scope| {
        let found = scope.spawn(|| shard.home(space));
        while Arc::strong_count(&first.0) == before {
            thread::yield_now();
        }
        // It has looked which namespaces there are, and waits for the first.
        let third = make(2);
        let at = Layer::Redis as usize - 1;
        let (mut one, mut other) = (second.0.entry.write(), third.0.entry.write());
        std::mem::swap(&mut one.parts[at], &mut other.parts[at]);
        drop((one, other, held));
        let (home, layer) = found.join().unwrap().unwrap();
        assert_eq!((home.namespace(), layer), (Namespace(2), Layer::Redis));
    });
}

#[test]
fn a_space_is_found_while_it_goes_from_one_namespace_to_another() {
    let shard = shard(Sequence(1));
    let store = Store { shard: Arc::clone(&shard) };
    let (first, second) = (
        store.namespace(Tenant(0), Namespace(0)).unwrap(),
        store.namespace(Tenant(0), Namespace(1)).unwrap(),
    );
    let space = second.0.entry.read().part(Layer::Redis).space;
    let over = AtomicBool::new(false);
    let swaps = thread::scope(|scope| {
        let swapping = scope.spawn(|| {
            let at = Layer::Redis as usize - 1;
            let mut swaps = 0;
            while !over.load(Ordering::Relaxed) {
                let (mut one, mut other) = (first.0.entry.write(), second.0.entry.write());
                std::mem::swap(&mut one.parts[at], &mut other.parts[at]);
                swaps += 1;
            }
            swaps
        });
        let lost = (0..100_000).filter(|_| shard.home(space).is_none()).count();
        over.store(true, Ordering::Relaxed);
        assert_eq!(lost, 0);
        swapping.join().unwrap()
    });
    assert!(swaps > 100, "{swaps}");
}
