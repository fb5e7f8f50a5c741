//! `EXISTS key [key ...]`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "exists",
    arity: Arity::AtLeast(2),
    flags: Flags::READONLY.and(Flags::FAST),
    keys: KeySpec::ALL,
    group: Group::Generic,
    since: "1.0.0",
    complexity: "O(N) where N is the number of keys.",
    summary: "Counts the keys that are there, each as often as it is named.",
    run: Run::Txn(run),
};

pub(crate) fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let mut there = 0;
    for index in 1..call.args.len() {
        let key = call.open(index)?;
        there += i64::from(call.txn.kind(key).is_some());
    }
    call.reply.integer(there);
    Ok(())
}
