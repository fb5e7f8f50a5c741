//! `HINCRBY key field increment`

use wire::resp::{IntegerText, parse_i64};

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

const NOT_AN_INTEGER: Error = Error::text("ERR hash value is not an integer");
const OVERFLOW: Error = Error::text("ERR increment or decrement would overflow");

pub(crate) static COMMAND: Command = Command {
    name: "hincrby",
    arity: Arity::Exactly(4),
    flags: Flags::WRITE.and(Flags::DENYOOM.and(Flags::FAST)),
    keys: KeySpec::ONE,
    group: Group::Hash,
    since: "2.0.0",
    complexity: "O(1)",
    summary: "Adds to the integer in a field of a hash; an absent one counts as 0.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let (name, increment) = (call.arg(2), call.integer(3)?);
    let old = match call.open_hash()? {
        Some(hash) => {
            call.field(hash, name)?.map_or(Ok(0), |text| parse_i64(text).ok_or(NOT_AN_INTEGER))?
        }
        None => 0,
    };
    let new = old.checked_add(increment).ok_or(OVERFLOW)?;
    let hash = call.make_hash()?;
    call.set_field(hash, name, IntegerText::new(new).as_bytes())?;
    call.reply.integer(new);
    Ok(())
}
