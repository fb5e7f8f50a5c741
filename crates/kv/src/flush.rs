//! Flushing: the objects of a layer in a namespace, however many, go at once. And swapping: they change
//! places with those of another namespace.
//!
//! A flushed namespace gets a new space, under its gate held exclusively; the old one is owed to the
//! reclaimer in the same commit. Entries of a dead space cannot be reached any more, and leave memory in
//! the background. Of a swap, the catalogue rows are all: objects are kept by space.
//!
//! Whoever watches an object is told if it was there, or is there after a swap. Where memory does not know,
//! it is read before: a watched object is opened as if the transaction used it.

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

/// A part of a namespace that has another space since, to be put back if that is undone.
#[derive(Debug)]
pub(crate) struct Replaced {
    place: Place,
    layer: Layer,
    was: Part,
    by: By,
}

/// What took the place of a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// An empty one, which no other transaction has seen: the old one is dead.
    Fresh(Space),
    /// That of another namespace, where it is now.
    Swap,
}

/// So many watched objects are looked for at one place, at most. Of the rest, who watches one that memory
/// does not know is told, though it may be absent before and after.
const WATCHED_MAX: usize = 10_000;

const NOT_ALONE: &str = "a namespace was flushed or swapped that is not held exclusively";

impl Txn<'_> {
    /// The namespaces of the plan, in its order.
    pub fn places(&self) -> impl Iterator<Item = Place> + use<> {
        (0..self.gates.len()).map(|at| Place(u8::try_from(at).unwrap_or(u8::MAX)))
    }

    /// Removes all objects of a layer in a namespace. The plan has to have asked for it to be held
    /// exclusively ([`crate::Plan::take_exclusively`]).
    pub fn flush(&mut self, place: Place, layer: Layer) -> Result<(), Stop> {
        self.alone()?;
        self.open_watched(place, layer, &[place])?;
        let fresh = Space(self.shard.next_generation().0);
        let complete = Arc::new(AtomicBool::new(true));
        let part = Part { space: fresh, complete, since: Sequence::ZERO };
        let was = self.put_part(place, layer, part)?;
        let mut owed = Vec::new();
        key::put_owed(&mut owed, Owed::Space(was.space));
        record::put(&mut self.loose, &owed, &[]);
        self.replaced.push(Replaced { place, layer, was, by: By::Fresh(fresh) });
        Ok(())
    }

    /// Lets the objects of a layer change places with those of another namespace. As [`Txn::flush`], for
    /// both.
    pub fn swap(&mut self, one: Place, other: Place, layer: Layer) -> Result<(), Stop> {
        self.alone()?;
        if one == other {
            return Ok(());
        }
        // All that is missing is loaded at once.
        let watched = [one, other].map(|place| self.open_watched(place, layer, &[one, other]));
        watched.into_iter().collect::<Result<(), Stop>>()?;
        let part = self.gates[usize::from(other.0)].part(layer).clone();
        let was = self.put_part(one, layer, part)?;
        self.replaced.push(Replaced { place: one, layer, was: was.clone(), by: By::Swap });
        let was = self.put_part(other, layer, was)?;
        self.replaced.push(Replaced { place: other, layer, was, by: By::Swap });
        Ok(())
    }

    /// Opens what is watched at `place`, in all of `places`.
    fn open_watched(&mut self, place: Place, layer: Layer, places: &[Place]) -> Result<(), Stop> {
        let namespace = self.namespaces[usize::from(place.0)];
        let mut outcome = Ok(());
        for id in self.shard.interest.watched(namespace, layer).iter().take(WATCHED_MAX) {
            for place in places {
                match self.open(*place, layer, id) {
                    Ok(_) => {}
                    Err(Stop::Retry) => outcome = Err(Stop::Retry),
                    Err(refused) => return Err(refused),
                }
            }
        }
        outcome
    }

    /// Whether there is, or was before this transaction, such an object in a part.
    fn may_hold(&self, part: &Part, id: &[u8]) -> bool {
        let hash = self.shard.stripes.hash(part.space, id);
        match self.find_opened(hash, part.space, id) {
            Some(object) => self.opened[object.index()].changed || self.existing(object).is_some(),
            None => self.shard.may_hold(part, id, self.work.now),
        }
    }

    /// Gives a namespace another part, in memory and in the catalogue; what it had.
    fn put_part(&mut self, place: Place, layer: Layer, part: Part) -> Result<Part, Stop> {
        let namespace = self.namespaces[usize::from(place.0)];
        let Some(GateGuard::Exclusive(entry)) = self.gates.get_mut(usize::from(place.0)) else {
            return Err(Refusal::internal(NOT_ALONE).into());
        };
        let was = std::mem::replace(&mut entry.parts[layer as usize - 1], part);
        let mut value = Vec::new();
        entry.encode(&mut value);
        record::put(&mut self.loose, &key::catalogue(namespace), &value);
        // What the plan named was opened in the old space.
        self.named.clear();
        Ok(was)
    }

    /// Whether a space was made by this transaction: all that is in it, the transaction has put there.
    pub(crate) fn is_fresh(&self, space: Space) -> bool {
        self.replaced.iter().any(|replaced| replaced.by == By::Fresh(space))
    }

    /// Puts back the spaces that were replaced since there were `kept` of them.
    pub(crate) fn put_back_spaces(&mut self, kept: usize) {
        while self.replaced.len() > kept {
            let Some(Replaced { place, layer, was, .. }) = self.replaced.pop() else { break };
            if let Some(GateGuard::Exclusive(entry)) = self.gates.get_mut(usize::from(place.0)) {
                entry.parts[layer as usize - 1] = was;
            }
        }
    }

    /// The commit is queued: what was flushed is dead, and whoever watches what is elsewhere now, or gone,
    /// is told.
    pub(crate) fn bury_spaces(&mut self, sequence: Sequence) {
        let replaced = std::mem::take(&mut self.replaced);
        for Replaced { place, layer, was, by } in &replaced {
            let Some(gate) = self.gates.get_mut(usize::from(place.0)) else { continue };
            self.shard.know(gate);
            if let GateGuard::Exclusive(entry) = gate {
                entry.parts[*layer as usize - 1].since = sequence;
            }
            // After a swap, of whatever there is at either place.
            let now = (*by == By::Swap).then(|| gate.part(*layer).clone());
            let namespace = self.namespaces[usize::from(place.0)];
            for id in self.shard.interest.watched(namespace, *layer) {
                if [Some(was), now.as_ref()]
                    .into_iter()
                    .flatten()
                    .any(|part| self.may_hold(part, &id))
                {
                    self.shard.interest.tell(namespace, *layer, &id);
                }
            }
        }
        // The dead last: they are known to nobody, also where a swap has just named one.
        for Replaced { was, by, .. } in &replaced {
            if matches!(by, By::Fresh(_)) {
                self.shard.complete.write().remove(&was.space);
                self.shard.dead_spaces.lock().insert(was.space);
            }
        }
    }
}
