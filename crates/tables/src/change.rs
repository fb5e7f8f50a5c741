//! Rows as they come in and go out: values, changes, and the row `applied`.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use base::Sequence;
use base::limits::ROW_BYTES_MAX;

use crate::Error;

/// The key of the row that holds the last commit whose changes are in the tables (u64).
pub const APPLIED_KEY: &[u8] = b"\0applied";

/// The longest key, in bytes; the shortest is one byte.
pub const KEY_BYTES_MAX: usize = 65_535;

/// Immutable bytes of a key or a row. A copy shares them; up to 20 bytes stand in the value itself.
#[derive(Clone)]
pub struct Value(pub(crate) lsm_tree::Slice);

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl Deref for Value {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Value {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Borrow<[u8]> for Value {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from(bytes.as_slice())
    }
}

impl From<Box<[u8]>> for Value {
    fn from(bytes: Box<[u8]>) -> Self {
        Self::from(&*bytes)
    }
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(bytes: &[u8; N]) -> Self {
        Self::from(bytes.as_slice())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}

/// What becomes of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its key: 1 to [`KEY_BYTES_MAX`] bytes.
    pub key: Value,
    /// Its value, at most [`ROW_BYTES_MAX`] bytes, or that it is not there.
    pub value: Option<Value>,
}

impl Change {
    /// The row `key` is `value`.
    pub fn put(key: impl Into<Value>, value: impl Into<Value>) -> Self {
        Self { key: key.into(), value: Some(value.into()) }
    }

    /// The row `key` is not there.
    pub fn remove(key: impl Into<Value>) -> Self {
        Self { key: key.into(), value: None }
    }
}

/// The row `applied` for a batch that ends with `through`.
pub(crate) fn applied_row(through: Sequence) -> Change {
    Change::put(APPLIED_KEY, &through.0.to_le_bytes())
}

/// Reads the value of the row `applied`; none if it is not eight bytes.
pub(crate) fn parse_applied(value: &[u8]) -> Option<Sequence> {
    Some(Sequence(u64::from_le_bytes(value.try_into().ok()?)))
}

/// Whether a batch may be applied: everything that a tree would panic at or get wrong silently.
pub(crate) fn check(changes: &[Change], through: Sequence, applied: Sequence) -> Result<(), Error> {
    if through <= applied {
        return Err(Error::Stale { through, applied });
    }
    let mut previous: &[u8] = &[];
    for Change { key, value } in changes {
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return Err(Error::KeyLength { bytes: key.len() });
        }
        if **key <= *previous {
            return Err(Error::Order);
        }
        if **key == *APPLIED_KEY {
            return Err(Error::Reserved);
        }
        if let Some(value) = value
            && value.len() > ROW_BYTES_MAX
        {
            return Err(Error::ValueLength { bytes: value.len() });
        }
        previous = key;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
