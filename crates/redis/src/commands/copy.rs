//! `COPY source destination [DB destination-db] [REPLACE]`

use kv::Place;
use wire::resp::parse_i64;

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::options::is;

pub(crate) static COMMAND: Command = Command {
    name: "copy",
    arity: Arity::AtLeast(3),
    flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::NAMES_DATABASES),
    keys: KeySpec::TWO,
    group: Group::Generic,
    since: "6.2.0",
    complexity: "O(N) where N is the size of what is copied.",
    summary: "Copies what a key holds to another key.",
    run: Run::Txn(run),
};

const SAME: Error = Error::text("ERR source and destination objects are the same");

/// Where the copy goes, and whether what is there is to be replaced.
fn parse(call: &Call<'_, '_>) -> Result<(Place, bool), Error> {
    let (mut replaces, mut db) = (false, call.db);
    let mut rest = call.args.skip(3).iter();
    while let Some(option) = rest.next() {
        if is(option, "REPLACE") {
            replaces = true;
        } else if is(option, "DB") {
            parse_i64(rest.next().ok_or(Error::SYNTAX)?).ok_or(Error::NOT_AN_INTEGER)?;
            db = call.databases[0].ok_or(Error::NO_SUCH_DATABASE)?;
        } else {
            return Err(Error::SYNTAX);
        }
    }
    Ok((db, replaces))
}

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let (db, replaces) = parse(call)?;
    let from = call.open(1)?;
    let to = if db == call.db { call.open(2)? } else { call.open_key_in(db, call.arg(2))? };
    if from == to {
        return Err(SAME);
    }
    let may_be_put = replaces || call.txn.kind(to).is_none();
    let is_copied = may_be_put && call.txn.copy(from, to)?;
    call.reply.integer(i64::from(is_copied));
    Ok(())
}
