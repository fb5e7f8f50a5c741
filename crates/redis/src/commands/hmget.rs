//! `HMGET key field [field ...]`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "hmget",
    arity: Arity::AtLeast(3),
    flags: Flags::READONLY.and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::Hash,
    since: "2.0.0",
    complexity: "O(1) a field.",
    summary: "Returns the values of fields of a hash.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let hash = call.open_hash()?;
    let names = call.args.skip(2);
    if let Some(hash) = hash {
        call.need_fields(hash, names.iter())?;
    }
    call.reply.array(names.len());
    for name in names.iter() {
        match hash {
            Some(hash) => call.reply_with_field(hash, name)?,
            None => call.reply.null(),
        }
    }
    Ok(())
}
