//! Counters of the network, by name: `/proc/net/netstat` and `/proc/net/snmp`, which have pairs of lines, names and then
//! values, each pair of one protocol; and `/proc/net/snmp6`, which has one on each line.

use std::collections::BTreeMap;

use crate::snapshot::Probed;

type Counters = BTreeMap<String, u64>;

/// Those of `TcpExt`.
pub(super) fn tcp_ext() -> Probed<Counters> {
    parsed("/proc/thread-self/net/netstat", |text| parse_pairs(text, "TcpExt:"))
}

/// The own namespace.
pub(super) const OWN: &str = "/proc/thread-self/net";

/// Those of TCP, of both families, in the namespace whose files are in this folder.
pub(super) fn tcp(folder: &str) -> Probed<Counters> {
    parsed(&format!("{folder}/snmp"), |text| parse_pairs(text, "Tcp:"))
}

/// Those of UDP, of both families together: `RcvbufErrors` and so on.
pub(super) fn udp(folder: &str) -> Probed<Counters> {
    let (four, six) = (
        parsed(&format!("{folder}/snmp"), |text| parse_pairs(text, "Udp:")),
        parsed(&format!("{folder}/snmp6"), |text| Some(parse_lines(text, "Udp6"))),
    );
    match (four, six) {
        (Probed::Seen(mut four), Probed::Seen(six)) => {
            for (name, more) in six {
                *four.entry(name).or_default() += more;
            }
            Probed::Seen(four)
        }
        // Without IPv6 there are those of IPv4.
        (four, Probed::Absent(_) | Probed::Seen(_)) => four,
        (_, six) => six,
    }
}

fn parsed(path: &str, parse: impl FnOnce(&str) -> Option<Counters>) -> Probed<Counters> {
    crate::probe::text(path).and_then(|text| {
        let counters = parse(&text);
        counters.map_or_else(
            || Probed::Failed(format!("{path} is not in the form that is known")),
            Probed::Seen,
        )
    })
}

/// None if there is no such pair, or it has not a value for each name.
fn parse_pairs(text: &str, protocol: &str) -> Option<Counters> {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(protocol));
    let (names, values) = (lines.next()?.split_whitespace(), lines.next()?.split_whitespace());
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

fn parse_lines(text: &str, protocol: &str) -> Counters {
    let counter = |line: &str| {
        let (name, value) = line.strip_prefix(protocol)?.split_once(char::is_whitespace)?;
        Some((name.to_owned(), value.trim().parse().ok()?))
    };
    text.lines().filter_map(counter).collect()
}

#[cfg(test)]
mod tests;
