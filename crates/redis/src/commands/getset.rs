//! `GETSET key value`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "getset",
    arity: Arity::Exactly(3),
    flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::String,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Sets the string value of a key and returns the one before; SET with GET does the same.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let key = call.open(1)?;
    call.reply_with_string(key)?;
    call.set_string(key, call.arg(2))
}
