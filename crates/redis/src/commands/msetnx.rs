//! `MSETNX key value [key value ...]`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::commands::mset::{check_pairs, set_pairs};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "msetnx",
    arity: Arity::AtLeast(3),
    flags: Flags::WRITE.and(Flags::DENYOOM),
    keys: KeySpec::PAIRS,
    group: Group::String,
    since: "1.0.1",
    complexity: "O(N) where N is the number of keys.",
    summary: "Sets the string values of keys if none of them is there.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    check_pairs(call)?;
    let mut are_absent = true;
    for index in COMMAND.keys.positions(call.args.len()) {
        let key = call.open(index)?;
        are_absent &= call.txn.kind(key).is_none();
    }
    if are_absent {
        set_pairs(call)?;
    }
    call.reply.integer(i64::from(are_absent));
    Ok(())
}
