//! `CONFIG`: described here, carried out by the front.

use crate::command::{Arity, Command, Config, Connection, Flags, Group, KeySpec, Run};
use crate::commands::help;

pub(crate) static COMMAND: Command = Command {
    name: "config",
    arity: Arity::AtLeast(2),
    flags: Flags::NONE,
    keys: KeySpec::NONE,
    group: Group::Server,
    since: "2.0.0",
    complexity: "O(N) in the number of parameters.",
    summary: "Reads and sets parameters.",
    run: Run::Container { subcommands: SUBCOMMANDS, alone: None },
};

static SUBCOMMANDS: &[&Command] = &[
    &subcommand(
        "config|get",
        -3,
        Config::Get,
        "Returns the parameters whose names match a pattern, and their values.",
    ),
    &help::of("config|help", Group::Server, "5.0.0"),
    &subcommand(
        "config|resetstat",
        2,
        Config::ResetStat,
        "Begins to count the figures of INFO anew.",
    ),
    &subcommand(
        "config|rewrite",
        2,
        Config::Rewrite,
        "Refused: the configuration file is not ours.",
    ),
    &subcommand(
        "config|set",
        -4,
        Config::Set,
        "Sets parameters until the end of the process, all or none.",
    ),
];

const fn subcommand(
    name: &'static str,
    arity: i32,
    which: Config,
    summary: &'static str,
) -> Command {
    Command {
        name,
        arity: Arity::of(arity),
        flags: Flags::ADMIN.and(Flags::NOSCRIPT).and(Flags::LOADING).and(Flags::STALE),
        keys: KeySpec::NONE,
        group: Group::Server,
        since: "2.0.0",
        complexity: "O(N) in the number of parameters.",
        summary,
        run: Run::Connection(Connection::Config(which)),
    }
}
