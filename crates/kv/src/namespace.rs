//! Namespaces: who owns one, how durable it is, and which spaces its objects live in.
//!
//! Each has a gate: every transaction holds it shared for its length, so that what the catalogue says
//! stands still; flushing, and the last resort against undeclared keys, hold it exclusively.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base::codec::{Malformed, Reader};
use base::{Namespace, Sequence, Space, Tenant};
use parking_lot::RwLock;

use crate::plan::Receipt;
use crate::watermark::Level;

/// What a write waits for before its reply leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Synced.
    Durable = 1,
    /// Written to the operating system; synced within 100 ms.
    Relaxed = 2,
}

/// Which layer an object belongs to. Each has a space of its own in a namespace, so that flushing the
/// Redis keys takes no lock and no topic with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// Redis keys.
    Redis = 1,
    /// Topics and their partitions.
    Topics = 2,
    /// Locks, leases, idempotency records.
    Coord = 3,
}

/// All layers, in the order of their numbers.
pub(crate) const LAYERS: [Layer; 3] = [Layer::Redis, Layer::Topics, Layer::Coord];

/// One space of a namespace.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) space: Space,
    /// Whether what is absent in memory is absent. False once anything left memory, or after a recovery.
    pub(crate) complete: Arc<AtomicBool>,
    /// The flush that began it, if that was in this open: what is absent in it may be absent because
    /// of that, so whoever looks into it waits for that.
    pub(crate) since: Sequence,
}

impl Part {
    pub(crate) fn is_complete(&self) -> bool {
        self.complete.load(Ordering::Acquire)
    }
}

/// What the catalogue says of a namespace.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) tenant: Tenant,
    pub(crate) durability: Durability,
    pub(crate) parts: [Part; LAYERS.len()],
}

impl Entry {
    pub(crate) fn part(&self, layer: Layer) -> &Part {
        &self.parts[layer as usize - 1]
    }

    /// Appends the value of its row.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.tenant.0.to_le_bytes());
        out.push(self.durability as u8);
        #[expect(clippy::cast_possible_truncation, reason = "three")]
        out.push(self.parts.len() as u8);
        for (layer, part) in LAYERS.iter().zip(&self.parts) {
            out.push(*layer as u8);
            out.extend_from_slice(&part.space.0.to_le_bytes());
        }
    }

    /// Reads the value of a row. What it says may be in the tables already: nothing is complete.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let tenant = Tenant(reader.u32("a tenant")?);
        let durability = match reader.u8("a durability")? {
            1 => Durability::Durable,
            2 => Durability::Relaxed,
            _ => return Err(Malformed { expected: "a durability" }),
        };
        let malformed = Malformed { expected: "the parts of a namespace" };
        if usize::from(reader.u8("a count of parts")?) != LAYERS.len() {
            return Err(malformed);
        }
        let mut parts = Vec::with_capacity(LAYERS.len());
        for layer in LAYERS {
            if reader.u8("a layer")? != layer as u8 {
                return Err(malformed);
            }
            let space = Space(reader.u64("a space")?);
            let complete = Arc::new(AtomicBool::new(false));
            parts.push(Part { space, complete, since: Sequence::ZERO });
        }
        match (parts.try_into(), reader.is_empty()) {
            (Ok(parts), true) => Ok(Self { tenant, durability, parts }),
            _ => Err(malformed),
        }
    }
}

/// A namespace that a session is bound to. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle(pub(crate) Arc<Gate>);

impl Handle {
    /// Which namespace it is.
    pub fn namespace(&self) -> Namespace {
        self.0.namespace
    }

    /// What a reply has to wait for that depends on everything in it up to `after`.
    pub fn receipt(&self, after: Sequence) -> Receipt {
        let level =
            if self.durability() == Durability::Durable { Level::Durable } else { Level::Written };
        Receipt { commit: None, after, level }
    }

    /// What its writes wait for.
    pub fn durability(&self) -> Durability {
        self.0.entry.read().durability
    }
}

/// A namespace's entry under its gate.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) namespace: Namespace,
    pub(crate) entry: RwLock<Entry>,
}

#[cfg(test)]
mod tests;
