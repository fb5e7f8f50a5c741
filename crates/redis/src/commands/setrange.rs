//! `SETRANGE key offset value`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::string;

pub(crate) static COMMAND: Command = Command {
    name: "setrange",
    arity: Arity::Exactly(4),
    flags: Flags::WRITE.and(Flags::DENYOOM),
    keys: KeySpec::ONE,
    group: Group::String,
    since: "2.2.0",
    complexity: "O(N) where N is the length of what is written, zeros included.",
    summary: "Writes over a part of the string value of a key, with zeros before it if it is too short.",
    run: Run::Txn(run),
};

const OFFSET_RANGE: Error = Error::text("ERR offset is out of range");

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let offset = usize::try_from(call.integer(2)?).map_err(|_negative| OFFSET_RANGE)?;
    let key = call.open(1)?;
    let mut len = call.string_len(key)?;
    if !call.arg(3).is_empty() {
        len = string::write(call.txn, key, offset, call.arg(3))?;
    }
    call.reply.integer(i64::try_from(len).unwrap_or(i64::MAX));
    Ok(())
}
