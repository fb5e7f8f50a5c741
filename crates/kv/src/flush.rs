//! Flushing: the objects of a layer in a namespace, however many, go at once.
//!
//! The namespace gets a new space, under its gate held exclusively; the old one is owed to the reclaimer
//! in the same commit. Entries of a dead space cannot be reached any more, and leave memory in the
//! background.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use base::{Sequence, Space};
use log::record;

use crate::error::{Refusal, Stop};
use crate::key::{self, Owed};
use crate::lock::GateGuard;
use crate::namespace::{Layer, Part};
use crate::plan::Place;
use crate::txn::Txn;

/// A space that the transaction has replaced, to be put back if it is undone.
#[derive(Debug)]
pub(crate) struct Flushed {
    place: Place,
    layer: Layer,
    was: Part,
    /// The space that took its place, which no other transaction has seen.
    fresh: Space,
}

impl Txn<'_> {
    /// The namespaces of the plan, in its order.
    pub fn places(&self) -> impl Iterator<Item = Place> + use<> {
        (0..self.gates.len()).map(|at| Place(u8::try_from(at).unwrap_or(u8::MAX)))
    }

    /// Removes all objects of a layer in a namespace. The plan has to have asked for it to be held
    /// exclusively ([`crate::Plan::take_exclusively`]).
    pub fn flush(&mut self, place: Place, layer: Layer) -> Result<(), Stop> {
        self.alone()?;
        let part = Part {
            space: Space(self.shard.next_generation().0),
            complete: Arc::new(AtomicBool::new(true)),
            since: Sequence::ZERO,
        };
        let namespace = self.namespaces[usize::from(place.0)];
        let Some(GateGuard::Exclusive(entry)) = self.gates.get_mut(usize::from(place.0)) else {
            return Err(
                Refusal::internal("a namespace was flushed that is not held exclusively").into()
            );
        };
        let fresh = part.space;
        let was = std::mem::replace(&mut entry.parts[layer as usize - 1], part);
        let mut value = Vec::new();
        entry.encode(&mut value);
        record::put(&mut self.loose, &key::catalogue(namespace), &value);
        let mut owed = Vec::new();
        key::put_owed(&mut owed, Owed::Space(was.space));
        record::put(&mut self.loose, &owed, &[]);
        // What the plan named was opened in the old space.
        self.named.clear();
        self.flushed.push(Flushed { place, layer, was, fresh });
        Ok(())
    }

    /// Whether a space was made by this transaction: all that is in it, the transaction has put there.
    pub(crate) fn is_fresh(&self, space: Space) -> bool {
        self.flushed.iter().any(|flushed| flushed.fresh == space)
    }

    /// Puts back the spaces that were replaced since there were `kept` of them.
    pub(crate) fn unflush(&mut self, kept: usize) {
        while self.flushed.len() > kept {
            let Some(Flushed { place, layer, was, .. }) = self.flushed.pop() else { break };
            if let Some(GateGuard::Exclusive(entry)) = self.gates.get_mut(usize::from(place.0)) {
                entry.parts[layer as usize - 1] = was;
            }
        }
    }

    /// The commit is queued: the old spaces are dead, and whoever watches their objects is told.
    pub(crate) fn bury_spaces(&mut self, sequence: Sequence) {
        for Flushed { place, layer, was, .. } in self.flushed.drain(..) {
            if let Some(gate) = self.gates.get_mut(usize::from(place.0)) {
                self.shard.know(gate);
                if let GateGuard::Exclusive(entry) = gate {
                    entry.parts[layer as usize - 1].since = sequence;
                }
            }
            let namespace = self.namespaces[usize::from(place.0)];
            self.shard.tell_flushed(namespace, layer, &was, self.work.now);
            self.shard.complete.write().remove(&was.space);
            self.shard.dead_spaces.lock().push(was.space);
        }
    }
}
