//! `LOCK.ACQUIRE`, `LOCK.CHECK`, `LOCK.INFO`, `LOCK.RELEASE`, `LOCK.RENEW`

use base::Sequence;
use coord::lock::{self, Acquired};
use redis::{Arity, Call, Command, Error, Flags, Group, KeySpec, Run};

use super::{left_ms, name, syntax_error, ttl_ms};

pub(crate) static ACQUIRE: Command = Command {
    name: "lock.acquire",
    arity: Arity::AtLeast(3),
    flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
    keys: KeySpec::NONE,
    group: Group::Lock,
    since: "7.2.0",
    complexity: "O(1)",
    summary: "Takes a lock for some milliseconds and returns its fencing token, or nil if another has it.",
    run: Run::Txn(acquire),
};

/// `LOCK.ACQUIRE lock milliseconds [OWNER owner]`
fn acquire(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let name = name(call)?;
    let ttl_ms = ttl_ms(call, 2, 1)?;
    let owner = match call.args.len() {
        3 => &[],
        5 if call.arg(3).eq_ignore_ascii_case(b"OWNER") => call.arg(4),
        _ => return Err(syntax_error(&ACQUIRE)),
    };
    match lock::acquire(call.txn, call.db, name, ttl_ms, owner)? {
        Acquired::Now | Acquired::Before(None) => call.reply.stamp(),
        Acquired::Before(Some(token)) => reply_with_token(call, token),
        Acquired::Not => call.reply.null(),
    }
    Ok(())
}

pub(crate) static CHECK: Command = Command {
    name: "lock.check",
    arity: Arity::Exactly(3),
    flags: Flags::READONLY.and(Flags::FAST),
    keys: KeySpec::NONE,
    group: Group::Lock,
    since: "7.2.0",
    complexity: "O(1)",
    summary: "Guards a transaction: refuses all of it unless the lock is held with this token.",
    run: Run::Txn(check),
};

/// `LOCK.CHECK lock token`
fn check(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let name = name(call)?;
    let token = token(call, 2)?;
    lock::check(call.txn, call.db, name, token)?;
    call.reply.ok();
    Ok(())
}

pub(crate) static INFO: Command = Command {
    name: "lock.info",
    arity: Arity::Exactly(2),
    flags: Flags::READONLY.and(Flags::FAST),
    keys: KeySpec::NONE,
    group: Group::Lock,
    since: "7.2.0",
    complexity: "O(1)",
    summary: "Returns token, owner and remaining milliseconds of a lock, or nil if nobody has it.",
    run: Run::Txn(info),
};

/// `LOCK.INFO lock`
fn info(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let name = name(call)?;
    let Some(held) = lock::info(call.txn, call.db, name)? else {
        call.reply.null();
        return Ok(());
    };
    call.reply.map(3);
    call.reply.bulk(b"token");
    match held.token {
        Some(token) => reply_with_token(call, token),
        None => call.reply.stamp(),
    }
    call.reply.bulk(b"owner");
    call.reply.bulk(&held.owner);
    call.reply.bulk(b"ttl_ms");
    let left = left_ms(call, held.deadline);
    call.reply.integer(left);
    Ok(())
}

pub(crate) static RELEASE: Command = Command {
    name: "lock.release",
    arity: Arity::Exactly(3),
    flags: Flags::WRITE.and(Flags::FAST),
    keys: KeySpec::NONE,
    group: Group::Lock,
    since: "7.2.0",
    complexity: "O(1)",
    summary: "Gives a lock back: 1, or 0 if it is not held with this token.",
    run: Run::Txn(release),
};

/// `LOCK.RELEASE lock token`
fn release(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let name = name(call)?;
    let token = token(call, 2)?;
    let released = lock::release(call.txn, call.db, name, token)?;
    call.reply.integer(i64::from(released));
    Ok(())
}

pub(crate) static RENEW: Command = Command {
    name: "lock.renew",
    arity: Arity::Exactly(4),
    flags: Flags::WRITE.and(Flags::FAST),
    keys: KeySpec::NONE,
    group: Group::Lock,
    since: "7.2.0",
    complexity: "O(1)",
    summary: "Lets a lock's time begin anew: 1, or 0 if it is not held with this token.",
    run: Run::Txn(renew),
};

/// `LOCK.RENEW lock token milliseconds`
fn renew(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let name = name(call)?;
    let (token, ttl_ms) = (token(call, 2)?, ttl_ms(call, 3, 1)?);
    let renewed = lock::renew(call.txn, call.db, name, token, ttl_ms)?;
    call.reply.integer(i64::from(renewed));
    Ok(())
}

fn token(call: &Call<'_, '_>, index: usize) -> Result<Sequence, Error> {
    let token = u64::try_from(call.integer(index)?).ok().filter(|token| *token > 0);
    token.map(Sequence).ok_or_else(|| Error::text("ERR a fencing token is a number above 0"))
}

fn reply_with_token(call: &mut Call<'_, '_>, token: Sequence) {
    call.reply.integer(i64::try_from(token.0).unwrap_or(i64::MAX));
}
