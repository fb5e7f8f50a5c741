//! `CONTAINER HELP`: what the subcommands of a command are, out of the table.

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::table::find;

/// The subcommand of that full name, such as `client|help`.
pub(crate) const fn of(name: &'static str, group: Group, since: &'static str) -> Command {
    Command {
        name,
        arity: Arity::Exactly(2),
        flags: Flags::LOADING.and(Flags::STALE),
        keys: KeySpec::NONE,
        group,
        since,
        complexity: "O(1)",
        summary: "Returns this text.",
        run: Run::Txn(run),
    }
}

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let container = call.arg(0);
    let subcommands = find(container).map_or(&[][..], Command::subcommands);
    let name = String::from_utf8_lossy(container).to_uppercase();
    call.reply.array(1 + 2 * subcommands.len());
    call.reply.simple(&format!("{name} <subcommand> [<arg> ...]. Subcommands are:"));
    for subcommand in subcommands {
        call.reply.simple(&subcommand.word().to_uppercase());
        call.reply.simple(&format!("    {}", subcommand.summary));
    }
    Ok(())
}
