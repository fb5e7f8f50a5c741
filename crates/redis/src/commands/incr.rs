//! `INCR key`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "incr",
    arity: Arity::Exactly(2),
    flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::String,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Adds one to the integer value of a key.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    call.add_integer(1)
}
