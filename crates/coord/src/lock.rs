//! Locks with fencing tokens.
//!
//! A lock is an object with one row: token varint, owner bytes. The token 0 stands for the commit that
//! wrote the row last, since a transaction cannot know its own sequence; renewing writes it out.

use base::codec::{Reader, put_bytes, put_varint};
use base::{Kind, Sequence, StoreTime};
use kv::{Layer, Object, Place, Refusal, Stop, Txn, Type};

/// First byte of a lock's object id.
const PREFIX: u8 = 1;

/// The one row's suffix.
const ROW: &[u8] = b"";

/// A lock that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The fencing token; `None` if the transaction itself has just taken the lock, so that its own
    /// sequence will be the token.
    pub token: Option<Sequence>,
    /// Who took it, as they named themselves.
    pub owner: Vec<u8>,
    /// When it ends.
    pub deadline: StoreTime,
}

/// What became of an attempt to take a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acquired {
    /// It was taken: the commit's sequence is the token.
    Now,
    /// The same owner has it already, with this token: its time begins anew.
    Before(Option<Sequence>),
    /// Another has it.
    Not,
}

/// Takes a lock for `ttl_ms` milliseconds. An owner who has it already, and names itself, gets the same
/// token again: so a request whose answer was lost can be repeated.
pub fn acquire(
    txn: &mut Txn<'_>,
    place: Place,
    name: &[u8],
    ttl_ms: u64,
    owner: &[u8],
) -> Result<Acquired, Stop> {
    let lock = open(txn, place, name)?;
    let deadline = StoreTime(txn.now().0.saturating_add(ttl_ms));
    match read(txn, lock)? {
        Some(held) if owner.is_empty() || held.owner != owner => Ok(Acquired::Not),
        Some(held) => {
            prolong(txn, lock, &held, deadline)?;
            Ok(Acquired::Before(held.token))
        }
        None => {
            txn.create(lock, Type::Lock)?;
            txn.put(lock, ROW, &encode(Sequence::ZERO, owner))?;
            txn.set_deadline(lock, Some(deadline))?;
            Ok(Acquired::Now)
        }
    }
}

/// Lets the lock's time begin anew; whether it is held with this token.
pub fn renew(
    txn: &mut Txn<'_>,
    place: Place,
    name: &[u8],
    token: Sequence,
    ttl_ms: u64,
) -> Result<bool, Stop> {
    let lock = open(txn, place, name)?;
    let Some(held) = read(txn, lock)?.filter(|held| held.token == Some(token)) else {
        return Ok(false);
    };
    let deadline = StoreTime(txn.now().0.saturating_add(ttl_ms));
    prolong(txn, lock, &held, deadline)?;
    Ok(true)
}

/// Gives a lock back; whether it was held with this token.
pub fn release(
    txn: &mut Txn<'_>,
    place: Place,
    name: &[u8],
    token: Sequence,
) -> Result<bool, Stop> {
    let lock = open(txn, place, name)?;
    let is_held = read(txn, lock)?.is_some_and(|held| held.token == Some(token));
    if is_held {
        txn.delete(lock)?;
    }
    Ok(is_held)
}

/// Guards a transaction: refuses all of it unless the lock is held with this token.
pub fn check(txn: &mut Txn<'_>, place: Place, name: &[u8], token: Sequence) -> Result<(), Stop> {
    let lock = open(txn, place, name)?;
    let message = match read(txn, lock)? {
        Some(held) if held.token == Some(token) => return Ok(()),
        Some(Held { token: Some(newer), .. }) => {
            format!(
                "the lock '{}' is held with token {newer}, not {token}: nothing was done",
                name.escape_ascii()
            )
        }
        _ => format!(
            "the lock '{}' is not held with token {token} any more: nothing was done",
            name.escape_ascii()
        ),
    };
    Err(Refusal { kind: Kind::Conflict, code: "LOCKLOST", message: message.into() }.into())
}

/// The lock as it is; `None` if nobody holds it.
pub fn info(txn: &mut Txn<'_>, place: Place, name: &[u8]) -> Result<Option<Held>, Stop> {
    let lock = open(txn, place, name)?;
    read(txn, lock)
}

fn open(txn: &mut Txn<'_>, place: Place, name: &[u8]) -> Result<Object, Stop> {
    txn.require_durable();
    txn.open(place, Layer::Coord, &[&[PREFIX], name].concat())
}

fn encode(token: Sequence, owner: &[u8]) -> Vec<u8> {
    let mut row = Vec::with_capacity(owner.len() + 12);
    put_varint(&mut row, token.0);
    put_bytes(&mut row, owner);
    row
}

fn read(txn: &Txn<'_>, lock: Object) -> Result<Option<Held>, Stop> {
    let Some(header) = txn.header(lock) else { return Ok(None) };
    let row = txn.row(lock, ROW)?.unwrap_or_default();
    let mut reader = Reader::new(row);
    let decoded = reader.varint("a token").and_then(|token| Ok((token, reader.bytes("an owner")?)));
    let (token, owner) =
        decoded.map_err(|error| Refusal::internal(format!("the row of a lock: {error}")))?;
    let token = match token {
        0 if txn.is_changed(lock) => None,
        0 => Some(header.last_commit),
        token => Some(Sequence(token)),
    };
    Ok(Some(Held {
        token,
        owner: owner.to_vec(),
        deadline: header.deadline.unwrap_or(StoreTime(u64::MAX)),
    }))
}

/// Sets a new deadline and writes the token out, since this commit is not the one that took the lock.
fn prolong(txn: &mut Txn<'_>, lock: Object, held: &Held, deadline: StoreTime) -> Result<(), Stop> {
    if let Some(token) = held.token {
        txn.put(lock, ROW, &encode(token, &held.owner))?;
    }
    txn.set_deadline(lock, Some(deadline))
}
