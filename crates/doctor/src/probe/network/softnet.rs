//! What each processor took in from the network: `/proc/net/softnet_stat`, a line for each processor that is on.
//!
//! Source: Linux `net/core/net-procfs.c`, `softnet_seq_show`: numbers of eight hexadecimal digits. The first three are how many
//! packets were handled, were dropped, and how often the budget was used up; since Linux 5.10 the thirteenth is the processor.

use crate::snapshot::{Probed, Softnet};

const PATH: &str = "/proc/thread-self/net/softnet_stat";

/// In the order of the processors.
pub(super) fn look() -> Probed<Vec<Softnet>> {
    crate::probe::text(PATH).and_then(|text| {
        parse(&text).map_or_else(
            || Probed::Failed(format!("{PATH} is not in the form that is known")),
            Probed::Seen,
        )
    })
}

fn parse(text: &str) -> Option<Vec<Softnet>> {
    let line = |(at, line): (usize, &str)| {
        let fields: Option<Vec<u64>> =
            line.split_whitespace().map(|field| u64::from_str_radix(field, 16).ok()).collect();
        let fields = fields?;
        Some(Softnet {
            cpu: fields.get(12).copied().unwrap_or(at as u64),
            processed: *fields.first()?,
            dropped: *fields.get(1)?,
            squeezed: *fields.get(2)?,
        })
    };
    text.lines().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests;
