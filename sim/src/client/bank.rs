//! A bank: transfers under a lock, each once by its idempotency record, each told in an event log;
//! all in one transaction.
//!
//! A transfer sets the first balance before it looks at its guards, so that a refusal has something
//! to undo.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use base::StoreTime;
use base::rng::SplitMix64;
use kv::{Layer, Stop, Type};

use super::{Answer, Client, Ending, Program};
use crate::notes::{Key, Scribe, refuse};

/// How many accounts there are.
pub const ACCOUNTS: u64 = 6;

/// The same, as a length.
const ACCOUNTS_LEN: usize = 6;

/// What each begins with.
pub const BALANCE: i64 = 100;

/// Event logs: an account's transfers are told in that of its number, modulo this.
pub const EVENT_LOGS: u64 = 2;

/// What a client asks of the bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Business {
    /// Make all accounts, each with a lock.
    Open,
    /// Take the lock of an account, with a token higher than the last.
    TakeLock {
        /// Which account.
        account: u64,
        /// The token.
        token: u64,
    },
    /// Move money.
    Transfer(Transfer),
}

/// A transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// What makes it the same one when it is asked for again.
    pub id: u64,
    /// The account that pays.
    pub from: u64,
    /// The account that is paid.
    pub to: u64,
    /// How much.
    pub amount: i64,
    /// The token of the lock that the client believes to hold on `from`.
    pub token: u64,
    /// Which of the objects it names beforehand, as bits.
    pub named: u8,
}

/// The account of that number.
#[must_use]
pub fn account(number: u64) -> Key {
    Key::durable(Layer::Redis, format_args!("account:{number}"))
}

/// The lock of that account.
#[must_use]
pub fn lock(account: u64) -> Key {
    Key::durable(Layer::Coord, format_args!("lock:{account}"))
}

/// The idempotency record of that transfer.
#[must_use]
pub fn record(transfer: u64) -> Key {
    Key::durable(Layer::Coord, format_args!("transfer:{transfer}"))
}

/// The event log of that number.
#[must_use]
pub fn events(number: u64) -> Key {
    Key::durable(Layer::Topics, format_args!("events:{number}"))
}

/// The row of an account that holds its balance.
pub const BALANCE_ROW: &[u8] = b"balance";

/// The row of a lock that holds its token.
pub const TOKEN_ROW: &[u8] = b"token";

/// The row of an idempotency record that holds the number of the event.
pub const EVENT_ROW: &[u8] = b"event";

/// Reads a number as it is kept in a row.
#[must_use]
pub fn number(row: Option<&[u8]>) -> Option<u64> {
    Some(u64::from_be_bytes(row?.try_into().ok()?))
}

/// The event of a transfer, as the value of its row.
#[must_use]
pub fn event(transfer: &Transfer) -> Vec<u8> {
    let Transfer { id, from, to, amount, token, .. } = *transfer;
    let numbers = [id, from, to, amount.unsigned_abs(), token];
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

impl Business {
    pub(super) fn names(&self) -> Vec<Key> {
        match self {
            Self::Open => (0..ACCOUNTS).map(account).collect(),
            Self::TakeLock { account, .. } => vec![lock(*account)],
            Self::Transfer(transfer) => {
                let keys = transfer.keys().into_iter().enumerate();
                keys.filter(|(at, _)| transfer.named >> at & 1 == 1).map(|(_, key)| key).collect()
            }
        }
    }

    pub(super) fn run(&self, scribe: &mut Scribe<'_, '_, '_>) -> Result<Answer, Stop> {
        match self {
            Self::Open => open(scribe),
            Self::TakeLock { account, token } => take_lock(scribe, *account, *token),
            Self::Transfer(transfer) => transfer.run(scribe),
        }
    }
}

fn open(scribe: &mut Scribe<'_, '_, '_>) -> Result<Answer, Stop> {
    for at in 0..ACCOUNTS {
        let account = scribe.open(&account(at))?;
        scribe.create(account, Type::Hash)?;
        scribe.put(account, BALANCE_ROW, &BALANCE.to_be_bytes())?;
        let lock = scribe.open(&lock(at))?;
        scribe.create(lock, Type::Lock)?;
        scribe.put(lock, TOKEN_ROW, &0u64.to_be_bytes())?;
    }
    Ok(Answer::default())
}

fn take_lock(scribe: &mut Scribe<'_, '_, '_>, account: u64, token: u64) -> Result<Answer, Stop> {
    let lock = scribe.open(&lock(account))?;
    if number(scribe.row(lock, TOKEN_ROW)?.as_deref()) >= Some(token) {
        return refuse("LOCKED");
    }
    scribe.put(lock, TOKEN_ROW, &token.to_be_bytes())?;
    scribe.require_durable();
    Ok(Answer::default())
}

impl Transfer {
    fn keys(&self) -> [Key; 5] {
        let events = events(self.from % EVENT_LOGS);
        [lock(self.from), account(self.from), account(self.to), record(self.id), events]
    }

    fn run(&self, scribe: &mut Scribe<'_, '_, '_>) -> Result<Answer, Stop> {
        let [lock, from, to, record, events] = self.keys();
        let from = scribe.open(&from)?;
        let to = scribe.open(&to)?;
        let from_balance = balance(scribe.row(from, BALANCE_ROW)?.as_deref());
        let to_balance = balance(scribe.row(to, BALANCE_ROW)?.as_deref());
        scribe.put(from, BALANCE_ROW, &(from_balance - self.amount).to_be_bytes())?;
        let record = scribe.open(&record)?;
        if scribe.header(record).is_some() {
            return refuse("REPEATED");
        }
        let lock = scribe.open(&lock)?;
        if number(scribe.row(lock, TOKEN_ROW)?.as_deref()) != Some(self.token) {
            return refuse("LOCKLOST");
        }
        if from_balance < self.amount {
            return refuse("POOR");
        }
        scribe.put(to, BALANCE_ROW, &(to_balance + self.amount).to_be_bytes())?;
        let events = scribe.open(&events)?;
        let next = scribe.header(events).map_or(0, |header| header.rows);
        if next == 0 {
            scribe.create(events, Type::Partition)?;
        }
        scribe.put(events, &next.to_be_bytes(), &event(self))?;
        scribe.create(record, Type::Idempotency)?;
        scribe.put(record, EVENT_ROW, &next.to_be_bytes())?;
        Ok(Answer { event: Some(next), ..Answer::default() })
    }
}

/// Reads a balance as it is kept in a row; an account without one is empty.
#[must_use]
pub fn balance(row: Option<&[u8]>) -> i64 {
    row.and_then(|row| row.try_into().ok()).map_or(0, i64::from_be_bytes)
}

/// Numbers that all tellers of a bank draw from.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    transfers: Rc<Cell<u64>>,
    tokens: Rc<Cell<u64>>,
}

