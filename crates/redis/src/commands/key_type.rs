//! `TYPE key`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::names::name_of;

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
    call.reply.simple(call.txn.kind(key).map_or("none", name_of));
    Ok(())
}
