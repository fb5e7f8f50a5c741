//! `OBJECT ENCODING | FREQ | IDLETIME | REFCOUNT key`, `OBJECT HELP`

use kv::{Header, Object, Type};
use wire::resp::parse_i64;

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::commands::help;
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "object",
    arity: Arity::AtLeast(2),
    flags: Flags::NONE,
    keys: KeySpec::NONE,
    group: Group::Generic,
    since: "2.2.3",
    complexity: "O(1)",
    summary: "Tells how a key is kept, in the words of Redis.",
    run: Run::Container { subcommands: SUBCOMMANDS, alone: None },
};

static SUBCOMMANDS: &[&Command] = &[
    &subcommand(
        "object|encoding",
        "Returns how a value is kept: int, embstr or raw for a string, by its content; listpack for a hash \
         that is one row, hashtable for one whose fields are rows of their own.",
        encoding,
    ),
    &subcommand("object|freq", "Answers an error: accesses are not counted.", freq),
    &help::of("object|help", Group::Generic, "6.2.0"),
    &subcommand(
        "object|idletime",
        "Answers an error: when a key was used last is not kept.",
        idle_time,
    ),
    &subcommand("object|refcount", "Returns 1: values are not shared.", reference_count),
];

const fn subcommand(
    name: &'static str,
    summary: &'static str,
    run: fn(&mut Call<'_, '_>) -> Result<(), Error>,
) -> Command {
    Command {
        name,
        arity: Arity::Exactly(3),
        flags: Flags::READONLY,
        keys: KeySpec { first: 2, last: 2, step: 1 },
        group: Group::Generic,
        since: "2.2.3",
        complexity: "O(1)",
        summary,
        run: Run::Txn(run),
    }
}

const NO_FREQUENCY: Error = Error::text(
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when \
     switching between policies at runtime LRU and LFU data will take some time to adjust.",
);

const NO_IDLE_TIME: Error =
    Error::text("ERR idle time not tracked: when a key was used last is not kept");

/// Longest string that Redis keeps in one piece with its object, in bytes.
const EMBEDDED_BYTES_MAX: usize = 44;

fn encoding(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let key = call.open(2)?;
    match call.txn.header(key) {
        None => call.reply.null(),
        Some(header) => {
            let encoding = encoding_of(call, key, &header)?;
            call.reply.bulk(encoding.as_bytes());
        }
    }
    Ok(())
}

fn encoding_of(call: &Call<'_, '_>, key: Object, header: &Header) -> Result<&'static str, Error> {
    Ok(match header.kind {
        Type::String if header.split => "raw",
        Type::String => match call.txn.row(key, b"")?.unwrap_or_default() {
            value if parse_i64(value).is_some() => "int",
            value if value.len() <= EMBEDDED_BYTES_MAX => "embstr",
            _ => "raw",
        },
        _ if header.split => "hashtable",
        _ => "listpack",
    })
}

fn freq(call: &mut Call<'_, '_>) -> Result<(), Error> {
    refuse(call, NO_FREQUENCY)
}

fn idle_time(call: &mut Call<'_, '_>) -> Result<(), Error> {
    refuse(call, NO_IDLE_TIME)
}

/// Refuses for a key that is there.
fn refuse(call: &mut Call<'_, '_>, error: Error) -> Result<(), Error> {
    let key = call.open(2)?;
    if call.txn.kind(key).is_some() {
        return Err(error);
    }
    call.reply.null();
    Ok(())
}

fn reference_count(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let key = call.open(2)?;
    match call.txn.kind(key) {
        None => call.reply.null(),
        Some(_) => call.reply.integer(1),
    }
    Ok(())
}
