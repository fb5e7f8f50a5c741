//! The suffix of a row as the key of an ordered map.
//!
//! Invariant: the order is that of the bytes. Its first bytes lie in the map itself, as a number: of the
//! many keys that a search passes, nearly none has to be read from where it lies.

use std::borrow::Borrow;
use std::cmp::Ordering;

/// See the module's description.
#[derive(Debug)]
pub(super) struct Suffix {
    first: u64,
    pub(super) bytes: Box<[u8]>,
}

/// What is looked for: the same, of bytes that lie elsewhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sought<'a> {
    first: u64,
    bytes: &'a [u8],
}

/// Either of the two, so that a map of one can be searched for the other.
pub(super) trait Name {
    fn sought(&self) -> Sought<'_>;
}

impl Suffix {
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self { first: first(bytes), bytes: bytes.into() }
    }
}

impl<'a> Sought<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { first: first(bytes), bytes }
    }
}

/// The first eight bytes, with zeros behind them where there are fewer: then two that are not the same are
/// in the order of the bytes, and two that are the same tell nothing.
fn first(bytes: &[u8]) -> u64 {
    if let Some(first) = bytes.first_chunk() {
        return u64::from_be_bytes(*first);
    }
    let mut first = [0; 8];
    first[..bytes.len()].copy_from_slice(bytes);
    u64::from_be_bytes(first)
}

impl Name for Suffix {
    fn sought(&self) -> Sought<'_> {
        Sought { first: self.first, bytes: &self.bytes }
    }
}

impl Name for Sought<'_> {
    fn sought(&self) -> Sought<'_> {
        *self
    }
}

impl<'a> Borrow<dyn Name + 'a> for Suffix {
    fn borrow(&self) -> &(dyn Name + 'a) {
        self
    }
}

impl Ord for dyn Name + '_ {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (self.sought(), other.sought());
        a.first.cmp(&b.first).then_with(|| a.bytes.cmp(b.bytes))
    }
}

impl PartialOrd for dyn Name + '_ {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for dyn Name + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for dyn Name + '_ {}

impl Ord for Suffix {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b): (&dyn Name, &dyn Name) = (self, other);
        a.cmp(b)
    }
}

impl PartialOrd for Suffix {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Suffix {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Suffix {}

#[cfg(test)]
mod tests;
