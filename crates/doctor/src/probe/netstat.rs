//! `/proc/net/netstat`: pairs of lines, names and then values, each pair of one protocol.

use std::collections::BTreeMap;

use crate::snapshot::Probed;

const PATH: &str = "/proc/net/netstat";

/// The counters of `TcpExt`.
pub(super) fn look() -> Probed<BTreeMap<String, u64>> {
    match super::text(PATH) {
        Probed::Seen(text) => parse(&text).map_or_else(
            || Probed::Failed(format!("{PATH} has no TcpExt in the form that is known")),
            Probed::Seen,
        ),
        Probed::Denied(needs) => Probed::Denied(needs),
        Probed::Absent(what) => Probed::Absent(what),
        Probed::Failed(error) => Probed::Failed(error),
    }
}

/// None if there is no such pair, or it has more names than values.
fn parse(text: &str) -> Option<BTreeMap<String, u64>> {
    let mut of_tcp = text.lines().filter_map(|line| line.strip_prefix("TcpExt:"));
    let (names, values) = (of_tcp.next()?.split_whitespace(), of_tcp.next()?.split_whitespace());
    let (names, values): (Vec<_>, Vec<_>) = (names.collect(), values.collect());
    if names.len() != values.len() {
        return None;
    }
    // A counter below zero is one that this kernel does not keep.
    let counters = names.into_iter().zip(values);
    Some(
        counters.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect(),
    )
}

#[cfg(test)]
mod tests;
