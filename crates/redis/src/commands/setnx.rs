//! `SETNX key value`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "setnx",
    arity: Arity::Exactly(3),
    flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::String,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Sets the string value of a key that is not there.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let key = call.open(1)?;
    let is_set = call.txn.kind(key).is_none();
    if is_set {
        call.set_string(key, call.arg(2))?;
    }
    call.reply.integer(i64::from(is_set));
    Ok(())
}
