//! `PEXPIREAT key unix-milliseconds [NX | XX | GT | LT]`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::options::TimeUnit;

pub(crate) static COMMAND: Command = Command {
    name: "pexpireat",
    arity: Arity::AtLeast(3),
    flags: Flags::WRITE.and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::Generic,
    since: "2.6.0",
    complexity: "O(1)",
    summary: "Sets when a key expires, in milliseconds of Unix time.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    call.expire(TimeUnit::UNIX_MILLISECONDS, COMMAND.name)
}
