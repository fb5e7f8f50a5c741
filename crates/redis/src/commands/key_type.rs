//! `TYPE key`

use kv::Type;

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "type",
    arity: Arity::Exactly(2),
    flags: Flags::READONLY.and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::Generic,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Returns the type of what a key holds, or none.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let key = call.open(1)?;
    call.reply.simple(match call.txn.kind(key) {
        None => "none",
        Some(Type::String) => "string",
        Some(Type::Hash) => "hash",
        Some(_) => "other",
    });
    Ok(())
}
