//! `IDEM.CLAIM`, `IDEM.GET`, `IDEM.SAVE`

use coord::idempotency;
use redis::{Arity, Call, Command, Error, Flags, Group, KeySpec, Run};

use super::{left_ms, name, syntax_error, ttl_ms};

pub(crate) static CLAIM: Command = Command {
    name: "idem.claim",
    arity: Arity::AtLeast(3),
    flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
    keys: KeySpec::NONE,
    group: Group::Idempotency,
    since: "7.2.0",
    complexity: "O(1)",
    summary: "Guards a transaction: claims a request's key in the selected database until the seconds from now are over, or refuses all of it if it is claimed there.",
    run: Run::Txn(claim),
};

/// `IDEM.CLAIM idempotency-key seconds [FINGERPRINT fingerprint]`
fn claim(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let name = name(call)?;
    let ttl_ms = ttl_ms(call, 2, 1000)?;
    let fingerprint = match call.args.len() {
        3 => &[],
        5 if call.arg(3).eq_ignore_ascii_case(b"FINGERPRINT") => call.arg(4),
        _ => return Err(syntax_error(&CLAIM)),
    };
    idempotency::claim(call.txn, call.db, name, ttl_ms, fingerprint)?;
    call.reply.ok();
    Ok(())
}

pub(crate) static GET: Command = Command {
    name: "idem.get",
    arity: Arity::Exactly(2),
    flags: Flags::READONLY.and(Flags::FAST),
    keys: KeySpec::NONE,
    group: Group::Idempotency,
    since: "7.2.0",
    complexity: "O(1)",
    summary: "Returns state, saved answer, commit and remaining milliseconds of a claim, or nil if there is none.",
    run: Run::Txn(get),
};

/// `IDEM.GET idempotency-key`
fn get(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let name = name(call)?;
    let Some(claim) = idempotency::get(call.txn, call.db, name)? else {
        call.reply.null();
        return Ok(());
    };
    call.reply.map(4);
    call.reply.bulk(b"state");
    call.reply.bulk(if claim.answer.is_some() { b"saved" } else { b"claimed" });
    call.reply.bulk(b"answer");
    match &claim.answer {
        Some(answer) => call.reply.bulk(answer),
        None => call.reply.null(),
    }
    call.reply.bulk(b"commit");
    match claim.commit {
        Some(commit) => call.reply.integer(i64::try_from(commit.0).unwrap_or(i64::MAX)),
        None => call.reply.stamp(),
    }
    call.reply.bulk(b"ttl_ms");
    let left = left_ms(call, claim.deadline);
    call.reply.integer(left);
    Ok(())
}

pub(crate) static SAVE: Command = Command {
    name: "idem.save",
    arity: Arity::Exactly(3),
    flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
    keys: KeySpec::NONE,
    group: Group::Idempotency,
    since: "7.2.0",
    complexity: "O(1)",
    summary: "Saves the answer of a request whose key is claimed.",
    run: Run::Txn(save),
};

/// `IDEM.SAVE idempotency-key answer`
fn save(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let name = name(call)?;
    if !idempotency::save(call.txn, call.db, name, call.arg(2))? {
        return Err(Error::text(
            "NOCLAIM the key is not claimed: IDEM.CLAIM it first, in the same transaction",
        ));
    }
    call.reply.ok();
    Ok(())
}
