//! `INCRBY key increment`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "incrby",
    arity: Arity::Exactly(3),
    flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::String,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Adds to the integer value of a key.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let increment = call.integer(2)?;
    call.add_integer(increment)
}
