//! `/etc/hosts`, by hosts(5).

use std::net::IpAddr;

use crate::snapshot::HostsLine;

/// More lines are not kept: lists that block advertisements have a hundred thousand.
const LINES_MAX: usize = 1_000;

/// What a text says.
pub(super) fn parse(text: &str, is_own: &mut impl FnMut(IpAddr) -> bool) -> Vec<HostsLine> {
    let line = |line: &str| {
        let mut words = line.split('#').next()?.split_whitespace();
        let address: IpAddr = words.next()?.split('%').next()?.parse().ok()?;
        let names = words.map(str::to_ascii_lowercase).collect();
        Some(HostsLine { address, names, own: is_own(address) })
    };
    text.lines().filter_map(line).take(LINES_MAX).collect()
}

#[cfg(test)]
mod tests;
