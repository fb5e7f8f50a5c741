//! Sets of transactions as MySQL writes them: `UUID:1-5:7,UUID:TAG:1-3`.
//!
//! Source: the reference of MySQL 8.4, 19.1.3.1 ("GTID Format and Storage").

use std::collections::BTreeMap;
use std::fmt;

use crate::check::Blind;

/// A set of transactions: by server, and tag if it has one, runs of numbers, first and last, in their order and apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Gtids(BTreeMap<String, Vec<(u64, u64)>>);

impl Gtids {
    /// Reads one.
    pub(super) fn parse(text: &str) -> Result<Self, Blind> {
        let mut all = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let mut words = part.split(':');
            let server = words.next().unwrap_or_default().to_owned();
            let mut whose = server.clone();
            for word in words {
                if word.starts_with(|c: char| c.is_ascii_digit()) {
                    let run = run(word);
                    let run =
                        run.ok_or_else(|| Blind::Failed("gtid_executed is none".to_owned()))?;
                    all.0.entry(whose.clone()).or_default().push(run);
                } else {
                    whose = format!("{server}:{word}");
                }
            }
        }
        all.0.values_mut().for_each(merge);
        Ok(all)
    }

    /// All of another one as well.
    pub(super) fn add(&mut self, other: Self) {
        for (whose, runs) in other.0 {
            let own = self.0.entry(whose).or_default();
            own.extend(runs);
            merge(own);
        }
    }

    /// What another one does not have.
    pub(super) fn without(&self, other: &Self) -> Self {
        let mut left = BTreeMap::new();
        for (whose, runs) in &self.0 {
            let taken = other.0.get(whose).map_or(&[][..], |runs| runs);
            let rest: Vec<_> = runs.iter().flat_map(|run| cut(*run, taken)).collect();
            if !rest.is_empty() {
                left.insert(whose.clone(), rest);
            }
        }
        Self(left)
    }

    /// What both have.
    pub(super) fn also_in(&self, other: &Self) -> Self {
        self.without(&self.without(other))
    }

    /// What it does not have below the last number that it has of each server.
    pub(super) fn gaps(&self) -> Self {
        let below = |(whose, runs): (&String, &Vec<(u64, u64)>)| {
            let last = runs.last()?.1;
            let gaps = cut((1, last), runs);
            (!gaps.is_empty()).then(|| (whose.clone(), gaps))
        };
        Self(self.0.iter().filter_map(below).collect())
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.0.values().flatten().fold(0, |all, (first, last)| {
            all.saturating_add(last.saturating_sub(*first).saturating_add(1))
        })
    }
}

/// `1-5`, or `7`.
fn run(text: &str) -> Option<(u64, u64)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last))
}

/// In their order, and those that touch made one.
fn merge(runs: &mut Vec<(u64, u64)>) {
    runs.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::with_capacity(runs.len());
    for (first, last) in runs.drain(..) {
        match merged.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => merged.push((first, last)),
        }
    }
    *runs = merged;
}

/// What is left of a run without others, which are in their order and apart.
fn cut((start, last): (u64, u64), taken: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut left = Vec::new();
    let mut first = start;
    for (from, to) in taken.iter().filter(|(from, to)| *to >= start && *from <= last) {
        if *from > first {
            left.push((first, from - 1));
        }
        let Some(next) = to.checked_add(1) else { return left };
        first = next;
    }
    if first <= last {
        left.push((first, last));
    }
    left
}

impl fmt::Display for Gtids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (whose, runs)) in self.0.iter().enumerate() {
            write!(f, "{}{whose}", if at > 0 { "," } else { "" })?;
            for (first, last) in runs {
                if first == last {
                    write!(f, ":{first}")?;
                } else {
                    write!(f, ":{first}-{last}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
