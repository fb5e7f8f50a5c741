//! Is there an order of the transactions in which each saw what it saw? From the lists that were read
//! and the lists as they are in the end, it works out who must come before whom, and looks for a
//! circle.
//!
//! Three kinds of edge: *ww*, the next to append to a list; *wr*, who appended what another read last;
//! *rw*, who appended what another did not see yet. What a circle is called follows from its edges.
//! Sources: Kingsbury, Alvaro, "Elle: Inferring Isolation Anomalies from Experimental Observations"
//! (2020); Adya, "Weak Consistency" (1999).

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::Inventory;
use crate::book::{Act, Book, Fate};
use crate::client::lists::{Deed, all, read_number};
use crate::client::{Program, Read};
use crate::notes::Key;
use crate::violation::{Checker, Violation};

/// Why one must come before the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Edge {
    /// The other appended next.
    Ww,
    /// The other read what it appended.
    Wr,
    /// It did not see what the other appended.
    Rw,
}

/// Each act and those that must come after it, each for the strongest reason.
type Edges = BTreeMap<usize, BTreeMap<usize, Edge>>;

/// The lists in the end, and who appended what.
struct Lists {
    finally: BTreeMap<Key, Vec<u64>>,
    by: BTreeMap<u64, usize>,
}

/// Checks every transaction on lists that is part of the history.
pub fn check(inventory: &Inventory, book: &Book) -> Result<(), Violation> {
    let mut lists = Lists { finally: BTreeMap::new(), by: BTreeMap::new() };
    for (number, _, deeds) in acts(book) {
        let appended = deeds.iter().filter_map(|deed| deed.append);
        lists.by.extend(appended.map(|appended| (appended, number)));
    }
    for list in all() {
        let rows = inventory.rows(&list).iter();
        let numbers: Vec<u64> = rows.map(|(_, value)| read_number(value)).collect();
        lists.finally.insert(list, numbers);
    }
    lists.check_appended(book)?;
    let mut edges = Edges::new();
    lists.add_writers(&mut edges);
    for (number, act, deeds) in acts(book).filter(|(_, act, _)| act.counts()) {
        lists.add_reads(book, &mut edges, (number, act), deeds)?;
    }
    book.tally
        .add("edges between transactions", edges.values().map(|after| after.len() as u64).sum());
    let circle = circle(&edges);
    book.check(Checker::Order, circle.is_none(), || {
        let circle = circle.unwrap_or_default();
        let acts = circle.iter().filter_map(|number| book.acts.get(*number));
        format!(
            "{}, a circle of {} transactions: {:#?}",
            anomaly(&edges, &circle),
            circle.len(),
            acts.take(6).collect::<Vec<_>>()
        )
    })?;
    check_sequences(book, &edges)
}

fn acts(book: &Book) -> impl Iterator<Item = (usize, &Act, &[Deed])> {
    book.acts.iter().enumerate().filter_map(|(number, act)| match &act.program {
        Program::Lists(deeds) => Some((number, act, &**deeds)),
        _ => None,
    })
}

impl Lists {
    /// Each number is there once, if its transaction is part of the history, and else not at all.
    fn check_appended(&self, book: &Book) -> Result<(), Violation> {
        let mut found = BTreeSet::new();
        for (list, numbers) in &self.finally {
            for number in numbers {
                let by = self.by.get(number).and_then(|by| book.acts.get(*by));
                let once = found.insert(*number);
                let right = once && by.is_some_and(Act::counts);
                book.check(Checker::Order, right, || {
                    format!("{list:?} holds {number}, of {by:?}")
                })?;
            }
        }
        for (_, act, deeds) in acts(book).filter(|(_, act, _)| act.counts()) {
            for appended in deeds.iter().filter_map(|deed| deed.append) {
                let checker = if act.fate == Fate::Acknowledged {
                    Checker::Acknowledged
                } else {
                    Checker::Order
                };
                let there = found.contains(&appended);
                book.check(checker, there, || format!("{appended} of {act:?} is gone"))?;
            }
        }
        Ok(())
    }

    /// Who appended follows who appended before.
    fn add_writers(&self, edges: &mut Edges) {
        for numbers in self.finally.values() {
            for pair in numbers.windows(2) {
                self.add(edges, pair.first(), pair.last());
            }
        }
    }

