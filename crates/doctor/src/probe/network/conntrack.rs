//! Connections that netfilter keeps track of, in the network namespaces of all processes.
//!
//! Source: Linux `net/netfilter/nf_conntrack_standalone.c`: `/proc/net/stat/nf_conntrack` has a line of names and one of
//! hexadecimal numbers for each processor; `entries` is the count of the whole namespace in each of them, the others are to be added up.

use std::collections::BTreeMap;

use super::spaces;
use crate::probe::{number, text};
use crate::snapshot::{Conntrack, Probed, Process, Tracked};

/// Below `/proc/PID/net`.
const STAT: &str = "stat/nf_conntrack";

/// Of the own namespace, and of those of all processes.
pub(super) fn look() -> Probed<Conntrack> {
    number("/proc/sys/net/netfilter/nf_conntrack_max").and_then(|max| {
        table("/proc/thread-self/net").and_then(|table| {
            let mut spaces = vec![tracked(spaces::own(), None, &table)];
            let (others, unseen) = spaces::others(STAT);
            for process in others.into_values() {
                let table = self::table(&format!("/proc/{}/net", process.pid));
                let space = spaces::of(process.pid);
                // It may be gone by now. Where nothing is tracked and never was, there is nothing to tell.
                let told = table.seen().ok().map(|it| tracked(space, Some(process), it));
                spaces
                    .extend(told.filter(|it| it.count + it.dropped + it.evicted + it.collided > 0));
            }
            Probed::Seen(Conntrack { max, spaces, unseen })
        })
    })
}

type Table = BTreeMap<String, u64>;

fn table(folder: &str) -> Probed<Table> {
    let path = format!("{folder}/{STAT}");
    text(&path).and_then(|text| {
        parse(&text).map_or_else(
            || Probed::Failed(format!("{path} is not in the form that is known")),
            Probed::Seen,
        )
    })
}

fn parse(text: &str) -> Option<Table> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next()?.split_whitespace().collect();
    let mut table = Table::new();
    for line in lines {
        for (name, value) in names.iter().zip(line.split_whitespace()) {
            let value = u64::from_str_radix(value, 16).ok()?;
            let sum = table.entry((*name).to_owned()).or_default();
            *sum = if *name == "entries" { value } else { *sum + value };
        }
    }
    ["entries", "drop", "early_drop", "insert_failed"]
        .iter()
        .all(|name| table.contains_key(*name))
        .then_some(table)
}

fn tracked(space: String, process: Option<Process>, table: &Table) -> Tracked {
    let of = |name: &str| table.get(name).copied().unwrap_or(0);
    Tracked {
        space,
        process,
        count: of("entries"),
        dropped: of("drop"),
        evicted: of("early_drop"),
        collided: of("insert_failed"),
    }
}

#[cfg(test)]
mod tests;
