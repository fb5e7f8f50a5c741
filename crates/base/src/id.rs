//! Identifiers, each a type of its own, so that one cannot be passed for another.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// The position of a commit in its shard's log. The first commit is 1; [`Sequence::ZERO`] is
    /// before all. Gapless while a store is open; an open after an unclean stop leaves a gap of
    /// [`crate::limits::UNCLEAN_SEQUENCE_GAP`].
    Sequence(u64)
}

impl Sequence {
    /// Before the first commit.
    pub const ZERO: Self = Self(0);

    /// The sequence after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

id! {
    /// Who pays: every namespace belongs to one tenant.
    Tenant(u32)
}

id! {
    /// One tenant's database. A transaction touches namespaces of one tenant.
    Namespace(u32)
}

id! {
    /// One life of one part of a namespace. Flushing takes a new space; the old one is reclaimed.
    /// Drawn from the same counter as [`Generation`], never reused.
    Space(u64)
}

id! {
    /// One life of an object's content rows. Replacing or deleting the object ends it. Never reused.
    /// [`Generation::NONE`] stands for an object that has no content rows of its own.
    Generation(u64)
}

impl Generation {
    /// No content rows: the object's content, if any, is in its header row.
    pub const NONE: Self = Self(0);
}

/// Which store this is: drawn at random when its directory is made, never changed. Log frames carry
/// its first eight bytes, so that a frame of another store is never taken for one of this.
///
/// Not to be shown to clients: with it, a stored value could be made to look like a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StoreId(pub [u8; 16]);
