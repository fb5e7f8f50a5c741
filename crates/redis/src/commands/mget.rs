//! `MGET key [key ...]`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "mget",
    arity: Arity::AtLeast(2),
    flags: Flags::READONLY.and(Flags::FAST),
    keys: KeySpec::ALL,
    group: Group::String,
    since: "1.0.0",
    complexity: "O(N) where N is the number of keys.",
    summary: "Returns the string values of keys; null for what is absent or no string.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let mut outcome = Ok(());
    call.reply.array(call.args.len() - 1);
    for index in 1..call.args.len() {
        let key = call.open(index)?;
        match call.reply_with_string(key) {
            Err(Error::Reply(_)) => call.reply.null(),
            // Whatever else is not in memory is to be loaded in the same round.
            Err(stop) => outcome = Err(stop),
            Ok(()) => {}
        }
    }
    outcome
}
