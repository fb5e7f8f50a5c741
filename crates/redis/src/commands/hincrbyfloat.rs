//! `HINCRBYFLOAT key field increment`

use wire::resp::{DecimalError, add_decimal, parse_f64};

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "hincrbyfloat",
    arity: Arity::Exactly(4),
    flags: Flags::WRITE.and(Flags::DENYOOM.and(Flags::FAST)),
    keys: KeySpec::ONE,
    group: Group::Hash,
    since: "2.6.0",
    complexity: "O(1)",
    summary: "Adds to the number in a field of a hash; an absent one counts as 0.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let (name, increment) = (call.arg(2), call.arg(3));
    match parse_f64(increment) {
        None => return Err(Error::text("ERR value is not a valid float")),
        Some(number) if !number.is_finite() => {
            return Err(Error::text("ERR value is NaN or Infinity"));
        }
        Some(_) => {}
    }
    let old = match call.open_hash()? {
        Some(hash) => call.field(hash, name)?,
        None => None,
    };
    let new = add_decimal(old.unwrap_or(b"0"), increment).map_err(|error| match error {
        DecimalError::NotFinite => Error::text("ERR increment would produce NaN or Infinity"),
        _ => Error::text("ERR hash value is not a float"),
    })?;
    let hash = call.make_hash()?;
    call.set_field(hash, name, new.as_bytes())?;
    call.reply.bulk(new.as_bytes());
    Ok(())
}
