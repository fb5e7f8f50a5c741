//! `LATENCY`: described here, carried out by the front.

use crate::command::{Arity, Command, Connection, Flags, Group, KeySpec, Latency, Run};
use crate::commands::help;

pub(crate) static COMMAND: Command = Command {
    name: "latency",
    arity: Arity::AtLeast(2),
    flags: Flags::NONE,
    keys: KeySpec::NONE,
    group: Group::Server,
    since: "2.8.13",
    complexity: "O(1)",
    summary: "Tells of commands that took as long as latency-monitor-threshold or longer.",
    run: Run::Container { subcommands: SUBCOMMANDS, alone: None },
};

static SUBCOMMANDS: &[&Command] = &[
    &subcommand(
        "latency|doctor",
        Arity::Exactly(2),
        "Tells in words what took long, and where else to look.",
        Run::Connection(Connection::Latency(Latency::Doctor)),
    ),
    &subcommand(
        "latency|graph",
        Arity::Exactly(3),
        "Draws the samples of an event, the latest on the right, each above the time that has passed since.",
        Run::Connection(Connection::Latency(Latency::Graph)),
    ),
    &help::of("latency|help", Group::Server, "2.8.13"),
    &Command {
        since: "7.0.0",
        ..subcommand(
            "latency|histogram",
            Arity::AtLeast(2),
            "Returns of each command that is named, or of all that were called, how many calls took no longer than \
             so many microseconds, in powers of two.",
            Run::Connection(Connection::Latency(Latency::Histogram)),
        )
    },
    &subcommand(
        "latency|history",
        Arity::Exactly(3),
        "Returns the samples of an event, command or fast-command: Unix time and milliseconds of the longest in each \
         second, the latest 160.",
        Run::Connection(Connection::Latency(Latency::History)),
    ),
    &subcommand(
        "latency|latest",
        Arity::Exactly(2),
        "Returns of each event its name, the Unix time and the milliseconds of its latest sample, and the most \
         milliseconds that there were.",
        Run::Connection(Connection::Latency(Latency::Latest)),
    ),
    &subcommand(
        "latency|reset",
        Arity::AtLeast(2),
        "Forgets the events that are named, or all, and returns how many.",
        Run::Connection(Connection::Latency(Latency::Reset)),
    ),
];

const fn subcommand(name: &'static str, arity: Arity, summary: &'static str, run: Run) -> Command {
    Command {
        name,
        arity,
        flags: Flags::ADMIN.and(Flags::NOSCRIPT).and(Flags::LOADING).and(Flags::STALE),
        keys: KeySpec::NONE,
        group: Group::Server,
        since: "2.8.13",
        complexity: "O(1)",
        summary,
        run,
    }
}
