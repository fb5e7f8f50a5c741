//! `INCRBYFLOAT key increment`

use std::borrow::Cow;

use wire::resp::{DecimalError, add_decimal};

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::string;

pub(crate) static COMMAND: Command = Command {
    name: "incrbyfloat",
    arity: Arity::Exactly(3),
    flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::String,
    since: "2.6.0",
    complexity: "O(1)",
    summary: "Adds to the decimal value of a key.",
    run: Run::Txn(run),
};

const NOT_FINITE: Error = Error::text("ERR increment would produce NaN or Infinity");

/// A number takes at most so many bytes: what is longer is not read.
const NUMBER_BYTES_MAX: usize = 5 * 1024;

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let key = call.open(1)?;
    if call.string_len(key)? >= NUMBER_BYTES_MAX {
        return Err(Error::NOT_A_FLOAT);
    }
    let value = call.string(key)?.unwrap_or(Cow::Borrowed(b"0"));
    let sum = add_decimal(&value, call.arg(2)).map_err(|error| match error {
        DecimalError::NotFinite => NOT_FINITE,
        DecimalError::FirstNotANumber | DecimalError::SecondNotANumber => Error::NOT_A_FLOAT,
    })?;
    string::replace(call.txn, key, sum.as_bytes())?;
    call.reply.bulk(sum.as_bytes());
    Ok(())
}
