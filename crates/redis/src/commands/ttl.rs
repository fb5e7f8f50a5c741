//! `TTL key`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::options::TimeUnit;

pub(crate) static COMMAND: Command = Command {
    name: "ttl",
    arity: Arity::Exactly(2),
    flags: Flags::READONLY.and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::Generic,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Returns the seconds until a key expires.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    call.reply_with_deadline(TimeUnit::SECONDS)
}
