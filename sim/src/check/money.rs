//! The bank's books: balances, events and idempotency records tell the same story.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::Inventory;
use crate::book::{Act, Book, Fate};
use crate::client::Program;
use crate::client::bank::{
    self, ACCOUNTS, BALANCE, BALANCE_ROW, Business, EVENT_LOGS, EVENT_ROW, Transfer,
};
use crate::violation::{Checker, Violation};

/// An event, and where it stands.
struct Event {
    log: u64,
    number: u64,
    fields: [u64; 5],
}

/// Checks the books.
pub fn check(inventory: &Inventory, book: &Book) -> Result<(), Violation> {
    if inventory.rows(&bank::account(0)).is_empty() {
        return Ok(());
    }
    let events = events(inventory, book)?;
    balances(inventory, book, &events)?;
    let mut by_transfer: BTreeMap<u64, Vec<&Event>> = BTreeMap::new();
    for event in &events {
        by_transfer.entry(event.fields[0]).or_default().push(event);
    }
    for (id, events) in &by_transfer {
        let count = events.len();
        book.check(Checker::Guards, count == 1, || {
            format!("transfer {id} happened {count} times")
        })?;
    }
    records(inventory, book, &by_transfer)?;
    acts(book, &by_transfer)?;
    tokens(book, &events)
}

/// All events; numbered without gaps.
fn events(inventory: &Inventory, book: &Book) -> Result<Vec<Event>, Violation> {
    let mut events = Vec::new();
    for log in 0..EVENT_LOGS {
        for (expected, (suffix, value)) in (0..).zip(inventory.rows(&bank::events(log))) {
            let number = bank::number(Some(suffix)).unwrap_or(u64::MAX);
            book.check(Checker::Money, number == expected, || {
                format!("event log {log} has number {number} in place of {expected}")
            })?;
            let mut fields = [0; 5];
            for (field, bytes) in fields.iter_mut().zip(value.chunks(8)) {
                *field = bank::number(Some(bytes)).unwrap_or(u64::MAX);
            }
            events.push(Event { log, number, fields });
        }
    }
    Ok(events)
}

/// Every balance is what the events make of it; so the sum is what it was.
fn balances(inventory: &Inventory, book: &Book, events: &[Event]) -> Result<(), Violation> {
    let mut sum = 0;
    for account in 0..ACCOUNTS {
        let balance = bank::balance(inventory.row(&bank::account(account), BALANCE_ROW));
        sum += balance;
        let moved: i64 = events
            .iter()
            .map(|Event { fields: [_, from, to, amount, _], .. }| {
                let amount = amount.cast_signed();
                i64::from(*to == account) * amount - i64::from(*from == account) * amount
            })
            .sum();
        let expected = BALANCE + moved;
        book.check(Checker::Money, balance == expected && balance >= 0, || {
            format!("account {account} holds {balance}; by the events it should be {expected}")
        })?;
    }
    let total = BALANCE * ACCOUNTS.cast_signed();
    book.check(Checker::Money, sum == total, || {
        format!("the balances sum up to {sum}, not {total}")
    })
}

/// There is a record of each transfer that has an event, with the event's number, and of no other.
fn records(
    inventory: &Inventory,
    book: &Book,
    events: &BTreeMap<u64, Vec<&Event>>,
) -> Result<(), Violation> {
    for (id, told) in events {
        let number = bank::number(inventory.row(&bank::record(*id), EVENT_ROW));
        let right = told.iter().any(|event| Some(event.number) == number);
        book.check(Checker::Money, right, || format!("transfer {id} has the record {number:?}"))?;
    }
    for transfer in transfers(book).map(|(_, transfer)| transfer) {
        let recorded = !inventory.rows(&bank::record(transfer.id)).is_empty();
        let told = events.contains_key(&transfer.id);
        book.check(Checker::Money, recorded == told, || {
            format!("{transfer:?}: recorded {recorded}, told {told}")
        })?;
    }
    Ok(())
}

fn transfers(book: &Book) -> impl Iterator<Item = (&Act, &Transfer)> {
    book.acts.iter().filter_map(|act| match &act.program {
        Program::Bank(Business::Transfer(transfer)) => Some((act, transfer)),
        _ => None,
    })
}

/// What clients were told is so, and nothing happened that nobody asked for.
fn acts(book: &Book, events: &BTreeMap<u64, Vec<&Event>>) -> Result<(), Violation> {
    let mut asked = BTreeSet::new();
    for (act, transfer) in transfers(book) {
        asked.insert(bank::event(transfer));
        let told = events.get(&transfer.id).map_or(&[][..], |events| events);
        if act.fate != Fate::Acknowledged {
            continue;
        }
        let number = act.answer.as_ref().and_then(|answer| answer.event);
        match (act.refused, number) {
            (None, Some(number)) => {
                let log = transfer.from % EVENT_LOGS;
                let there = told.iter().any(|event| (event.log, event.number) == (log, number));
                book.check(Checker::Acknowledged, there, || {
                    format!("event {number} of {transfer:?} is gone")
                })?;
            }
            (None, None) => book.check(Checker::Acknowledged, false, || {
                format!("{transfer:?} was answered without its event")
            })?,
            (Some("REPEATED"), _) => book.check(Checker::Dependency, !told.is_empty(), || {
                format!("{transfer:?} was said to be made already, and it is not")
            })?,
            _ => {}
        }
    }
    for Event { fields, .. } in events.values().flatten() {
        let bytes: Vec<u8> = fields.iter().flat_map(|field| field.to_be_bytes()).collect();
        book.check(Checker::Money, asked.contains(&bytes), || {
            format!("nobody asked for {fields:?}")
        })?;
    }
    Ok(())
}

/// The tokens of an account's transfers never go back: who has lost the lock moves nothing.
fn tokens(book: &Book, events: &[Event]) -> Result<(), Violation> {
    let mut latest: BTreeMap<u64, u64> = BTreeMap::new();
    for Event { fields: [id, from, .., token], .. } in events {
        let last = latest.insert(*from, *token).unwrap_or(0);
        book.check(Checker::Guards, last <= *token, || {
            format!("transfer {id} from {from} was made with the token {token}, after {last}")
        })?;
    }
    Ok(())
}
