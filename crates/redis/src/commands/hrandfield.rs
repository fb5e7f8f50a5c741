//! `HRANDFIELD key [count [WITHVALUES]]`

use std::collections::BTreeMap;

use base::rng::SplitMix64;
use kv::{Object, Txn};
use wire::resp::{Args, Protocol, Writer, parse_i64};

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::hash::{self, Field};
use crate::options::is;

/// A hash of up to so many fields is counted out: each field is exactly as likely as the others.
const COUNTED_OUT_MAX: u64 = 1024;

/// Different fields are sought one by one if they are less than this part of all, and no more than so many:
/// each may have to be read from disk by itself. Else they are drawn from all.
const SOUGHT_SHARE: usize = 4;
const SOUGHT_MAX: usize = 256;

/// Fields that a negative count may ask for.
const REPEATED_MAX: i64 = 1 << 20;

/// A reply of repeated fields may exceed the hash, so it has a bound of its own.
const REPLY_BYTES_MAX: usize = 256 << 20;

pub(crate) static COMMAND: Command = Command {
    name: "hrandfield",
    arity: Arity::AtLeast(2),
    flags: Flags::READONLY,
    keys: KeySpec::ONE,
    group: Group::Hash,
    since: "6.2.0",
    complexity: "O(N) where N is the number of fields returned.",
    summary: "Returns random fields of a hash: different ones, or with a negative count any.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let with_values = match call.args.len() {
        2 => return one(call),
        3 => false,
        4 if is(call.arg(3), "WITHVALUES") => true,
        _ => {
            call.integer(2)?;
            return Err(Error::SYNTAX);
        }
    };
    let count = parse_count(call, with_values)?;
    let Some(hash) = call.open_hash()? else {
        call.reply.array(0);
        return Ok(());
    };
    let most = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if count < 0 {
        any(call, hash, most, with_values)
    } else {
        different(call, hash, most, with_values)
    }
}

/// How many different fields a request asks for, and whether with their values; `None` if it is answered
/// otherwise, or wrong.
pub(crate) fn different_fields(args: Args<'_>) -> Option<(u64, bool)> {
    let with_values = match args.len() {
        3 => false,
        4 if is(args.get(3)?, "WITHVALUES") => true,
        _ => return None,
    };
    let count = parse_i64(args.get(2)?).and_then(|count| u64::try_from(count).ok())?;
    let fits = !with_values || count <= i64::MAX.unsigned_abs() / 2;
    fits.then_some((count, with_values))
}

fn parse_count(call: &Call<'_, '_>, with_values: bool) -> Result<i64, Error> {
    let count = call.integer(2)?;
    if count == i64::MIN {
        let text =
            format!("ERR value is out of range, value must between {} and {}", -i64::MAX, i64::MAX);
        return Err(Error::Reply(text.into()));
    }
    if with_values && count.unsigned_abs() > i64::MAX.unsigned_abs() / 2 {
        return Err(Error::text("ERR value is out of range"));
    }
    if count < -REPEATED_MAX {
        let text = format!("LIMIT HRANDFIELD repeats at most {REPEATED_MAX} fields; ask for fewer");
        return Err(Error::Reply(text.into()));
    }
    Ok(count)
}

/// Whether a hash has so many fields that a random one is sought, instead of counted out.
fn is_large(txn: &Txn<'_>, hash: Object) -> bool {
    txn.header(hash).is_some_and(|header| header.split && header.rows > COUNTED_OUT_MAX)
}

/// Below the number of fields, or 0.
fn draw(txn: &mut Txn<'_>, len: usize) -> usize {
    usize::try_from(txn.rng().below(len as u64)).unwrap_or(0)
}

fn one(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let Some(hash) = call.open_hash()? else {
        call.reply.null();
        return Ok(());
    };
    if is_large(call.txn, hash) {
        let field = hash::random_neighbour(call.txn, hash)?;
        call.reply.bulk(field.map_or(b"", |field| field.0));
        return Ok(());
    }
    let len = hash::fields(call.txn, hash)?.len();
    let at = draw(call.txn, len);
    let fields = hash::fields(call.txn, hash)?;
    call.reply.bulk(fields.get(at).map_or(b"", |field| field.0));
    Ok(())
}

/// Any `count` fields: one may come more than once.
fn any(
    call: &mut Call<'_, '_>,
    hash: Object,
    count: usize,
    with_values: bool,
) -> Result<(), Error> {
    let start = call.reply.len();
    head(call.reply, count, with_values);
    if is_large(call.txn, hash) {
        for _ in 0..count {
            if let Some(field) = hash::random_neighbour(call.txn, hash)? {
                element(call.reply, field, with_values);
            }
            check_bytes(call.reply.len() - start)?;
        }
        return Ok(());
    }
    let len = hash::fields(call.txn, hash)?.len();
    let draws: Vec<usize> = (0..count).map(|_| draw(call.txn, len)).collect();
    let fields = hash::fields(call.txn, hash)?;
    for field in draws.into_iter().filter_map(|at| fields.get(at)) {
        element(call.reply, *field, with_values);
        check_bytes(call.reply.len() - start)?;
    }
    Ok(())
}

/// `count` different fields, or all if there are not more.
fn different(
    call: &mut Call<'_, '_>,
    hash: Object,
    count: usize,
    with_values: bool,
) -> Result<(), Error> {
    let rows = call.txn.header(hash).map_or(0, |header| header.rows);
    let rows = usize::try_from(rows).unwrap_or(usize::MAX);
    if is_large(call.txn, hash) && count < rows / SOUGHT_SHARE && count <= SOUGHT_MAX {
        let mut found = BTreeMap::new();
        while found.len() < count {
            let Some((name, value)) = hash::random_neighbour(call.txn, hash)? else { break };
            found.entry(name.to_vec()).or_insert_with(|| value.to_vec());
        }
        head(call.reply, found.len(), with_values);
        for (name, value) in &found {
            element(call.reply, (name, value), with_values);
        }
        return Ok(());
    }
    let mut rng = SplitMix64::new(call.txn.rng().draw());
    let fields = hash::fields(call.txn, hash)?;
    let mut order: Vec<usize> = (0..rows).collect();
    let count = count.min(rows);
    if count < rows {
        // The first steps of a shuffle: each place gets one of those that are left.
        for at in 0..count {
            let ahead = usize::try_from(rng.below((rows - at) as u64)).unwrap_or(0);
            order.swap(at, at + ahead);
        }
    }
    head(call.reply, count, with_values);
    for field in order.into_iter().take(count).filter_map(|at| fields.get(at)) {
        element(call.reply, *field, with_values);
    }
    Ok(())
}

/// In RESP3 a field and its value are a pair, in RESP2 they follow each other.
pub(crate) fn head(reply: &mut Writer, count: usize, with_values: bool) {
    let flat = with_values && reply.protocol() == Protocol::Resp2;
    reply.array(if flat { 2 * count } else { count });
}

pub(crate) fn element(reply: &mut Writer, (name, value): Field<'_>, with_values: bool) {
    if with_values && reply.protocol() == Protocol::Resp3 {
        reply.array(2);
    }
    reply.bulk(name);
    if with_values {
        reply.bulk(value);
    }
}

fn check_bytes(bytes: usize) -> Result<(), Error> {
    if bytes <= REPLY_BYTES_MAX {
        return Ok(());
    }
    let text =
        format!("LIMIT the reply would exceed {REPLY_BYTES_MAX} bytes; ask for fewer fields");
    Err(Error::Reply(text.into()))
}
