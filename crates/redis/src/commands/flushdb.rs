//! `FLUSHDB [ASYNC | SYNC]`

use kv::Layer;

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::options::is;

pub(crate) static COMMAND: Command = Command {
    name: "flushdb",
    arity: Arity::AtLeast(1),
    flags: Flags::WRITE.and(Flags::EXCLUSIVE).and(Flags::DANGEROUS),
    keys: KeySpec::NONE,
    group: Group::Server,
    since: "1.0.0",
    complexity: "O(1); space is given back in the background.",
    summary: "Removes all keys of the database.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    check_mode(call)?;
    call.txn.flush(call.db, Layer::Redis)?;
    call.reply.ok();
    Ok(())
}

/// Both modes are the same: the keys are gone at once, and their space follows.
pub(crate) fn check_mode(call: &Call<'_, '_>) -> Result<(), Error> {
    match call.args.len() {
        1 => Ok(()),
        2 if is(call.arg(1), "ASYNC") || is(call.arg(1), "SYNC") => Ok(()),
        _ => Err(Error::SYNTAX),
    }
}
