//! `GETEX key [EX seconds | PX milliseconds | EXAT unix-seconds | PXAT unix-milliseconds | PERSIST]`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::options::{TimeUnit, is};

pub(crate) static COMMAND: Command = Command {
    name: "getex",
    arity: Arity::AtLeast(2),
    flags: Flags::WRITE.and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::String,
    since: "6.2.0",
    complexity: "O(1)",
    summary: "Returns the string value of a key and changes when it expires.",
    run: Run::Txn(run),
};

/// What becomes of the deadline.
#[derive(Clone, Copy, Debug)]
enum Change<'a> {
    Keep,
    Persist,
    Set(TimeUnit, &'a [u8]),
}

fn parse<'c>(call: &Call<'c, '_>) -> Result<Change<'c>, Error> {
    match (call.args.len(), TimeUnit::of_option(call.arg(2))) {
        (2, _) => Ok(Change::Keep),
        (3, _) if is(call.arg(2), "PERSIST") => Ok(Change::Persist),
        (4, Some(unit)) => Ok(Change::Set(unit, call.arg(3))),
        _ => Err(Error::SYNTAX),
    }
}

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let change = parse(call)?;
    let key = call.open(1)?;
    call.reply_with_string(key)?;
    if call.txn.kind(key).is_none() {
        return Ok(());
    }
    match change {
        Change::Keep => Ok(()),
        Change::Persist => Ok(call.txn.set_deadline(key, None)?),
        Change::Set(unit, text) => {
            let deadline = unit.deadline(text, call.txn.now(), "getex")?;
            call.end_at(key, deadline)
        }
    }
}
