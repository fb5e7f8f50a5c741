//! `ECHO message`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "echo",
    arity: Arity::Exactly(2),
    flags: Flags::FAST.and(Flags::LOADING).and(Flags::STALE),
    keys: KeySpec::NONE,
    group: Group::Connection,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Returns the message.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    call.reply.bulk(call.arg(1));
    Ok(())
}
