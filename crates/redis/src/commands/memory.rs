//! `MEMORY`: what keys and the server cost. STATS is carried out by the front.

use wire::resp::parse_i64;

use crate::call::Call;
use crate::command::{Arity, Command, Connection, Flags, Group, KeySpec, Run};
use crate::commands::help;
use crate::error::Error;
use crate::options::is;

pub(crate) static COMMAND: Command = Command {
    name: "memory",
    arity: Arity::AtLeast(2),
    flags: Flags::NONE,
    keys: KeySpec::NONE,
    group: Group::Server,
    since: "4.0.0",
    complexity: "O(1)",
    summary: "Tells what keys and the server cost in memory.",
    run: Run::Container { subcommands: SUBCOMMANDS, alone: None },
};

static SUBCOMMANDS: &[&Command] = &[
    &subcommand("memory|doctor", "Returns where to look instead.", Run::Txn(doctor)),
    &help::of("memory|help", Group::Server, "4.0.0"),
    &subcommand("memory|malloc-stats", "Returns that there are none.", Run::Txn(malloc_stats)),
    &subcommand(
        "memory|purge",
        "Refused: nothing is held that could be given back.",
        Run::Txn(purge),
    ),
    &subcommand(
        "memory|stats",
        "Returns figures of the memory.",
        Run::Connection(Connection::MemoryStats),
    ),
    &Command {
        arity: Arity::AtLeast(3),
        flags: Flags::READONLY,
        keys: KeySpec { first: 2, last: 2, step: 1 },
        ..subcommand(
            "memory|usage",
            "Returns the bytes that a key takes in memory at present; rows that are only on disk do not count.",
            Run::Txn(usage),
        )
    },
];

const fn subcommand(name: &'static str, summary: &'static str, run: Run) -> Command {
    Command {
        name,
        arity: Arity::Exactly(2),
        flags: Flags::NONE,
        keys: KeySpec::NONE,
        group: Group::Server,
        since: "4.0.0",
        complexity: "O(1)",
        summary,
        run,
    }
}

fn usage(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let mut rest = call.args.skip(3).iter();
    while let Some(option) = rest.next() {
        if !is(option, "SAMPLES") {
            return Err(Error::SYNTAX);
        }
        // Nothing is estimated, so there is nothing to sample; the count has to be one all the same.
        let samples = parse_i64(rest.next().ok_or(Error::SYNTAX)?).ok_or(Error::NOT_AN_INTEGER)?;
        if samples < 0 {
            return Err(Error::SYNTAX);
        }
    }
    let key = call.open(2)?;
    match call.txn.resident_bytes(key) {
        Some(bytes) => call.reply.integer(i64::try_from(bytes).unwrap_or(i64::MAX)),
        None => call.reply.null(),
    }
    Ok(())
}

fn doctor(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let text = "Memory is held to a budget that is printed at the start; MEMORY STATS and INFO memory tell \
                how much of it is used.\n";
    call.reply.verbatim(*b"txt", text.as_bytes());
    Ok(())
}

fn malloc_stats(call: &mut Call<'_, '_>) -> Result<(), Error> {
    call.reply.verbatim(*b"txt", b"Stats not supported for the current allocator");
    Ok(())
}

fn purge(_: &mut Call<'_, '_>) -> Result<(), Error> {
    Err(Error::text("ERR MEMORY PURGE is not supported: the allocator gives memory back by itself"))
}
