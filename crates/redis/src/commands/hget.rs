//! `HGET key field`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "hget",
    arity: Arity::Exactly(3),
    flags: Flags::READONLY.and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::Hash,
    since: "2.0.0",
    complexity: "O(1)",
    summary: "Returns the value of a field of a hash.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    match call.open_hash()? {
        Some(hash) => call.reply_with_field(hash, call.arg(2))?,
        None => call.reply.null(),
    }
    Ok(())
}
