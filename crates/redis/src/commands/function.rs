//! `FUNCTION LIST [LIBRARYNAME pattern] [WITHCODE]`, `FUNCTION FLUSH [ASYNC | SYNC]`: the library is empty,
//! and nothing can be loaded into it.

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::commands::help;
use crate::error::Error;
use crate::options::is;

pub(crate) static COMMAND: Command = Command {
    name: "function",
    arity: Arity::AtLeast(2),
    flags: Flags::NONE,
    keys: KeySpec::NONE,
    group: Group::Scripting,
    since: "7.0.0",
    complexity: "O(1)",
    summary: "Tells of functions, of which there are none.",
    run: Run::Container { subcommands: SUBCOMMANDS, alone: None },
};

static SUBCOMMANDS: &[&Command] = &[
    &subcommand("function|flush", Flags::NOSCRIPT, "Removes all functions: there are none.", flush),
    &help::of("function|help", Group::Scripting, "7.0.0"),
    &subcommand("function|list", Flags::NOSCRIPT, "Returns the functions: there are none.", list),
];

const fn subcommand(
    name: &'static str,
    flags: Flags,
    summary: &'static str,
    run: fn(&mut Call<'_, '_>) -> Result<(), Error>,
) -> Command {
    Command {
        name,
        arity: Arity::AtLeast(2),
        flags,
        keys: KeySpec::NONE,
        group: Group::Scripting,
        since: "7.0.0",
        complexity: "O(1)",
        summary,
        run: Run::Txn(run),
    }
}

fn flush(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let option = call.arg(2);
    let is_known = is(option, "SYNC") || is(option, "ASYNC");
    if call.args.len() > 3 || (call.args.len() == 3 && !is_known) {
        return Err(Error::text("ERR FUNCTION FLUSH only supports SYNC|ASYNC option"));
    }
    call.reply.ok();
    Ok(())
}

fn list(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let (mut rest, mut is_named) = (call.args.skip(2).iter(), false);
    while let Some(option) = rest.next() {
        if is(option, "LIBRARYNAME") && !is_named {
            is_named = true;
            rest.next().ok_or(Error::text("ERR library name argument was not given"))?;
        } else if !is(option, "WITHCODE") {
            let option = String::from_utf8_lossy(option);
            return Err(Error::Reply(format!("ERR Unknown argument {option}").into()));
        }
    }
    call.reply.array(0);
    Ok(())
}
