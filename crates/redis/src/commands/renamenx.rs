//! `RENAMENX key newkey`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "renamenx",
    arity: Arity::Exactly(3),
    flags: Flags::WRITE.and(Flags::FAST),
    keys: KeySpec::TWO,
    group: Group::Generic,
    since: "1.0.0",
    complexity: "O(1), whatever the size of the key.",
    summary: "Gives a key another name if no key has it.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let (from, to) = (call.open(1)?, call.open(2)?);
    if call.txn.kind(from).is_none() {
        return Err(Error::NO_SUCH_KEY);
    }
    let is_free = call.txn.kind(to).is_none();
    if is_free {
        call.txn.rename(from, to)?;
    }
    call.reply.integer(i64::from(is_free));
    Ok(())
}
