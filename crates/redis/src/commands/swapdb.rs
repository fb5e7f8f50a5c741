//! `SWAPDB index1 index2`

use kv::Layer;
use wire::resp::parse_i64;

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "swapdb",
    arity: Arity::Exactly(3),
    flags: Flags::WRITE
        .and(Flags::FAST)
        .and(Flags::EXCLUSIVE)
        .and(Flags::DANGEROUS)
        .and(Flags::NAMES_DATABASES),
    keys: KeySpec::NONE,
    group: Group::Server,
    since: "4.0.0",
    complexity: "O(1)",
    summary: "Lets the keys of two databases change places.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let is_number = |index| parse_i64(call.arg(index)).is_some_and(|it| i32::try_from(it).is_ok());
    if !is_number(1) {
        return Err(Error::text("ERR invalid first DB index"));
    }
    if !is_number(2) {
        return Err(Error::text("ERR invalid second DB index"));
    }
    let [Some(one), Some(other)] = call.databases else { return Err(Error::NO_SUCH_DATABASE) };
    call.txn.swap(one, other, Layer::Redis)?;
    call.reply.ok();
    Ok(())
}
