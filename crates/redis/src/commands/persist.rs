//! `PERSIST key`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "persist",
    arity: Arity::Exactly(2),
    flags: Flags::WRITE.and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::Generic,
    since: "2.2.0",
    complexity: "O(1)",
    summary: "Lets a key live on that would have expired.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let key = call.open(1)?;
    let would_end = call.txn.header(key).is_some_and(|header| header.deadline.is_some());
    call.txn.set_deadline(key, None)?;
    call.reply.integer(i64::from(would_end));
    Ok(())
}
