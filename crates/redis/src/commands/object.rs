//! `OBJECT ENCODING | FREQ | IDLETIME | REFCOUNT key`, `OBJECT HELP`

use kv::{Header, Object, Type};
use wire::resp::parse_i64;

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
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
    run: Run::Container {
        subcommands: &[&ENCODING, &FREQ, &HELP, &IDLETIME, &REFCOUNT],
        alone: None,
    },
};

/// The key stands behind the subcommand.
const KEY: KeySpec = KeySpec { first: 2, last: 2, step: 1 };

static ENCODING: Command = Command {
    name: "object|encoding",
    arity: Arity::Exactly(3),
    flags: Flags::READONLY,
    keys: KEY,
    group: Group::Generic,
    since: "2.2.3",
    complexity: "O(1)",
    summary: "Returns how the value of a key is kept.",
    run: Run::Txn(encoding),
};

static FREQ: Command = Command {
    name: "object|freq",
    arity: Arity::Exactly(3),
    flags: Flags::READONLY,
    keys: KEY,
    group: Group::Generic,
    since: "4.0.0",
    complexity: "O(1)",
    summary: "Says that accesses are not counted.",
    run: Run::Txn(freq),
};

static HELP: Command = Command {
    name: "object|help",
    arity: Arity::Exactly(2),
    flags: Flags::LOADING.and(Flags::STALE),
    keys: KeySpec::NONE,
    group: Group::Generic,
    since: "6.2.0",
    complexity: "O(1)",
    summary: "Returns what OBJECT can be asked.",
    run: Run::Txn(help),
};

static IDLETIME: Command = Command {
    name: "object|idletime",
    arity: Arity::Exactly(3),
    flags: Flags::READONLY,
    keys: KEY,
    group: Group::Generic,
    since: "2.2.3",
    complexity: "O(1)",
    summary: "Returns 0: when a key was used last is not kept.",
    run: Run::Txn(one_number::<0>),
};

static REFCOUNT: Command = Command {
    name: "object|refcount",
    arity: Arity::Exactly(3),
    flags: Flags::READONLY,
    keys: KEY,
    group: Group::Generic,
    since: "2.2.3",
    complexity: "O(1)",
    summary: "Returns 1: values are not shared.",
    run: Run::Txn(one_number::<1>),
};

const NO_FREQUENCY: Error = Error::text(
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when \
     switching between policies at runtime LRU and LFU data will take some time to adjust.",
);

const HELP_TEXT: [&str; 11] = [
    "OBJECT <subcommand> <key>. Subcommands are:",
    "ENCODING",
    "    How the value is kept: int, embstr or raw for a string, by its content; listpack for a hash",
    "    that is one row, hashtable for one whose fields are rows of their own.",
    "FREQ",
    "    An error: accesses are not counted.",
    "IDLETIME",
    "    0: when a key was used last is not kept.",
    "REFCOUNT",
    "    1: values are not shared.",
    "HELP: this text.",
];

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
    let key = call.open(2)?;
    if call.txn.kind(key).is_some() {
        return Err(NO_FREQUENCY);
    }
    call.reply.null();
    Ok(())
}

fn help(call: &mut Call<'_, '_>) -> Result<(), Error> {
    call.reply.array(HELP_TEXT.len());
    HELP_TEXT.iter().for_each(|line| call.reply.simple(line));
    Ok(())
}

/// The same number for every key that is there.
fn one_number<const NUMBER: i64>(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let key = call.open(2)?;
    match call.txn.kind(key) {
        None => call.reply.null(),
        Some(_) => call.reply.integer(NUMBER),
    }
    Ok(())
}
