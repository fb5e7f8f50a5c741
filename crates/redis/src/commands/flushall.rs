//! `FLUSHALL [ASYNC | SYNC]`

use kv::Layer;

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::commands::flushdb::check_mode;
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "flushall",
    arity: Arity::AtLeast(1),
    flags: Flags::WRITE.and(Flags::EXCLUSIVE).and(Flags::ALL_DATABASES).and(Flags::DANGEROUS),
    keys: KeySpec::NONE,
    group: Group::Server,
    since: "1.0.0",
    complexity: "O(1) for every database; space is given back in the background.",
    summary: "Removes all keys of all databases.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    check_mode(call)?;
    for place in call.txn.places() {
        call.txn.flush(place, Layer::Redis)?;
    }
    call.reply.ok();
    Ok(())
}
