//! `LATENCY`: described here, carried out by the front.

use crate::call::Call;
use crate::command::{Arity, Command, Connection, Flags, Group, KeySpec, Latency, Run};
use crate::commands::help;
use crate::error::Error;

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
        "Refused: graphs are not drawn.",
        Run::Txn(graph),
    ),
    &help::of("latency|help", Group::Server, "2.8.13"),
    &subcommand(
        "latency|histogram",
        Arity::AtLeast(2),
        "Refused: there are no histograms.",
        Run::Txn(histogram),
    ),
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

fn graph(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let event = String::from_utf8_lossy(call.arg(2));
    let text =
        format!("ERR No graph is drawn for event '{event}': LATENCY HISTORY has its samples");
    Err(Error::Reply(text.into()))
}

fn histogram(_: &mut Call<'_, '_>) -> Result<(), Error> {
    Err(Error::text(
        "ERR histograms of latency are not kept; SLOWLOG GET tells which commands took long",
    ))
}
