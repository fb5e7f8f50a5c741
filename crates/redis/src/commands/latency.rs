//! `LATENCY`: nothing is sampled, which is what it tells.

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
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
    summary: "Tells of events that took long, of which none are sampled.",
    run: Run::Container { subcommands: SUBCOMMANDS, alone: None },
};

static SUBCOMMANDS: &[&Command] = &[
    &subcommand("latency|doctor", Arity::Exactly(2), "Returns where to look instead.", doctor),
    &subcommand("latency|graph", Arity::Exactly(3), "Refused: there are no samples.", graph),
    &help::of("latency|help", Group::Server, "2.8.13"),
    &subcommand(
        "latency|histogram",
        Arity::AtLeast(2),
        "Refused: there are no histograms.",
        histogram,
    ),
    &subcommand(
        "latency|history",
        Arity::Exactly(3),
        "Returns the samples of an event: none.",
        empty,
    ),
    &subcommand(
        "latency|latest",
        Arity::Exactly(2),
        "Returns the latest sample of each event: none.",
        empty,
    ),
    &subcommand(
        "latency|reset",
        Arity::AtLeast(2),
        "Returns how many events were forgotten: 0.",
        reset,
    ),
];

const fn subcommand(
    name: &'static str,
    arity: Arity,
    summary: &'static str,
    run: fn(&mut Call<'_, '_>) -> Result<(), Error>,
) -> Command {
    Command {
        name,
        arity,
        flags: Flags::ADMIN.and(Flags::NOSCRIPT).and(Flags::LOADING).and(Flags::STALE),
        keys: KeySpec::NONE,
        group: Group::Server,
        since: "2.8.13",
        complexity: "O(1)",
        summary,
        run: Run::Txn(run),
    }
}

fn empty(call: &mut Call<'_, '_>) -> Result<(), Error> {
    call.reply.array(0);
    Ok(())
}

fn reset(call: &mut Call<'_, '_>) -> Result<(), Error> {
    call.reply.integer(0);
    Ok(())
}

fn graph(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let event = String::from_utf8_lossy(call.arg(2));
    Err(Error::Reply(format!("ERR No samples available for event '{event}'").into()))
}

fn histogram(_: &mut Call<'_, '_>) -> Result<(), Error> {
    Err(Error::text(
        "ERR histograms of latency are not kept; SLOWLOG GET tells which commands took long",
    ))
}

fn doctor(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let text = "Events are not sampled here (latency-monitor-threshold is fixed at 0). \
                SLOWLOG GET tells which commands took long, and INFO persistence how far the log is behind.\n";
    call.reply.verbatim(*b"txt", text.as_bytes());
    Ok(())
}