impl Numbers {
    fn draw(cell: &Cell<u64>) -> u64 {
        cell.set(cell.get() + 1);
        cell.get()
    }
}

/// A client of the bank.
#[derive(Debug)]
pub struct Teller {
    numbers: Numbers,
    /// The tokens that it believes to be those of the locks.
    tokens: [u64; ACCOUNTS_LEN],
    /// What it has not heard of, in order.
    asked: VecDeque<Business>,
    /// Transfers whose outcome it does not know, or likes to ask for twice.
    again: VecDeque<Transfer>,
}

impl Teller {
    /// A teller who has done nothing yet.
    #[must_use]
    pub fn new(numbers: &Numbers) -> Self {
        let numbers = numbers.clone();
        let (asked, again) = (VecDeque::new(), VecDeque::new());
        Self { numbers, tokens: [0; ACCOUNTS_LEN], asked, again }
    }

    fn token(&mut self, account: u64) -> Option<&mut u64> {
        self.tokens.get_mut(usize::try_from(account).unwrap_or(usize::MAX))
    }
}

impl Client for Teller {
    fn next(&mut self, rng: &mut SplitMix64, _now: StoreTime) -> Program {
        let from = rng.below(ACCOUNTS);
        let token = self.token(from).map_or(0, |token| *token);
        let business = if let Some(transfer) = self.again.pop_front() {
            Business::Transfer(transfer)
        } else if rng.one_in(12) {
            Business::TakeLock { account: from, token: Numbers::draw(&self.numbers.tokens) }
        } else {
            let to = (from + 1 + rng.below(ACCOUNTS - 1)) % ACCOUNTS;
            let amount = 1 + rng.below(60).cast_signed();
            let id = Numbers::draw(&self.numbers.transfers);
            let named = u8::try_from(rng.below(64)).unwrap_or(0);
            Business::Transfer(Transfer { id, from, to, amount, token, named })
        };
        self.asked.push_back(business.clone());
        Program::Bank(business)
    }

    fn lot(&mut self, rng: &mut SplitMix64, now: StoreTime) -> Vec<Program> {
        (0..super::lot_size(rng)).map(|_| self.next(rng, now)).collect()
    }

    fn ended(&mut self, ending: Ending) {
        let asked = self.asked.pop_front();
        match (asked, ending) {
            (Some(Business::TakeLock { account, token }), Ending::Done) => {
                if let Some(known) = self.token(account) {
                    *known = token;
                }
            }
            (Some(Business::Transfer(transfer)), Ending::Unknown) => {
                self.again.push_back(transfer);
            }
            (Some(Business::Transfer(transfer)), Ending::Done) if transfer.id % 16 == 0 => {
                self.again.push_back(transfer);
            }
            (Some(Business::Transfer(transfer)), Ending::Refused("LOCKLOST")) => {
                // It asks again who holds the lock, in its own way: any token may be the right one.
                let latest = self.numbers.tokens.get();
                if let Some(known) = self.token(transfer.from) {
                    *known = if *known >= latest { 0 } else { *known + 1 };
                }
            }
            _ => {}
        }
    }
}