    fn add(&self, edges: &mut Edges, before: Option<&u64>, after: Option<&u64>) {
        let writer = |number: Option<&u64>| self.by.get(number?).copied();
        if let (Some(before), Some(after)) = (writer(before), writer(after)) {
            add(edges, before, after, Edge::Ww);
        }
    }

    /// Who read follows who appended what was read last, and comes before who appended next.
    fn add_reads(
        &self,
        book: &Book,
        edges: &mut Edges,
        (number, act): (usize, &Act),
        deeds: &[Deed],
    ) -> Result<(), Violation> {
        let answered = act.answer.iter().flat_map(|answer| &answer.lists);
        let mut own: BTreeMap<&Key, Vec<u64>> = BTreeMap::new();
        let mut answered = answered;
        for deed in deeds {
            if let Some(appended) = deed.append {
                own.entry(&deed.list).or_default().push(appended);
                continue;
            }
            let Some(read) = answered.next() else { continue };
            let own = own.get(&deed.list).map_or(&[][..], |own| own);
            let finally = self.finally.get(&deed.list).map_or(&[][..], |list| list);
            let (read, right) = match read {
                Read::Numbers(read) => (&**read, finally.starts_with(read)),
                Read::Count(count) => {
                    let read = usize::try_from(*count).ok().and_then(|count| finally.get(..count));
                    (read.unwrap_or_default(), read.is_some())
                }
            };
            book.check(Checker::Order, right && read.ends_with(own), || {
                format!("{act:?} read {read:?} of what became {finally:?}")
            })?;
            let others = read.get(..read.len().saturating_sub(own.len())).unwrap_or_default();
            if let Some(writer) = others.last().and_then(|last| self.by.get(last)) {
                add(edges, *writer, number, Edge::Wr);
            }
            if let Some(writer) = finally.get(read.len()).and_then(|next| self.by.get(next)) {
                add(edges, number, *writer, Edge::Rw);
            }
        }
        Ok(())
    }
}

fn add(edges: &mut Edges, before: usize, after: usize, why: Edge) {
    if before != after {
        let known = edges.entry(before).or_default().entry(after).or_insert(why);
        *known = why.min(*known);
    }
}

/// What a circle is called.
fn anomaly(edges: &Edges, circle: &[usize]) -> &'static str {
    let after = circle.iter().cycle().skip(1);
    let kinds = circle.iter().zip(after).filter_map(|(a, b)| edges.get(a)?.get(b).copied());
    let kinds: Vec<Edge> = kinds.collect();
    match kinds.iter().filter(|kind| **kind == Edge::Rw).count() {
        0 if kinds.iter().all(|kind| *kind == Edge::Ww) => "G0",
        0 => "G1c",
        1 => "G-single",
        _ => "G2",
    }
}

/// Who must come before another has the lower sequence.
fn check_sequences(book: &Book, edges: &Edges) -> Result<(), Violation> {
    let commit = |number: &usize| book.acts.get(*number).and_then(|act| act.commit);
    for (before, after) in
        edges.iter().flat_map(|(before, after)| after.keys().map(move |after| (before, after)))
    {
        if let (Some(a), Some(b)) = (commit(before), commit(after)) {
            book.check(Checker::Order, a < b, || {
                format!(
                    "commit {a} must come before {b}: {:?} {:?}",
                    book.acts.get(*before),
                    book.acts.get(*after)
                )
            })?;
        }
    }
    Ok(())
}

/// Acts that each must come before the next, and the last before the first.
fn circle(edges: &Edges) -> Option<Vec<usize>> {
    let mut done = BTreeSet::new();
    for start in edges.keys() {
        // The way from `start` to where we are, each with those after it that are still to be visited.
        let mut way: Vec<(usize, Vec<usize>)> = Vec::new();
        let after = |number: usize| {
            edges.get(&number).map_or(Vec::new(), |after| after.keys().copied().collect())
        };
        if !done.contains(start) {
            way.push((*start, after(*start)));
        }
        while let Some((here, left)) = way.last_mut() {
            let Some(next) = left.pop() else {
                done.insert(*here);
                way.pop();
                continue;
            };
            if let Some(at) = way.iter().position(|(number, _)| *number == next) {
                return Some(way.split_off(at).into_iter().map(|(number, _)| number).collect());
            }
            if !done.contains(&next) {
                way.push((next, after(next)));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests;
