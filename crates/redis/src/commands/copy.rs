//! `COPY source destination [DB destination-db] [REPLACE]`

use wire::resp::parse_i64;

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::options::is;

pub(crate) static COMMAND: Command = Command {
    name: "copy",
    arity: Arity::AtLeast(3),
    flags: Flags::WRITE.and(Flags::DENYOOM),
    keys: KeySpec::TWO,
    group: Group::Generic,
    since: "6.2.0",
    complexity: "O(N) where N is the size of what is copied.",
    summary: "Copies what a key holds to another key.",
    run: Run::Txn(run),
};

const SAME: Error = Error::text("ERR source and destination objects are the same");
const OTHER_DB: Error = Error::text(
    "ERR COPY takes no DB option here: it copies within the selected database; leave the option away",
);

/// Whether what is at the destination is to be replaced.
fn parse(call: &Call<'_, '_>) -> Result<bool, Error> {
    let (mut replaces, mut names_db) = (false, false);
    let mut rest = call.args.skip(3).iter();
    while let Some(option) = rest.next() {
        if is(option, "REPLACE") {
            replaces = true;
        } else if is(option, "DB") {
            parse_i64(rest.next().ok_or(Error::SYNTAX)?).ok_or(Error::NOT_AN_INTEGER)?;
            names_db = true;
        } else {
            return Err(Error::SYNTAX);
        }
    }
    if names_db { Err(OTHER_DB) } else { Ok(replaces) }
}

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let replaces = parse(call)?;
    let (from, to) = (call.open(1)?, call.open(2)?);
    if from == to {
        return Err(SAME);
    }
    let may_be_put = replaces || call.txn.kind(to).is_none();
    let is_copied = may_be_put && call.txn.copy(from, to)?;
    call.reply.integer(i64::from(is_copied));
    Ok(())
}
