//! Files of `/proc` and `/sys` that tell sizes, counters and averages, by name.

use std::collections::BTreeMap;

use crate::snapshot::{Pressure, Stall, Ticks};

/// Those of these names, in bytes.
pub(super) fn meminfo(text: &str, names: &[&str]) -> BTreeMap<String, u64> {
    let size = |line: &str| {
        let (name, rest) = line.split_once(':')?;
        let kib: u64 = rest.trim().strip_suffix(" kB")?.parse().ok()?;
        names.contains(&name).then(|| (name.to_owned(), kib.saturating_mul(1024)))
    };
    text.lines().filter_map(size).collect()
}

/// Of lines of a name and a number, those of these names.
pub(super) fn counters(text: &str, names: &[&str]) -> BTreeMap<String, u64> {
    let counter = |line: &str| {
        let (name, value) = line.split_once(' ')?;
        names.contains(&name).then_some(())?;
        Some((name.to_owned(), value.trim().parse().ok()?))
    };
    text.lines().filter_map(counter).collect()
}

/// The first line of `/proc/stat`. What guests ran is in user and nice already.
pub(super) fn ticks(text: &str) -> Option<Ticks> {
    let line = text.lines().next()?.strip_prefix("cpu ")?;
    let spent: Option<Vec<u64>> =
        line.split_whitespace().take(8).map(|ticks| ticks.parse().ok()).collect();
    let spent = spent?;
    Some(Ticks { all: spent.iter().sum(), steal: *spent.get(7)? })
}

/// The word in brackets, of such as `always [madvise] never`.
pub(super) fn chosen(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('[')?;
    Some(rest.split_once(']')?.0.to_owned())
}

/// A file of `/proc/pressure`, or `cpu.pressure` and so on of a control group.
pub(super) fn pressure(text: &str) -> Option<Pressure> {
    let of = |kind: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(kind))?;
        let value = |name: &str| {
            let mut fields = line.split_whitespace();
            hundredths(fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))?)
        };
        Some(Stall { avg10: value("avg10")?, avg60: value("avg60")? })
    };
    Some(Pressure { some: of("some")?, full: of("full") })
}

/// `6.46` as 646.
fn hundredths(text: &str) -> Option<u32> {
    let (whole, part) = text.split_once('.')?;
    let part: u32 = (part.len() == 2).then(|| part.parse().ok())??;
    whole.parse::<u32>().ok()?.checked_mul(100)?.checked_add(part)
}

#[cfg(test)]
mod tests;
