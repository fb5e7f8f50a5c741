//! `DEL key [key ...]`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "del",
    arity: Arity::AtLeast(2),
    flags: Flags::WRITE,
    keys: KeySpec::ALL,
    group: Group::Generic,
    since: "1.0.0",
    complexity: "O(N) where N is the number of keys; their size does not matter.",
    summary: "Removes keys.",
    run: Run::Txn(run),
};

pub(crate) fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let mut removed = 0;
    for index in 1..call.args.len() {
        let key = call.open(index)?;
        removed += i64::from(call.txn.delete(key)?);
    }
    call.reply.integer(removed);
    Ok(())
}
