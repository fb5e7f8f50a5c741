//! Ranges of keys, brought into a form that no tree can trip over.

use std::ops::Bound;

use crate::KEY_BYTES_MAX;

/// Two bounds in order.
pub(crate) type Span<'a> = (Bound<&'a [u8]>, Bound<&'a [u8]>);

/// The same keys between bounds that are in order, not empty and not too long to be keys; none if
/// the range is empty.
pub(crate) fn span<'a>(from: Bound<&'a [u8]>, to: Bound<&'a [u8]>) -> Option<Span<'a>> {
    // No key is longer than its bound cut to the longest key, unless it sorts after the bound too.
    let from = match from {
        Bound::Included(key) | Bound::Excluded(key) if key.len() > KEY_BYTES_MAX => {
            Bound::Excluded(key.get(..KEY_BYTES_MAX)?)
        }
        Bound::Included([]) | Bound::Excluded([]) => Bound::Unbounded,
        from => from,
    };
    let to = match to {
        Bound::Included(key) | Bound::Excluded(key) if key.len() > KEY_BYTES_MAX => {
            Bound::Included(key.get(..KEY_BYTES_MAX)?)
        }
        Bound::Included([]) | Bound::Excluded([]) => return None,
        to => to,
    };
    let empty = match (from, to) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        (Bound::Included(from), Bound::Included(to)) => from > to,
        (
            Bound::Included(from) | Bound::Excluded(from),
            Bound::Included(to) | Bound::Excluded(to),
        ) => from >= to,
    };
    (!empty).then_some((from, to))
}

#[cfg(test)]
mod tests;
