//! `COMMAND`: the table of commands, told to clients.

use wire::resp::{Args, Writer, glob};

use crate::acl::categories;
use crate::arguments::{self, Argument};
use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::commands::help;
use crate::error::Error;
use crate::options::is;

const ANY_TIME: Flags = Flags::LOADING.and(Flags::STALE);

pub(crate) static COMMAND: Command = Command {
    arity: Arity::AtLeast(1),
    run: Run::Container { subcommands: SUBCOMMANDS, alone: Some(&ALONE) },
    ..ALL
};

static ALONE: Command = ALL;

const ALL: Command = Command {
    name: "command",
    arity: Arity::Exactly(1),
    flags: ANY_TIME,
    keys: KeySpec::NONE,
    group: Group::Server,
    since: "2.8.13",
    complexity: "O(N) in the number of commands.",
    summary: "Returns what is known of each command.",
    run: Run::Txn(all),
};

static SUBCOMMANDS: &[&Command] = &[
    &subcommand("command|count", 2, "Returns the number of commands.", count),
    &subcommand("command|docs", -2, "Returns what commands do, all or those named.", docs),
    &subcommand("command|getkeys", -3, "Returns the keys of a command that follows.", get_keys),
    &subcommand(
        "command|getkeysandflags",
        -3,
        "Returns the keys of a command that follows, and whether it writes them.",
        get_keys_and_flags,
    ),
    &help::of("command|help", Group::Server, "5.0.0"),
    &subcommand("command|info", -2, "Returns what is known of commands, all or those named.", info),
    &subcommand(
        "command|list",
        -2,
        "Returns the names of commands, FILTERBY ACLCAT, PATTERN or MODULE.",
        list,
    ),
];

const fn subcommand(
    name: &'static str,
    arity: i32,
    summary: &'static str,
    run: fn(&mut Call<'_, '_>) -> Result<(), Error>,
) -> Command {
    Command {
        name,
        arity: Arity::of(arity),
        flags: ANY_TIME,
        keys: KeySpec::NONE,
        group: Group::Server,
        since: "2.8.13",
        complexity: "O(N) in the number of commands asked for.",
        summary,
        run: Run::Txn(run),
    }
}

fn all(call: &mut Call<'_, '_>) -> Result<(), Error> {
    call.reply.array(call.commands().count());
    for command in call.commands() {
        describe(call.reply, command);
    }
    Ok(())
}

fn count(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let count = call.commands().count();
    call.reply.integer(i64::try_from(count).unwrap_or(i64::MAX));
    Ok(())
}

fn info(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let names = call.args.skip(2);
    if names.is_empty() {
        return all(call);
    }
    call.reply.array(names.len());
    for name in names.iter() {
        match call.find_command(name) {
            Some(command) => describe(call.reply, command),
            None => call.reply.null(),
        }
    }
    Ok(())
}

fn docs(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let names = call.args.skip(2);
    let named: Vec<_> = if names.is_empty() {
        call.commands().collect()
    } else {
        names.iter().filter_map(|name| call.find_command(name)).collect()
    };
    call.reply.map(named.len());
    for command in named {
        document(call.reply, command, call.extension_arguments);
    }
    Ok(())
}

fn list(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let filter = Filter::parse(call.args.skip(2))?;
    let names: Vec<_> = call
        .commands()
        .flat_map(|command| [command].into_iter().chain(command.subcommands().iter().copied()))
        .filter(|command| filter.admits(command))
        .map(|command| command.name)
        .collect();
    call.reply.array(names.len());
    for name in names {
        call.reply.bulk(name.as_bytes());
    }
    Ok(())
}

/// Which commands COMMAND LIST is to tell.
enum Filter<'a> {
    All,
    Category(&'a [u8]),
    Pattern(&'a [u8]),
    /// What came with a module: nothing.
    Module,
}

impl<'a> Filter<'a> {
    fn parse(args: Args<'a>) -> Result<Self, Error> {
        let (Some(word), Some(by), Some(what)) = (args.get(0), args.get(1), args.get(2)) else {
            return if args.is_empty() { Ok(Self::All) } else { Err(Error::SYNTAX) };
        };
        match by.to_ascii_uppercase().as_slice() {
            _ if args.len() > 3 || !is(word, "FILTERBY") => Err(Error::SYNTAX),
            b"ACLCAT" => Ok(Self::Category(what)),
            b"PATTERN" => Ok(Self::Pattern(what)),
            b"MODULE" => Ok(Self::Module),
            _ => Err(Error::SYNTAX),
        }
    }

    fn admits(&self, command: &Command) -> bool {
        match self {
            Self::All => true,
            Self::Category(category) => categories(command).any(|of| is(category, of)),
            Self::Pattern(pattern) => glob::matches(pattern, command.name.as_bytes()),
            Self::Module => false,
        }
    }
}

/// The command that the rest of the arguments are, and where its keys are.
fn keys<'c>(call: &Call<'c, '_>) -> Result<(&'static Command, Args<'c>, Vec<usize>), Error> {
    let args = call.args.skip(2);
    let invalid = Error::text("ERR Invalid command specified");
    let command = call.find_command(args.get(0).unwrap_or_default()).ok_or(invalid)?;
    let command = command
        .resolve(args)
        .map_err(|_unfit| Error::text("ERR Invalid number of arguments specified for command"))?;
    let positions: Vec<_> = command.keys.positions(args.len()).collect();
    if positions.is_empty() {
        return Err(Error::text("ERR The command has no key arguments"));
    }
    Ok((command, args, positions))
}

