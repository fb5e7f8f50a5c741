//! Guards of the two kinds of lock that a transaction holds, shared or alone.
//!
//! Lock order: gates in order of namespace, then stripes in ascending order, then the commit queue.
//! Whoever holds a stripe only tries another one; so nobody waits in a circle.

use std::ops::Deref;

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::namespace::Entry;
use crate::plan::Access;
use crate::stripe::Stripe;

/// A namespace's gate, held.
#[derive(Debug)]
pub(crate) enum GateGuard<'a> {
    Shared(RwLockReadGuard<'a, Entry>),
    Exclusive(RwLockWriteGuard<'a, Entry>),
}

impl<'a> GateGuard<'a> {
    pub(crate) fn lock(gate: &'a RwLock<Entry>, access: Access) -> Self {
        match access {
            Access::Shared => Self::Shared(gate.read()),
            Access::Exclusive => Self::Exclusive(gate.write()),
        }
    }
}

impl Deref for GateGuard<'_> {
    type Target = Entry;

    fn deref(&self) -> &Entry {
        match self {
            Self::Shared(entry) => entry,
            Self::Exclusive(entry) => entry,
        }
    }
}

/// A stripe, held.
#[derive(Debug)]
pub(crate) enum StripeGuard<'a> {
    Shared(RwLockReadGuard<'a, Stripe>),
    Exclusive(RwLockWriteGuard<'a, Stripe>),
}

impl<'a> StripeGuard<'a> {
    pub(crate) fn lock(stripe: &'a RwLock<Stripe>, access: Access) -> Self {
        match access {
            Access::Shared => Self::Shared(stripe.read()),
            Access::Exclusive => Self::Exclusive(stripe.write()),
        }
    }

    pub(crate) fn try_lock(stripe: &'a RwLock<Stripe>, access: Access) -> Option<Self> {
        match access {
            Access::Shared => stripe.try_read().map(Self::Shared),
            Access::Exclusive => stripe.try_write().map(Self::Exclusive),
        }
    }

    pub(crate) fn stripe(&self) -> &Stripe {
        match self {
            Self::Shared(stripe) => stripe,
            Self::Exclusive(stripe) => stripe,
        }
    }

    /// The stripe, to change it; `None` if it is held shared.
    pub(crate) fn stripe_mut(&mut self) -> Option<&mut Stripe> {
        match self {
            Self::Shared(_) => None,
            Self::Exclusive(stripe) => Some(stripe),
        }
    }
}
