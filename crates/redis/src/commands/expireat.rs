//! `EXPIREAT key unix-seconds [NX | XX | GT | LT]`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::options::TimeUnit;

pub(crate) static COMMAND: Command = Command {
    name: "expireat",
    arity: Arity::AtLeast(3),
    flags: Flags::WRITE.and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::Generic,
    since: "1.2.0",
    complexity: "O(1)",
    summary: "Sets when a key expires, in seconds of Unix time.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    call.expire(TimeUnit::UNIX_SECONDS, COMMAND.name)
}