fn get_keys(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let (_, args, positions) = keys(call)?;
    call.reply.array(positions.len());
    for at in positions {
        call.reply.bulk(&args[at]);
    }
    Ok(())
}

fn get_keys_and_flags(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let (command, args, positions) = keys(call)?;
    call.reply.array(positions.len());
    for at in positions {
        call.reply.array(2);
        call.reply.bulk(&args[at]);
        key_flags(call.reply, command);
    }
    Ok(())
}

/// Whether the command reads or changes its keys.
fn key_flags(reply: &mut Writer, command: &Command) {
    let flags: &[_] = if command.flags.has(Flags::WRITE) {
        &["RW", "access", "update"]
    } else {
        &["RO", "access"]
    };
    reply.set(flags.len());
    for flag in flags {
        reply.simple(flag);
    }
}

/// As COMMAND INFO answers it.
fn describe(reply: &mut Writer, command: &Command) {
    let number = |index: usize| i64::try_from(index).unwrap_or(i64::MAX);
    let KeySpec { first, last, step } = command.keys;
    reply.array(10);
    reply.bulk(command.name.as_bytes());
    reply.integer(command.arity.number());
    reply.set(command.flags.names().count());
    command.flags.names().for_each(|flag| reply.simple(flag));
    reply.integer(number(first));
    reply.integer(i64::from(last));
    reply.integer(number(step));
    reply.set(categories(command).count());
    categories(command).for_each(|category| reply.simple(&format!("@{category}")));
    // Hints for proxies that spread a command over nodes.
    reply.set(0);
    key_specs(reply, command);
    reply.set(command.subcommands().len());
    command.subcommands().iter().for_each(|subcommand| describe(reply, subcommand));
}

fn key_specs(reply: &mut Writer, command: &Command) {
    let number = |index: usize| i64::try_from(index).unwrap_or(i64::MAX);
    let KeySpec { first, last, step } = command.keys;
    reply.set(usize::from(first > 0));
    if first == 0 {
        return;
    }
    reply.map(3);
    reply.bulk(b"flags");
    key_flags(reply, command);
    reply.bulk(b"begin_search");
    reply.map(2);
    reply.bulk(b"type");
    reply.bulk(b"index");
    reply.bulk(b"spec");
    reply.map(1);
    reply.bulk(b"index");
    reply.integer(number(first));
    reply.bulk(b"find_keys");
    reply.map(2);
    reply.bulk(b"type");
    reply.bulk(b"range");
    reply.bulk(b"spec");
    reply.map(3);
    reply.bulk(b"lastkey");
    // Counted from the first key here, unless from the end.
    reply.integer(if last < 0 { i64::from(last) } else { i64::from(last) - number(first) });
    reply.bulk(b"keystep");
    reply.integer(number(step));
    reply.bulk(b"limit");
    reply.integer(0);
}

/// As COMMAND DOCS answers it: the name, then what is known.
fn document(reply: &mut Writer, command: &Command, more: &[(&'static str, &'static str)]) {
    let subcommands = command.subcommands();
    let known = arguments::of(arguments::ARGUMENTS, command.name);
    let line = if known.is_empty() { arguments::of(more, command.name) } else { known };
    let takes = arguments::parse(line);
    let texts = [
        ("summary", command.summary),
        ("since", command.since),
        ("group", command.group.name()),
        ("complexity", command.complexity),
    ];
    reply.bulk(command.name.as_bytes());
    reply.map(texts.len() + usize::from(!takes.is_empty()) + usize::from(!subcommands.is_empty()));
    for (name, text) in texts {
        reply.bulk(name.as_bytes());
        reply.bulk(text.as_bytes());
    }
    if !takes.is_empty() {
        reply.bulk(b"arguments");
        list_arguments(reply, &takes);
    }
    if !subcommands.is_empty() {
        reply.bulk(b"subcommands");
        reply.map(subcommands.len());
        for subcommand in subcommands {
            document(reply, subcommand, more);
        }
    }
}

fn list_arguments(reply: &mut Writer, arguments: &[Argument]) {
    reply.array(arguments.len());
    for argument in arguments {
        let Argument { name, kind, token, inner, .. } = argument;
        let flags: Vec<_> = argument.flags().collect();
        let texts = [
            ("name", Some(name)),
            ("type", Some(kind)),
            ("display_text", inner.is_empty().then_some(name)),
            ("token", token.as_ref()),
        ];
        let texts = texts.iter().filter_map(|(what, text)| text.map(|text| (what, text)));
        let is_key = kind == "key";
        let more = [is_key, !flags.is_empty(), !inner.is_empty()];
        reply.map(texts.clone().count() + more.into_iter().filter(|has| *has).count());
        for (what, text) in texts {
            reply.bulk(what.as_bytes());
            reply.bulk(text.as_bytes());
        }
        if is_key {
            // All keys of a command are found by one rule here.
            reply.bulk(b"key_spec_index");
            reply.integer(0);
        }
        if !flags.is_empty() {
            reply.bulk(b"flags");
            reply.set(flags.len());
            flags.iter().for_each(|flag| reply.simple(flag));
        }
        if !inner.is_empty() {
            reply.bulk(b"arguments");
            list_arguments(reply, inner);
        }
    }
}
