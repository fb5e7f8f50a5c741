//! `DBSIZE`

use wire::resp::{Args, Writer};

use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::walk::{Ask, Told, Walk};

pub(crate) static COMMAND: Command = Command {
    name: "dbsize",
    arity: Arity::Exactly(1),
    flags: Flags::READONLY.and(Flags::FAST),
    keys: KeySpec::NONE,
    group: Group::Server,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Counts the keys of the database.",
    run: Run::Walk(begin),
};

/// The count, once it is known.
struct DbSize(Option<u64>);

fn begin<'a>(_args: Args<'a>, _random: u64) -> Result<Box<dyn Walk + 'a>, Error> {
    Ok(Box::new(DbSize(None)))
}

impl Walk for DbSize {
    fn ask(&self) -> Option<Ask> {
        self.0.is_none().then_some(Ask::Count)
    }

    fn tell(&mut self, told: Told) {
        if let Told::Count(count) = told {
            self.0 = Some(count);
        }
    }

    fn answer(&self, reply: &mut Writer) {
        reply.integer(i64::try_from(self.0.unwrap_or_default()).unwrap_or(i64::MAX));
    }
}
