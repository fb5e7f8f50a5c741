//! `TIME`

use wire::resp::IntegerText;

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "time",
    arity: Arity::Exactly(1),
    flags: Flags::LOADING.and(Flags::STALE).and(Flags::FAST),
    keys: KeySpec::NONE,
    group: Group::Server,
    since: "2.6.0",
    complexity: "O(1)",
    summary: "Returns store time, by which keys expire: Unix seconds, and microseconds in whole milliseconds.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let now = call.txn.now().0;
    call.reply.array(2);
    call.reply.bulk(IntegerText::unsigned(now / 1000).as_bytes());
    call.reply.bulk(IntegerText::unsigned(now % 1000 * 1000).as_bytes());
    Ok(())
}
