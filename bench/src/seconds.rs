//! What was done in each second of a run.

/// Operations of each whole second, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seconds(pub(crate) Vec<u64>);

impl Seconds {
    /// The middle one; of an even number the lower of two.
    pub(crate) fn median(&self) -> u64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(0)
    }

    /// The slowest second as a share of the median.
    pub(crate) fn slowest_share(&self) -> f64 {
        let slowest = self.0.iter().copied().min().unwrap_or(0);
        slowest as f64 / self.median().max(1) as f64
    }

    /// All of them, twelve to a line.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        for (at, count) in self.0.iter().enumerate() {
            if at > 0 && at % 12 == 0 {
                text.push('\n');
            }
            text.push_str(&cell(*count));
        }
        text
    }
}

fn cell(count: u64) -> String {
    format!("{count:>8}")
}

#[cfg(test)]
mod tests;
