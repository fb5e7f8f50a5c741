//! The objects in memory, in 1,024 stripes: a stripe is one reader-writer lock over the objects whose
//! hash falls into it. Objects carry no lock of their own.
//!
//! Entries lie in slots that do not move, so that a transaction can name one by number for as long
//! as it holds the stripe; the index finds a slot by hash.

use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use base::{Space, StoreTime};
use hashbrown::HashTable;
use parking_lot::RwLock;

use crate::object::Entry;

/// How many stripes a shard has.
pub(crate) const STRIPES: StripeId = 1024;

/// The number of a stripe. Locks are taken in ascending order.
pub(crate) type StripeId = u16;

/// The number of an entry within its stripe.
pub(crate) type Slot = u32;

/// Entries whose hash falls into one stripe.
#[derive(Debug, Default)]
pub(crate) struct Stripe {
    index: HashTable<(Hash, Slot)>,
    slots: Vec<Option<Entry>>,
    free: Vec<Slot>,
    /// Where the evictor goes on.
    pub(crate) hand: Slot,
    /// The latest time at which a transaction has used it.
    used_at: AtomicU64,
}

impl Stripe {
    /// The slot of an object, if it has an entry.
    pub(crate) fn find(&self, hash: Hash, space: Space, id: &[u8]) -> Option<Slot> {
        self.index
            .find(hash.spread(), |&(have, slot)| {
                have == hash && self.get(slot).is_some_and(|entry| entry.is(space, id))
            })
            .map(|&(_, slot)| slot)
    }

    /// Where an object of that hash is, which is nearly always the one that is sought.
    pub(crate) fn guess(&self, hash: Hash) -> Option<Slot> {
        self.index.find(hash.spread(), |&(have, _)| have == hash).map(|&(_, slot)| slot)
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&Entry> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut Entry> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// Takes in an entry of an object that has none.
    pub(crate) fn insert(&mut self, hash: Hash, entry: Entry) -> Slot {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        self.slots[slot as usize] = Some(entry);
        self.index.insert_unique(hash.spread(), (hash, slot), |&(hash, _)| hash.spread());
        slot
    }

    /// Lets go of an entry.
    pub(crate) fn remove(&mut self, hash: Hash, slot: Slot) -> Option<Entry> {
        let found = self.index.find_entry(hash.spread(), |&(_, have)| have == slot).ok()?;
        found.remove();
        self.free.push(slot);
        self.slots.get_mut(slot as usize)?.take()
    }

    /// A transaction uses it at the time `now`: whether no other has used it at a later time.
    pub(crate) fn use_at(&self, now: StoreTime) -> bool {
        // Most of those who use it within a millisecond do not write, and share it undisturbed.
        let mut latest = self.used_at.load(Ordering::Relaxed);
        if latest < now.0 {
            latest = self.used_at.fetch_max(now.0, Ordering::Relaxed);
        }
        latest <= now.0
    }

    /// How many slots there are, empty ones included.
    pub(crate) fn slots(&self) -> Slot {
        u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }
}

/// The hash of an object. Its upper bits choose the stripe; multiplied out, it serves the index of the
/// stripe, which takes a tag from the top and a place from the bottom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hash(u32);

impl Hash {
    /// The stripe that the object is in.
    pub(crate) const fn stripe(self) -> StripeId {
        let [.., high, low] = (self.0 >> (u32::BITS - STRIPES.ilog2())).to_be_bytes();
        StripeId::from_be_bytes([high, low])
    }

    /// All 64 bits, for an index.
    pub(crate) const fn spread(self) -> u64 {
        (self.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// All stripes of a shard, and the hash that places objects in them.
#[derive(Debug)]
pub(crate) struct Stripes {
    stripes: Box<[RwLock<Stripe>]>,
    seed: foldhash::fast::FixedState,
}

impl Stripes {
    /// `seed` keys the hash, so that nobody can aim keys at one stripe.
    pub(crate) fn new(seed: u64) -> Self {
        let stripes = (0..STRIPES).map(|_| RwLock::default()).collect();
        Self { stripes, seed: foldhash::fast::FixedState::with_seed(seed) }
    }

    /// The hash of an object.
    pub(crate) fn hash(&self, space: Space, id: &[u8]) -> Hash {
        let mut hasher = self.seed.build_hasher();
        hasher.write_u64(space.0);
        hasher.write(id);
        let hash = hasher.finish();
        #[expect(clippy::cast_possible_truncation, reason = "folded, so that no bit is lost")]
        Hash((hash ^ hash >> 32) as u32)
    }

    pub(crate) fn lock(&self, stripe: StripeId) -> &RwLock<Stripe> {
        &self.stripes[usize::from(stripe)]
    }
}
