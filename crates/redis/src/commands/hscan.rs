//! `HSCAN key cursor [MATCH pattern] [COUNT count]`

use wire::resp::{IntegerText, Writer, glob, parse_i64};

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::hash::{self, Field};
use crate::options::is;

/// COUNT is a wish; more than this is not done in one call.
const COUNT_MAX: usize = 10_000;

pub(crate) static COMMAND: Command = Command {
    name: "hscan",
    arity: Arity::AtLeast(3),
    flags: Flags::READONLY,
    keys: KeySpec::ONE,
    group: Group::Hash,
    since: "2.8.0",
    complexity: "O(COUNT) a call; O(N) for all N fields.",
    summary: "Returns some of the fields of a hash, and a cursor to go on with.",
    run: Run::Txn(run),
};

struct Options<'a> {
    pattern: Option<&'a [u8]>,
    count: usize,
}

impl<'a> Options<'a> {
    fn parse(call: &Call<'a, '_>) -> Result<Self, Error> {
        let mut options = Self { pattern: None, count: 10 };
        let mut rest = call.args.skip(3).iter();
        while let Some(option) = rest.next() {
            let argument = rest.next().ok_or(Error::SYNTAX)?;
            if is(option, "MATCH") {
                options.pattern = Some(argument);
            } else if is(option, "COUNT") {
                let count = parse_i64(argument).ok_or(Error::NOT_AN_INTEGER)?;
                let count = usize::try_from(count).ok().filter(|count| *count > 0);
                options.count = count.ok_or(Error::SYNTAX)?.min(COUNT_MAX);
            } else {
                return Err(Error::SYNTAX);
            }
        }
        Ok(options)
    }
}

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let cursor = parse_cursor(call.arg(2))?;
    let Some(hash) = call.open_hash()? else {
        reply(call.reply, 0, &[]);
        return Ok(());
    };
    let Options { pattern, count } = Options::parse(call)?;
    let (next, mut fields) = hash::scan(call.txn, hash, cursor, count)?;
    fields.retain(|field| pattern.is_none_or(|pattern| glob::matches(pattern, field.0)));
    reply(call.reply, next, &fields);
    Ok(())
}

fn parse_cursor(text: &[u8]) -> Result<u64, Error> {
    let number = std::str::from_utf8(text).ok().filter(|text| !text.starts_with('+'));
    let number = number.and_then(|text| text.parse().ok());
    number.ok_or(Error::text("ERR invalid cursor"))
}

fn reply(reply: &mut Writer, next: u64, fields: &[Field<'_>]) {
    reply.array(2);
    reply.bulk(IntegerText::unsigned(next).as_bytes());
    reply.array(2 * fields.len());
    for (name, value) in fields {
        reply.bulk(name);
        reply.bulk(value);
    }
}
