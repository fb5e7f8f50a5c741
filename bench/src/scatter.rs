//! An order of keys in which neighbours lie far apart, the same in each run.

/// Visits all of so many keys before one comes again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scatter {
    keys: u64,
    step: u64,
}

impl Scatter {
    /// Of at least one key.
    pub(crate) const fn new(keys: u64) -> Self {
        let keys = if keys == 0 { 1 } else { keys };
        // By the golden section no multiple of the step comes close to a multiple of all.
        let mut step = keys / 1000 * 618 + keys % 1000 * 618 / 1000 + 1;
        while divisor(step, keys) != 1 {
            step += 1;
        }
        Self { keys, step }
    }

    /// The key at that place of the order.
    pub(crate) fn key(self, at: u64) -> u64 {
        let product = u128::from(at) * u128::from(self.step) % u128::from(self.keys);
        u64::try_from(product).unwrap_or(0)
    }
}

/// The greatest that both have in common.
const fn divisor(mut one: u64, mut other: u64) -> u64 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests;
