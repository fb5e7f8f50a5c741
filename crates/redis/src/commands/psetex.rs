//! `PSETEX key milliseconds value`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::options::TimeUnit;

pub(crate) static COMMAND: Command = Command {
    name: "psetex",
    arity: Arity::Exactly(4),
    flags: Flags::WRITE.and(Flags::DENYOOM),
    keys: KeySpec::ONE,
    group: Group::String,
    since: "2.6.0",
    complexity: "O(1)",
    summary: "Sets the string value of a key and the milliseconds until it expires.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    call.set_with_expiry(TimeUnit::MILLISECONDS, COMMAND.name)
}
