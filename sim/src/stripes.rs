//! Which objects share a lock, found out by trying: so that a round can be run within another's
//! without ever waiting for a lock that the other holds, which on one thread would be for ever.

use std::collections::BTreeMap;
use std::time::Duration;

use kv::{Attempt, Handle, Plan, Refusal, Stop, Store};

use crate::notes::Key;

/// Objects by the lock that they share.
#[derive(Clone, Debug, Default)]
pub struct Stripes(BTreeMap<Key, usize>);

impl Stripes {
    /// Finds out which of `keys` share a lock. To be called while nobody else uses the store.
    #[must_use]
    pub fn probe(store: &Store, handles: &[Handle; 2], keys: &[Key]) -> Self {
        let mut classes: BTreeMap<Key, usize> = BTreeMap::new();
        for (class, host) in keys.iter().enumerate() {
            if classes.contains_key(host) {
                continue;
            }
            let mut plan = plan(store);
            let places = [0, 1].map(|at: usize| plan.namespace(&handles[at]));
            let attempt: Attempt<()> = store.attempt(&mut plan, |txn| {
                // Whatever comes of it, its lock is held from here on.
                let _ = txn.open(host.place(places), host.layer, &host.id);
                for guest in keys {
                    if shares(store, handles, guest) {
                        classes.insert(guest.clone(), class);
                    }
                }
                Err(give_up())
            });
            drop(attempt);
        }
        Self(classes)
    }

    /// Whether nobody who holds `held` holds a lock of `named`.
    #[must_use]
    pub fn apart(&self, held: &[Key], named: &[Key]) -> bool {
        let class = |key: &Key| self.0.get(key);
        let known = held.iter().chain(named).all(|key| class(key).is_some());
        known && named.iter().all(|name| held.iter().all(|hold| class(hold) != class(name)))
    }
}

fn plan(store: &Store) -> Plan {
    let mut plan = store.plan(Duration::from_hours(1));
    plan.expect_bytes(0);
    plan
}

fn give_up() -> Stop {
    Refusal { kind: base::Kind::Conflict, code: "PROBE", message: "".into() }.into()
}

/// Whether an object cannot be opened because its lock is held; nothing else holds it back.
fn shares(store: &Store, handles: &[Handle; 2], key: &Key) -> bool {
    let mut plan = plan(store);
    let places = [0, 1].map(|at: usize| plan.namespace(&handles[at]));
    let attempt: Attempt<()> = store.attempt(&mut plan, |txn| {
        txn.open(key.place(places), key.layer, &key.id)?;
        Err(give_up())
    });
    matches!(attempt, Attempt::Again(wants) if wants.is_empty())
}
