//! `PING [message]`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "ping",
    arity: Arity::AtLeast(1),
    flags: Flags::FAST,
    keys: KeySpec::NONE,
    group: Group::Connection,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Returns PONG, or the message: the server is there and answers.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    match call.args.len() {
        1 => call.reply.simple("PONG"),
        2 => call.reply.bulk(call.arg(1)),
        _ => return Err(Error::wrong_arity("ping")),
    }
    Ok(())
}
