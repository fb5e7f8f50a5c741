//! Idempotency records: a request's key is claimed in the transaction that carries the request out, and
//! its answer saved there. A repeated request finds the claim, does nothing, and can be given the answer.
//!
//! A record is an object with one row: state u8 (1 claimed, 2 saved), fingerprint bytes, answer bytes.

use base::codec::{Reader, put_bytes};
use base::{Kind, Sequence, StoreTime};
use kv::{Layer, Object, Place, Refusal, Stop, Txn, Type};

/// First byte of a record's object id.
const PREFIX: u8 = 2;

/// The one row's suffix.
const ROW: &[u8] = b"";

const CLAIMED: u8 = 1;
const SAVED: u8 = 2;

/// What is known of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What tells requests with the same key apart, if the claim named it.
    pub fingerprint: Vec<u8>,
    /// The answer, once it was saved.
    pub answer: Option<Vec<u8>>,
    /// The commit that changed it last; `None` if it is this transaction.
    pub commit: Option<Sequence>,
    /// When it is forgotten.
    pub deadline: StoreTime,
}

/// Guards a transaction: claims the key for `ttl_ms` milliseconds, or refuses all of it because the key is
/// claimed already, by the same request (`IDEMDUP`) or by one with another fingerprint (`IDEMMISMATCH`).
pub fn claim(
    txn: &mut Txn<'_>,
    place: Place,
    key: &[u8],
    ttl_ms: u64,
    fingerprint: &[u8],
) -> Result<(), Stop> {
    let record = open(txn, place, key)?;
    if let Some(claim) = read(txn, record)? {
        return Err(refusal(key, &claim, fingerprint).into());
    }
    txn.create(record, Type::Idempotency)?;
    txn.put(record, ROW, &encode(CLAIMED, fingerprint, b""))?;
    txn.set_deadline(record, Some(StoreTime(txn.now().0.saturating_add(ttl_ms))))
}

fn refusal(key: &[u8], claim: &Claim, fingerprint: &[u8]) -> Refusal {
    let key = key.escape_ascii();
    if claim.fingerprint != fingerprint {
        let message = format!(
            "'{key}' was claimed by another request, with another fingerprint: nothing was done"
        );
        return Refusal { kind: Kind::Conflict, code: "IDEMMISMATCH", message: message.into() };
    }
    let then =
        if claim.answer.is_some() { "IDEM.GET gives its answer" } else { "it has saved no answer" };
    let message = format!("'{key}' was claimed before: nothing was done; {then}");
    Refusal { kind: Kind::Exists, code: "IDEMDUP", message: message.into() }
}

/// Saves the answer of a request whose key is claimed; whether it is.
pub fn save(txn: &mut Txn<'_>, place: Place, key: &[u8], answer: &[u8]) -> Result<bool, Stop> {
    let record = open(txn, place, key)?;
    let Some(claim) = read(txn, record)? else { return Ok(false) };
    txn.put(record, ROW, &encode(SAVED, &claim.fingerprint, answer))?;
    Ok(true)
}

/// What is known of a request; `None` if its key was never claimed, or forgotten since.
pub fn get(txn: &mut Txn<'_>, place: Place, key: &[u8]) -> Result<Option<Claim>, Stop> {
    let record = open(txn, place, key)?;
    read(txn, record)
}

fn open(txn: &mut Txn<'_>, place: Place, key: &[u8]) -> Result<Object, Stop> {
    txn.require_durable();
    txn.open(place, Layer::Coord, &[&[PREFIX], key].concat())
}

fn encode(state: u8, fingerprint: &[u8], answer: &[u8]) -> Vec<u8> {
    let mut row = vec![state];
    put_bytes(&mut row, fingerprint);
    put_bytes(&mut row, answer);
    row
}

fn read(txn: &Txn<'_>, record: Object) -> Result<Option<Claim>, Stop> {
    let Some(header) = txn.header(record) else { return Ok(None) };
    let row = txn.row(record, ROW)?.unwrap_or_default();
    let mut reader = Reader::new(row);
    let mut decode = || {
        let state = reader.u8("a state")?;
        Ok((state, reader.bytes("a fingerprint")?, reader.bytes("an answer")?))
    };
    let (state, fingerprint, answer) = decode().map_err(|error: base::codec::Malformed| {
        Refusal::internal(format!("the row of a claim: {error}"))
    })?;
    Ok(Some(Claim {
        fingerprint: fingerprint.to_vec(),
        answer: (state == SAVED).then(|| answer.to_vec()),
        commit: (!txn.is_changed(record)).then_some(header.last_commit),
        deadline: header.deadline.unwrap_or(StoreTime(u64::MAX)),
    }))
}
