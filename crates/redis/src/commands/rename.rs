//! `RENAME key newkey`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "rename",
    arity: Arity::Exactly(3),
    flags: Flags::WRITE,
    keys: KeySpec::TWO,
    group: Group::Generic,
    since: "1.0.0",
    complexity: "O(1), whatever the size of the key.",
    summary: "Gives a key another name, in the place of whatever has it.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let (from, to) = (call.open(1)?, call.open(2)?);
    if !call.txn.rename(from, to)? {
        return Err(Error::NO_SUCH_KEY);
    }
    call.reply.ok();
    Ok(())
}
