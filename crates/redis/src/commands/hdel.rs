//! `HDEL key field [field ...]`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "hdel",
    arity: Arity::AtLeast(3),
    flags: Flags::WRITE.and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::Hash,
    since: "2.0.0",
    complexity: "O(1) a field.",
    summary: "Removes fields of a hash, and the hash with its last field.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let mut removed = 0;
    if let Some(hash) = call.open_hash()? {
        call.need_fields(hash, call.args.skip(2).iter())?;
        for name in call.args.skip(2).iter() {
            removed += i64::from(call.remove_field(hash, name)?);
        }
    }
    call.reply.integer(removed);
    Ok(())
}
