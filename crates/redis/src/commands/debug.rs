//! `DEBUG`: refused.

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "debug",
    arity: Arity::AtLeast(2),
    flags: Flags::ADMIN.and(Flags::NOSCRIPT).and(Flags::LOADING).and(Flags::STALE),
    keys: KeySpec::NONE,
    group: Group::Server,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Refused: it would stop or slow the server, or show what lies behind its promises.",
    run: Run::Txn(run),
};

fn run(_: &mut Call<'_, '_>) -> Result<(), Error> {
    Err(Error::text("ERR DEBUG is not allowed here, and no setting allows it"))
}
