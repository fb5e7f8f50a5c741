//! `DECRBY key decrement`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "decrby",
    arity: Arity::Exactly(3),
    flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::String,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Takes from the integer value of a key.",
    run: Run::Txn(run),
};

const OVERFLOW: Error = Error::text("ERR decrement would overflow");

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let increment = call.integer(2)?.checked_neg().ok_or(OVERFLOW)?;
    call.add_integer(increment)
}
