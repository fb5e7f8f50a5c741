//! `/etc/resolv.conf`, as the C library reads it.
//!
//! Source: resolv.conf(5): the last of `search` and `domain` counts, `ndots` is at most 15, `timeout` 30 and `attempts` 5.

use std::net::IpAddr;

use crate::snapshot::Resolver;

/// Without options, and at most: dots, seconds, rounds.
const NDOTS: (u64, u64) = (1, 15);
const TIMEOUT_S: (u64, u64) = (5, 30);
const ATTEMPTS: (u64, u64) = (2, 5);

/// The C library asks no more than these.
const SERVERS_MAX: usize = 3;

/// What a text says.
pub(super) fn parse(text: &str) -> Resolver {
    let mut resolver = Resolver {
        ndots: NDOTS.0,
        timeout_s: TIMEOUT_S.0,
        attempts: ATTEMPTS.0,
        ..Resolver::default()
    };
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("nameserver") => {
                // The interface of a link-local address is left out.
                let address =
                    words.next().and_then(|it| it.split('%').next()?.parse::<IpAddr>().ok());
                resolver.servers.extend(address);
            }
            Some("search" | "domain") => resolver.search = words.map(str::to_owned).collect(),
            Some("options") => words.for_each(|option| set(&mut resolver, option)),
            _ => {}
        }
    }
    resolver.servers.truncate(SERVERS_MAX);
    resolver
}

fn set(resolver: &mut Resolver, option: &str) {
    let Some((name, value)) = option.split_once(':') else { return };
    let Ok(value) = value.parse::<u64>() else { return };
    match name {
        "ndots" => resolver.ndots = value.min(NDOTS.1),
        "timeout" => resolver.timeout_s = value.min(TIMEOUT_S.1),
        "attempts" => resolver.attempts = value.min(ATTEMPTS.1),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
