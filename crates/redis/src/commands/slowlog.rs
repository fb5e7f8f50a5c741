//! `SLOWLOG`: described here, carried out by the front.

use crate::command::{Arity, Command, Connection, Flags, Group, KeySpec, Run, Slowlog};
use crate::commands::help;

pub(crate) static COMMAND: Command = Command {
    name: "slowlog",
    arity: Arity::AtLeast(2),
    flags: Flags::NONE,
    keys: KeySpec::NONE,
    group: Group::Server,
    since: "2.2.12",
    complexity: "O(N) in the number of entries returned.",
    summary: "Tells which commands took long.",
    run: Run::Container { subcommands: SUBCOMMANDS, alone: None },
};

static SUBCOMMANDS: &[&Command] = &[
    &subcommand(
        "slowlog|get",
        -2,
        Slowlog::Get,
        "Returns the latest entries, 10 or as many as asked for, or all with -1: number, Unix time, \
         microseconds, arguments, address and name of the client.",
    ),
    &help::of("slowlog|help", Group::Server, "6.2.0"),
    &subcommand("slowlog|len", 2, Slowlog::Len, "Returns the number of entries."),
    &subcommand("slowlog|reset", 2, Slowlog::Reset, "Forgets the entries."),
];

const fn subcommand(
    name: &'static str,
    arity: i32,
    which: Slowlog,
    summary: &'static str,
) -> Command {
    Command {
        name,
        arity: Arity::of(arity),
        flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::STALE),
        keys: KeySpec::NONE,
        group: Group::Server,
        since: "2.2.12",
        complexity: "O(N) in the number of entries returned.",
        summary,
        run: Run::Connection(Connection::Slowlog(which)),
    }
}
